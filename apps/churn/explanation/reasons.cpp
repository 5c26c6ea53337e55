#include "apps/churn/explanation/reasons.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

// What is said, with the column's name, value, usual value and effect as {0} to {3}.
struct Phrases {
  const char* number;
  const char* category;
  const char* missing;
};

constexpr std::array<Phrases, 2> kPhrases = {{
    {"{0} is {1} (usual: {2}), {3:+.2f}", "{0} is {1}, {3:+.2f}", "{0} is missing, {3:+.2f}"},
    {"{0} 为 {1}（通常为 {2}），{3:+.2f}", "{0} 为 {1}，{3:+.2f}", "{0} 缺失，{3:+.2f}"},
}};

// As many digits as people read.
std::string short_number(double value) { return fmt::format("{:.6g}", value); }

}  // namespace

Language parse_language(std::string_view name) {
  if (name == "en") return Language::english;
  if (name == "zh") return Language::chinese;
  fail<DataError>("the language \"{}\" is unknown, expected en or zh", name);
}

std::vector<std::size_t> strongest_columns(std::span<const double> values, std::size_t most) {
  std::vector<std::size_t> columns(values.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  std::erase_if(columns, [&](std::size_t column) { return values[column] == 0.0; });
  std::ranges::stable_sort(columns, [&](std::size_t first, std::size_t second) {
    return std::abs(values[first]) > std::abs(values[second]);
  });
  columns.resize(std::min(columns.size(), most));
  return columns;
}

ReasonWriter::ReasonWriter(const preprocessing::Pipeline& pipeline,
                           const PreprocessingConfig& config, Language language)
    : language_(language) {
  for (const preprocessing::NumberFeature& number : pipeline.numbers()) {
    const auto own = config.number_columns.find(number.name);
    const preprocessing::NumberFill fill =
        (own != config.number_columns.end() ? own->second : config.numbers).fill;
    usual_[number.name] = short_number(
        fill == preprocessing::NumberFill::median ? number.fill_value : number.statistics.mean);
  }
}

std::string ReasonWriter::reason(const preprocessing::Table& table, std::size_t row,
                                 const std::string& name, double effect) const {
  const Phrases& phrases = kPhrases[static_cast<std::size_t>(language_)];
  const preprocessing::Column* column = table.find(name);
  const auto say = [&](const char* phrase, const std::string& value, const std::string& usual) {
    return fmt::format(fmt::runtime(phrase), name, value, usual, effect);
  };
  if (column == nullptr || column->is_missing(row)) return say(phrases.missing, {}, {});
  const auto usual = usual_.find(name);
  if (usual == usual_.end()) return say(phrases.category, column->text(row), {});
  const std::string value =
      column->is_number() ? short_number(column->numbers[row]) : column->text(row);
  return say(phrases.number, value, usual->second);
}

}  // namespace ebb::churn
