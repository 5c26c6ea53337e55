#include "preprocessing/common/names.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// A longer name is no misspelt one, and comparing two of megabytes takes hours.
constexpr std::size_t kLongestSuggestion = 256;

/// Levenshtein's distance in bytes, ignoring ASCII case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substitution = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substitution, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

bool contains(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string list_names(std::span<const std::string> names, std::size_t limit) {
  return list_first_names(names.first(std::min(limit, names.size())), names.size());
}

std::string list_first_names(std::span<const std::string> first, std::size_t count) {
  std::string list;
  for (const std::string& name : first) {
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", shortened(name));
  }
  if (count > first.size()) list += fmt::format(" and {} more", count - first.size());
  return list;
}

std::string suggest_names(std::string_view wanted, std::span<const std::string> names,
                          std::size_t limit) {
  std::string sentence;
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(2, wanted.size() / 3) + 1;
  for (const std::string& name : names) {
    if (std::max(name.size(), wanted.size()) > kLongestSuggestion) continue;
    if (const std::size_t distance = edit_distance(wanted, name); distance < least) {
      least = distance;
      nearest = &name;
    }
  }
  if (nearest != nullptr) sentence += fmt::format(" Did you mean \"{}\"?", *nearest);
  return sentence + fmt::format(" There are: {}.", list_names(names, limit));
}

}  // namespace ebb::preprocessing
