// encode: categories as numbers.
#include <algorithm>
#include <functional>
#include <optional>
#include <variant>

#include "preprocessing/common/counted.h"
#include "preprocessing/encoding/booleans.h"
#include "preprocessing/encoding/frequency.h"
#include "preprocessing/encoding/hashing.h"
#include "preprocessing/encoding/one_hot.h"
#include "preprocessing/encoding/ordinal.h"
#include "preprocessing/encoding/target_encoding.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/each_column.h"
#include "preprocessing/steps/every_step.h"
#include "preprocessing/steps/step_folds.h"

namespace ebb::preprocessing {
namespace {

/// Yes and no as 1 and 0; nothing is fitted.
struct BooleanEncoder {};

using Encoder = std::variant<OneHotEncoder, OrdinalEncoder, FrequencyEncoder, TargetEncoder,
                             HashingEncoder, BooleanEncoder>;

/// Most columns that take the place of one.
constexpr std::uint32_t kMostEncodedColumns = 4096;
constexpr std::uint32_t kMostFolds = 1024;

void check_width(const std::string& name, std::size_t columns) {
  if (columns <= kMostEncodedColumns) return;
  fail<DataError>(
      "column \"{}\" would be {} columns: at most {}; set max_levels, or take another method", name,
      columns, kMostEncodedColumns);
}

/// In the order of Encoder's alternatives.
constexpr std::string_view kMethods[] = {"one_hot", "ordinal", "frequency",
                                         "target",  "hash",    "boolean"};

/// Columns of 0 but for values[row] at places[row], unless that is below 0.
std::vector<Column> spread_columns(const std::vector<std::string>& names,
                                   const std::vector<std::int32_t>& places,
                                   const std::vector<float>& values) {
  std::vector<Column> columns;
  for (const std::string& name : names)
    columns.push_back(number_column(name, std::vector<double>(places.size())));
  for (std::size_t row = 0; row < places.size(); ++row) {
    if (places[row] < 0) continue;
    columns[static_cast<std::size_t>(places[row])].numbers[row] =
        values.empty() ? 1.0 : static_cast<double>(values[row]);
  }
  return columns;
}

struct EncodeColumn {
  const std::string& name;
  const Column& column;

  [[nodiscard]] std::vector<Column> one(std::vector<double> values) const {
    std::vector<Column> columns;
    columns.push_back(number_column(name, std::move(values)));
    return columns;
  }
  std::vector<Column> operator()(const OneHotEncoder& encoder) const {
    return spread_columns(encoder.names(name), encoder.encode(column), {});
  }
  std::vector<Column> operator()(const HashingEncoder& encoder) const {
    const HashedCodes codes = hash_levels(encoder, column);
    return spread_columns(hashed_names(encoder, name), codes.buckets, codes.signs);
  }
  std::vector<Column> operator()(const BooleanEncoder&) const {
    return one(booleans_or_missing(column));
  }
  template <class Numeric>
  std::vector<Column> operator()(const Numeric& encoder) const {
    return one(encoder.encode(column));
  }
};

/// What stands for `levels`, of column_of_levels(), in the columns `names`, of which each row has a
/// value in one at most.
LevelMap spread_map(std::vector<std::string> names, std::vector<std::int32_t> places,
                    const std::vector<float>& values) {
  LevelMap map{.names = std::move(names)};
  map.values.assign(values.begin(), values.end());
  map.missing = values.empty() ? 1.0 : map.values.back();
  if (!values.empty()) map.values.pop_back();
  map.missing_place = places.back();
  places.pop_back();
  map.places = std::move(places);
  return map;
}

/// The same as EncodeColumn, of column_of_levels().
struct MapLevels {
  const std::string& name;
  const Column& levels;

  LevelMap operator()(const OneHotEncoder& encoder) const {
    return spread_map(encoder.names(name), encoder.encode(levels), {});
  }
  LevelMap operator()(const HashingEncoder& encoder) const {
    HashedCodes codes = hash_levels(encoder, levels);
    return spread_map(hashed_names(encoder, name), std::move(codes.buckets), codes.signs);
  }
  LevelMap operator()(const BooleanEncoder&) const {
    return level_map(name, booleans_or_missing(levels));
  }
  template <class Numeric>
  LevelMap operator()(const Numeric& encoder) const {
    return level_map(name, encoder.encode(levels));
  }
};

struct Encoded {
  static constexpr std::string_view kKind = "encode";

