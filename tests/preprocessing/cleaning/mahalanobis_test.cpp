#include "preprocessing/cleaning/mahalanobis.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/scaling/normal_distribution.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/distributions.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Columns = std::vector<std::vector<double>>;

const json& distances_of_scikit_learn() {
  static const json document = ebb::testing::test_json("mahalanobis.json");
  return document;
}

RobustDistance fit_distance(const Columns& columns, const MahalanobisOptions& options = {}) {
  std::vector<Column> named;
  for (const auto& values : columns) {
    named.push_back(number_column(std::string(1, static_cast<char>('a' + named.size())), values));
  }
  std::vector<const Column*> pointers;
  for (const Column& column : named) pointers.push_back(&column);
  return RobustDistance::fit(pointers, options);
}

std::vector<std::span<const double>> spans(const Columns& columns) {
  return {columns.begin(), columns.end()};
}

std::vector<double> row_major(const Columns& columns) {
  std::vector<double> values;
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    for (const auto& column : columns) values.push_back(column[row]);
  }
  return values;
}

/// Columns of normal numbers; a row in `every`, unless 0, is far off in all of them.
Columns cloud(std::size_t rows, std::size_t width, std::size_t every) {
  SplitMix64 generator(12);
  Columns columns(width);
  for (std::size_t row = 0; row < rows; ++row) {
    for (auto& column : columns) {
      const double noise =
          normal_quantile((static_cast<double>(generator.below(1'000'000)) + 0.5) / 1e6);
      column.push_back(every != 0 && row % every == 0 ? 15.0 + 0.3 * noise : noise);
    }
  }
  return columns;
}

TEST(ChiSquared, AgreesWithScipy) {
  ASSERT_EQ(distances_of_scikit_learn()["chi_squared"].size(), 30U);
  for (const nlohmann::json document = distances_of_scikit_learn();
       const json& one : document["chi_squared"]) {
    const auto degrees = one["degrees"].get<double>();
    const auto probability = one["probability"].get<double>();
    const auto expected = one["quantile"].get<double>();
    // A probability near 1 tells little about its quantile: the slope magnifies its rounding.
    const double tolerance = probability > 0.999 ? 1e-9 : 1e-11;
    EXPECT_NEAR(chi_squared_quantile(probability, degrees), expected, tolerance * expected)
        << probability << ' ' << degrees;
    EXPECT_NEAR(chi_squared_cumulative(1.3 * degrees, degrees), one["beyond"].get<double>(), 1e-12)
        << degrees;
  }
  EXPECT_EQ(chi_squared_cumulative(0.0, 3.0), 0.0);
  EXPECT_EQ(chi_squared_cumulative(1e300, 3.0), 1.0);
}

TEST(Mahalanobis, AgreesWithScikitLearn) {
  ASSERT_EQ(distances_of_scikit_learn()["cases"].size(), 4U);
  std::size_t compared = 0;
  for (const nlohmann::json document = distances_of_scikit_learn();
       const json& one : document["cases"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const auto columns = one["columns"].get<Columns>();
    const std::size_t width = columns.size();
    const std::vector<double> values = row_major(columns);
    const CovarianceEstimate raw = minimum_covariance({values, width}, 0);
    // Random starts need not find the least determinant, but ours are to do so here.
    const auto log_determinant = one["log_determinant"].get<double>();
    EXPECT_LE(raw.log_determinant, log_determinant + 1e-9);
    if (raw.log_determinant < log_determinant - 1e-9) continue;
    ++compared;
    const RobustDistance distance = fit_distance(columns);
    for (std::size_t i = 0; i < width; ++i) {
      EXPECT_NEAR(distance.location()[i], one["location"][i].get<double>(), 1e-9);
    }
    for (std::size_t i = 0; i < width * width; ++i) {
      const auto expected = one["covariance"][i].get<double>();
      EXPECT_NEAR(distance.covariance()[i], expected, 1e-9 * (1.0 + std::abs(expected)));
    }
    const std::vector<double> distances = distance.distances(spans(columns));
    for (std::size_t row = 0; row < one["distances"].size(); ++row) {
      const auto expected = one["distances"][row].get<double>();
      EXPECT_NEAR(distances[row], expected, 1e-9 * (1.0 + expected));
    }
    EXPECT_EQ(distance.isolated(spans(columns)).rows.size(), one["isolated"].get<std::size_t>());
  }
  EXPECT_GE(compared, 2U);
}

TEST(Mahalanobis, FindsRowsThatAreOutliersInNoColumnAlone) {
  // b is nearly a, so that (-1, 1) is far off.
  Columns columns(2);
  const Columns noise = cloud(400, 2, 0);
  for (std::size_t row = 0; row < 400; ++row) {
    columns[0].push_back(noise[0][row]);
    columns[1].push_back(noise[0][row] + 0.05 * noise[1][row]);
  }
  columns[0][7] = -1.0;
  columns[1][7] = 1.0;
  const RobustDistance distance = fit_distance(columns, {.probability = 0.999999});
  EXPECT_THAT(distance.isolated(spans(columns)).rows, ElementsAre(7));
}

TEST(Mahalanobis, ATenthOfTheRowsDoesNotMoveIt) {
  const Columns columns = cloud(5000, 3, 10);
  const RobustDistance distance = fit_distance(columns, {.most_rows = 2000, .seed = 5});
  for (const double mean : distance.location()) EXPECT_NEAR(mean, 0.0, 0.1);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(distance.covariance()[i], i % 4 == 0 ? 1.0 : 0.0, 0.15);
  }
  const IsolatedRows isolated = distance.isolated(spans(columns));
  std::size_t far = 0;
  for (const std::size_t row : isolated.rows) far += row % 10 == 0 ? 1 : 0;
  EXPECT_EQ(far, 500U);
  // Of the others 2.5 % lie beyond that quantile, give or take five standard errors.
  EXPECT_NEAR(static_cast<double>(isolated.rows.size() - far), 112.5, 52.0);
}

