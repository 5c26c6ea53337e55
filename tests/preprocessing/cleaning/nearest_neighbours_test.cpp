#include "preprocessing/cleaning/nearest_neighbours.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<double> numbers_of(const json& values) {
  std::vector<double> numbers;
  for (const json& value : values)
    numbers.push_back(value.is_null() ? kMissingNumber : value.get<double>());
  return numbers;
}

NeighbourImputer fit_imputer(const std::vector<std::vector<double>>& columns,
                             const NeighbourOptions& options = {}) {
  std::vector<Column> named;
  for (const auto& values : columns) named.push_back(number_column("x", values));
  std::vector<const Column*> pointers;
  for (const Column& column : named) pointers.push_back(&column);
  return NeighbourImputer::fit(pointers, options);
}

std::size_t fill(const NeighbourImputer& imputer, std::vector<std::vector<double>>& columns) {
  const std::vector<std::span<double>> spans(columns.begin(), columns.end());
  return imputer.fill(spans);
}

TEST(NearestNeighbours, AgreesWithScikitLearn) {
  const json document = ebb::testing::test_json("imputation.json");
  ASSERT_EQ(document["cases"].size(), 4U);
  for (const json& one : document["cases"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    std::vector<std::vector<double>> training;
    std::vector<std::vector<double>> columns;
    std::size_t missing = 0;
    for (const json& column : one["training"]) training.push_back(numbers_of(column));
    for (const json& column : document["new"]) {
      columns.push_back(numbers_of(column));
      for (const double value : columns.back()) missing += std::isnan(value) ? 1 : 0;
    }
    const NeighbourOptions options = {
        .neighbours = one["neighbours"].get<std::size_t>(),
        .weights = parse_neighbour_weights(one["weights"].get<std::string>())};
    EXPECT_EQ(fill(fit_imputer(training, options), columns), missing);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      for (std::size_t row = 0; row < columns[i].size(); ++row) {
        const double expected = one["filled"][i][row].get<double>();
        // scikit-learn takes distances as differences of squares.
        EXPECT_NEAR(columns[i][row], expected, 1e-9 * (1.0 + std::abs(expected)))
            << "column " << i << " row " << row;
      }
    }
  }
}

TEST(NearestNeighbours, OfRowsEquallyNearTheEarlier) {
  std::vector<std::vector<double>> columns = {{5}, {kMissingNumber}};
  fill(fit_imputer({{4, 6, 4, 6}, {1, 2, 3, 4}}, {.neighbours = 2}), columns);
  EXPECT_EQ(columns[1][0], 1.5);
}

TEST(NearestNeighbours, LargeValuesStayFinite) {
  const std::vector<std::vector<double>> training = {{0, 1e200, 1}, {1.5e308, 1.7e308, 1.6e308}};
  for (const auto weights : {NeighbourWeights::uniform, NeighbourWeights::distance}) {
    std::vector<std::vector<double>> columns = {{5e-324, -1e200, 1e200},
                                                {kMissingNumber, kMissingNumber, kMissingNumber}};
    fill(fit_imputer(training, {.neighbours = 3, .weights = weights}), columns);
    for (const double value : columns[1]) {
      EXPECT_GE(value, 1.5e308);
      EXPECT_LE(value, 1.7e308);
    }
  }
}

TEST(NearestNeighbours, KeepsAtMostSoManyRowsBySeed) {
  std::vector<double> rising;
  for (int row = 0; row < 1000; ++row) rising.push_back(row);
  const NeighbourImputer a = fit_imputer({rising, rising}, {.most_rows = 50, .seed = 1});
  EXPECT_EQ(a.kept()[0].size(), 50U);
  EXPECT_EQ(a.kept()[0], a.kept()[1]);
  EXPECT_TRUE(std::is_sorted(a.kept()[0].begin(), a.kept()[0].end()));
  EXPECT_EQ(a.means()[0], 499.5);
  EXPECT_EQ(a, fit_imputer({rising, rising}, {.most_rows = 50, .seed = 1}));
  EXPECT_FALSE(a == fit_imputer({rising, rising}, {.most_rows = 50, .seed = 2}));
}

TEST(NearestNeighbours, AnyThreads) {
  SplitMix64 generator(4);
  std::vector<std::vector<double>> training(3);
  std::vector<std::vector<double>> fresh(3);
  for (auto* columns : {&training, &fresh}) {
    for (auto& column : *columns) {
      for (int row = 0; row < 2000; ++row) {
        column.push_back(generator.below(4) == 0
                             ? kMissingNumber
                             : static_cast<double>(generator.below(1000)) / 7.0);
      }
    }
  }
  const NeighbourImputer imputer = fit_imputer(training, {.weights = NeighbourWeights::distance});
  std::vector<std::vector<std::vector<double>>> results;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    results.push_back(fresh);
    fill(imputer, results.back());
    EXPECT_EQ(results.back(), results.front());
  }
}

TEST(NearestNeighbours, JsonRoundTripsAndIsChecked) {
  const NeighbourImputer imputer =
      fit_imputer({{1.0 / 3.0, kMissingNumber, 5}, {kMissingNumber, 2, -1e300}},
                  {.weights = NeighbourWeights::distance});
  const json good = ebb::testing::through_text(to_json(imputer));
  EXPECT_EQ(neighbour_imputer_from_json(JsonReader(good)), imputer);
  json bad = good;
  bad["kept"][1]["missing"] = {3};
  EXPECT_THAT(message_of([&] { neighbour_imputer_from_json(JsonReader(bad)); }),
              HasSubstr("kept[1].missing: there is no such row"));
  bad = good;
  bad["kept"][1]["values"].push_back(1.0);
  EXPECT_THAT(message_of([&] { neighbour_imputer_from_json(JsonReader(bad)); }),
              HasSubstr("equally many rows in each"));
  bad = good;
  bad["neighbours"] = 0;
  EXPECT_THAT(message_of([&] { neighbour_imputer_from_json(JsonReader(bad)); }),
              HasSubstr("0 neighbours"));
}

TEST(NearestNeighbours, RefusesWhatItCannotFit) {
  EXPECT_THAT(message_of([] {
                fit_imputer({{kMissingNumber, kMissingNumber}});
              }),
              HasSubstr("column \"x\" has no value in any training row"));
  EXPECT_THAT(message_of([] {
                fit_imputer({{1, 2}}, {.neighbours = 0});
              }),
              HasSubstr("0 neighbours among at most 10000 rows: expected at least 1 of each"));
  std::vector<std::vector<double>> columns = {{1}, {2}};
  EXPECT_THAT(message_of<Error>([&] {
                fill(fit_imputer({{1, 2}}), columns);
              }),
              HasSubstr("2 columns, fitted to 1"));
}

}  // namespace
}  // namespace ebb::preprocessing