  std::string name;
  Encoder encoder;

  [[nodiscard]] std::string_view method() const { return kMethods[encoder.index()]; }
  [[nodiscard]] std::vector<std::string> outputs() const {
    if (const auto* one_hot = std::get_if<OneHotEncoder>(&encoder)) return one_hot->names(name);
    if (const auto* hashing = std::get_if<HashingEncoder>(&encoder))
      return hashed_names(*hashing, name);
    return {name};
  }
  [[nodiscard]] std::vector<Column> apply(const Column& column) const {
    require_type(column, ColumnType::category);
    return std::visit(EncodeColumn{name, column}, encoder);
  }
  [[nodiscard]] ColumnMap map(DeviceTable& table) const {
    require_type(table, name, ColumnType::category);
    const Column levels = column_of_levels(table.column(name));
    return std::visit(MapLevels{name, levels}, encoder);
  }
  [[nodiscard]] nlohmann::json to_json() const {
    const nlohmann::json state = std::visit(
        [](const auto& fitted) {
          if constexpr (std::is_same_v<std::decay_t<decltype(fitted)>, BooleanEncoder>) {
            return nlohmann::json::object();
          } else {
            return preprocessing::to_json(fitted);
          }
        },
        encoder);
    return {{"name", name}, {"method", method()}, {"encoder", state}};
  }
  static std::string summarise(const std::vector<Encoded>& columns) {
    std::size_t outputs = 0;
    for (const Encoded& column : columns) outputs += column.outputs().size();
    return fmt::format("{} as {}: {}", counted(columns.size(), "category", "categories"),
                       counted(outputs, "number"), columns.front().method());
  }
};

std::string_view check_method(std::string_view method) {
  const auto* found = std::ranges::find(kMethods, method);
  if (found == std::end(kMethods))
    fail<DataError>("\"{}\" is no encoding: use {}", method, fmt::join(kMethods, ", "));
  return *found;
}

OneHotOptions read_one_hot(StepOptions& options) {
  OneHotOptions read;
  read.min_count = options.count("min_count", 1, 1);
  read.min_share = options.number("min_share", 0.0);
  read.max_levels = options.count("max_levels", 0);
  read.unknown = options.parsed("unknown", "zeros", parse_unknown_level);
  return read;
}

/// Empty for "auto".
std::optional<double> read_smoothing(StepOptions& options) {
  if (options.holds_number("smoothing")) return options.number("smoothing", 0.0);
  if (options.text("smoothing", "auto") != "auto")
    options.refuse("smoothing", "expected a number or \"auto\"");
  return std::nullopt;
}

/// Makes the Encoder of a column; reads the options of one method.
using Fit = std::function<Encoder(const Column&)>;

Fit read_ordinal(StepOptions& options) {
  const std::vector<std::string> levels = options.texts("levels");
  const LevelOrder order =
      options.parsed("order", levels.empty() ? "frequency" : "declared", parse_level_order);
  if (!levels.empty() && order != LevelOrder::declared)
    options.refuse("order", "levels are in the order in which they are declared: take one out");
  if (levels.empty() && order == LevelOrder::declared)
    options.refuse("levels", "the order is declared, and there are none");
  return [=](const Column& column) { return OrdinalEncoder::fit(column, order, levels); };
}

Fit read_one_hot_fit(StepOptions& options) {
  const OneHotOptions one_hot = read_one_hot(options);
  return [=](const Column& column) {
    OneHotEncoder encoder = OneHotEncoder::fit(column, one_hot);
    check_width(column.name, encoder.width());
    return encoder;
  };
}

Fit read_hash_fit(StepOptions& options) {
  const HashingEncoder hashing{
      .buckets = static_cast<std::uint32_t>(options.count("buckets", 64, 1, kMostEncodedColumns)),
      .seed = options.count("seed", 0),
      .has_signs = options.boolean("signs", true)};
  options.guarded("buckets", [&] { check(hashing); });
  return [=](const Column&) { return hashing; };
}

/// `table`: the training rows.
Fit read_fit(StepOptions& options, std::string_view method, std::span<const double> targets,
             const Table& table) {
  if (method == "one_hot") return read_one_hot_fit(options);
  if (method == "ordinal") return read_ordinal(options);
  if (method == "frequency") {
    const FrequencyKind kind = options.parsed("kind", "share", parse_frequency_kind);
    return [=](const Column& column) { return FrequencyEncoder::fit(column, kind); };
  }
  if (method == "target") {
    const std::optional<double> smoothing = read_smoothing(options);
    return [=](const Column& column) { return TargetEncoder::fit(column, targets, smoothing); };
  }
  if (method == "hash") return read_hash_fit(options);
  return [&table](const Column& column) {
    static_cast<void>(booleans_of(column, table));  // throws, and says where
    return BooleanEncoder();
  };
}

/// The training rows' own encodings: what the other folds say of each row's level.
void encode_training_rows(Table& table, const std::vector<std::string>& names,
                          std::span<const double> targets, const StepContext& context,
                          std::uint32_t folds, std::optional<double> smoothing) {
  const std::vector<std::uint32_t> fold_of_row = folds_of(context, folds);
  table.replace(names, [&](std::size_t, const Column& column) {
    std::vector<Column> encoded;
    encoded.push_back(number_column(
        column.name, encode_out_of_fold(column, targets, fold_of_row, folds, smoothing)));
    return encoded;
  });
}

Encoder restore_encoder(const std::string& name, std::string_view method, const JsonReader& state) {
  if (method == "one_hot") {
    const OneHotEncoder one_hot = one_hot_encoder_from_json(state);
    state.guarded([&] { check_width(name, one_hot.width()); });
    return one_hot;
  }
  if (method == "ordinal") return ordinal_encoder_from_json(state);
  if (method == "frequency") return frequency_encoder_from_json(state);
  if (method == "target") return target_encoder_from_json(state);
  if (method == "hash") {
    const HashingEncoder hashing = hashing_encoder_from_json(state);
    state.guarded([&] { check_width(name, hashing.buckets); });
    return hashing;
  }
  return BooleanEncoder();
}

}  // namespace

std::unique_ptr<Step> fit_encode(StepOptions& options, Table& table, const StepContext& context) {
  const std::string_view method = options.parsed("method", "one_hot", check_method);
  const bool is_target = method == "target";
  if (is_target && context.labels.empty())
    options.refuse("method", "encoding by the target needs a target");
  const std::vector<double> targets(context.labels.begin(), context.labels.end());
  const auto folds =
      static_cast<std::uint32_t>(is_target ? options.count("folds", 5, 2, kMostFolds) : 0);
  const Fit fit = read_fit(options, method, targets, table);
  const std::optional<double> smoothing =
      is_target ? read_smoothing(options) : std::optional<double>();
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::category, context);
  options.refuse_unknown();
  return options.guarded("columns", [&]() -> std::unique_ptr<Step> {
    std::vector<Encoded> fitted(names.size());
    parallel_for(names.size(), table.rows(), [&](std::size_t i) {
      fitted[i] = {names[i], fit(table.column(names[i]))};
    });
    auto step = std::make_unique<EachColumn<Encoded>>(std::move(fitted));
    if (is_target) {
      encode_training_rows(table, names, targets, context, folds, smoothing);
    } else {
      step->apply(table);
    }
    return step;
  });
}

bool encodes_out_of_fold(const StepDeclaration& declaration) {
  const auto method = declaration.options.find("method");
  return declaration.kind == "encode" && method != declaration.options.end() && *method == "target";
}

std::unique_ptr<Step> restore_encode(const JsonReader& state) {
  return restore_each_column<Encoded>(state, [](const JsonReader& column) {
    column.expect_keys({"name", "method", "encoder"});
    const std::string_view method = column.member("method").parsed(check_method);
    const std::string name = column.member("name").text();
    return Encoded{name, restore_encoder(name, method, column.member("encoder"))};
  });
}

}  // namespace ebb::preprocessing