TEST(Mahalanobis, UnitsOfColumnsDoNotMatter) {
  const Columns columns = cloud(300, 2, 8);
  Columns scaled = columns;
  for (double& value : scaled[0]) value = value * 0x1p400 + 0x1p402;
  for (double& value : scaled[1]) value *= 0x1p-400;
  const std::vector<double> plain = fit_distance(columns).distances(spans(columns));
  const std::vector<double> other = fit_distance(scaled).distances(spans(scaled));
  for (std::size_t row = 0; row < plain.size(); ++row) {
    EXPECT_NEAR(other[row], plain[row], 1e-9 * (1.0 + plain[row])) << row;
  }
}

TEST(Mahalanobis, MissingAndExtremeValues) {
  Columns columns = cloud(300, 2, 0);
  columns[0][3] = kMissingNumber;
  columns[1][5] = 1.7e308;
  columns[0][6] = -1.7e308;
  const RobustDistance distance = fit_distance(columns);
  const IsolatedRows isolated = distance.isolated(spans(columns));
  EXPECT_EQ(isolated.unmeasured, 1U);
  EXPECT_TRUE(std::ranges::binary_search(isolated.rows, std::size_t{5}));
  EXPECT_TRUE(std::ranges::binary_search(isolated.rows, std::size_t{6}));
  EXPECT_TRUE(std::isnan(distance.distances(spans(columns))[3]));
}

TEST(Mahalanobis, BitwiseTheSameForAnyThreadsAndAnotherSeedFindsAsMuch) {
  const Columns columns = cloud(3000, 3, 7);
  std::vector<RobustDistance> fits;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    fits.push_back(fit_distance(columns, {.seed = 3}));
    EXPECT_EQ(fits.back(), fits.front());
    EXPECT_EQ(fits.back().distances(spans(columns)), fits.front().distances(spans(columns)));
  }
  const RobustDistance other = fit_distance(columns, {.seed = 4});
  EXPECT_NEAR(other.location()[0], fits.front().location()[0], 0.05);
}

TEST(Mahalanobis, RefusesWhatHasNoDistance) {
  Columns columns = cloud(100, 3, 0);
  columns[1].assign(100, 4.0);
  EXPECT_THAT(message_of([&] { fit_distance(columns); }),
              HasSubstr("column \"b\" is constant or follows from the columns before it in half"));
  for (std::size_t row = 0; row < 100; ++row)
    columns[1][row] = row % 3 == 0 ? 9.0 + 2.0 * columns[0][row] : 4.0;
  EXPECT_THAT(message_of([&] { fit_distance(columns); }),
              HasSubstr("column \"b\" is constant or follows"));
  for (std::size_t row = 0; row < 100; ++row) columns[1][row] = 2.0 * columns[0][row] - 1.0;
  EXPECT_THAT(message_of([&] { fit_distance(columns); }),
              HasSubstr("column \"b\" is constant or follows"));
  columns[1].assign(100, kMissingNumber);
  EXPECT_THAT(
      message_of([&] { fit_distance(columns); }),
      HasSubstr("0 rows have a value in each of 3 columns: isolated rows are sought among 8"));
  columns[1] = {-1.7e308, 1.7e308};
  columns[1].resize(100, 1.0);
  EXPECT_THAT(message_of([&] { fit_distance(columns); }),
              HasSubstr("column \"b\": values from -1.7"));
  EXPECT_THAT(message_of([&] { fit_distance(columns, {.probability = 1.0}); }),
              HasSubstr("isolated rows is 1: expected above 0 and below 1"));
}

TEST(Mahalanobis, JsonRoundTripsAndIsChecked) {
  const Columns columns = cloud(100, 2, 9);
  const RobustDistance distance = fit_distance(columns);
  const json good = ebb::testing::through_text(to_json(distance));
  const RobustDistance again = robust_distance_from_json(JsonReader(good));
  EXPECT_EQ(again, distance);
  EXPECT_EQ(again.distances(spans(columns)), distance.distances(spans(columns)));
  const auto refusal = [&](const char* key, const json& value) {
    json bad = good;
    bad[key] = value;
    return message_of([&] { robust_distance_from_json(JsonReader(bad)); });
  };
  const auto problem = HasSubstr("expected a symmetric, positive definite matrix");
  EXPECT_THAT(refusal("covariance", {1.0, 0.5, 0.4, 1.0}), problem);
  EXPECT_THAT(refusal("covariance", {1.0, 1.0, 1.0, 1.0}), problem);
  EXPECT_THAT(refusal("covariance", {1.0}), problem);
  EXPECT_THAT(refusal("location", json::array()), problem);
  EXPECT_THAT(refusal("cut_off", 0.0), problem);
}

}  // namespace
}  // namespace ebb::preprocessing
