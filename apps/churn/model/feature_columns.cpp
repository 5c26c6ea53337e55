#include "apps/churn/model/feature_columns.h"

#include <algorithm>

namespace ebb::churn {

using preprocessing::EncodedRows;

std::vector<FeatureColumn> feature_columns(const preprocessing::Pipeline& pipeline) {
  std::vector<FeatureColumn> columns;
  std::size_t indicator = pipeline.numbers().size();
  for (std::size_t i = 0; i < pipeline.numbers().size(); ++i) {
    const preprocessing::NumberFeature& number = pipeline.numbers()[i];
    FeatureColumn& column = columns.emplace_back(FeatureColumn{number.name, {i}, {}});
    if (number.has_indicator) column.numbers.push_back(indicator++);
  }
  for (std::size_t i = 0; i < pipeline.categories().size(); ++i) {
    columns.push_back({pipeline.categories()[i].name, {}, i});
  }
  return columns;
}

EncodedRows rows_like(const EncodedRows& like, std::size_t rows) {
  EncodedRows made;
  made.rows = rows;
  made.number_count = like.number_count;
  made.category_count = like.category_count;
  made.numbers.resize(rows * like.number_count);
  made.codes.resize(rows * like.category_count);
  return made;
}

void copy_row(const EncodedRows& from, std::size_t from_row, EncodedRows& to, std::size_t to_row) {
  std::copy_n(from.numbers.data() + from_row * from.number_count, from.number_count,
              to.numbers.data() + to_row * to.number_count);
  std::copy_n(from.codes.data() + from_row * from.category_count, from.category_count,
              to.codes.data() + to_row * to.category_count);
}

std::vector<std::size_t> tokens_of(const FeatureColumn& column, const InputSchema& schema) {
  std::vector<std::size_t> tokens;
  if (column.category) tokens.push_back(1 + *column.category);
  for (const std::size_t number : column.numbers) {
    tokens.push_back(1 + schema.cardinalities.size() + number);
  }
  return tokens;
}

EncodedRows take_rows(const EncodedRows& rows, std::span<const std::size_t> indices) {
  EncodedRows taken = rows_like(rows, indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) copy_row(rows, indices[i], taken, i);
  return taken;
}

void copy_column(const FeatureColumn& column, const EncodedRows& from, std::size_t from_row,
                 EncodedRows& to, std::size_t to_row) {
  for (const std::size_t place : column.numbers) {
    to.numbers[to_row * to.number_count + place] =
        from.numbers[from_row * from.number_count + place];
  }
  if (column.category) {
    to.codes[to_row * to.category_count + *column.category] =
        from.codes[from_row * from.category_count + *column.category];
  }
}

bool equal_in(const FeatureColumn& column, const EncodedRows& first, std::size_t first_row,
              const EncodedRows& second, std::size_t second_row) {
  const auto equal_number = [&](std::size_t place) {
    return first.numbers[first_row * first.number_count + place] ==
           second.numbers[second_row * second.number_count + place];
  };
  return std::ranges::all_of(column.numbers, equal_number) &&
         (!column.category ||
          first.codes[first_row * first.category_count + *column.category] ==
              second.codes[second_row * second.category_count + *column.category]);
}

}  // namespace ebb::churn
