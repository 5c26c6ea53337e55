// Correlation against pandas and scipy, at the edges of f64, and for any number of threads.
#include "preprocessing/statistics/correlation.h"

#include <limits>

#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/ranks.h"
#include "tests/preprocessing/statistics/fixture.h"

namespace ebb::preprocessing {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();

struct FixtureColumns {
  std::vector<std::vector<double>> values;
  std::vector<Numbers> views;

  explicit FixtureColumns(const std::vector<std::string>& names) {
    const nlohmann::json columns = statistics_fixture().at("columns");
    for (const std::string& name : names) values.push_back(numbers_of(columns.at(name)));
    views.assign(values.begin(), values.end());
  }
};

const std::vector<std::string> kNames = {"a", "b", "c", "d", "label"};

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const Numbers columns[] = {x};
  return correlations_with(columns, y).front();
}

TEST(Correlation, EqualsNumpyPairByPair) {
  const FixtureColumns columns(kNames);
  const std::vector<double> expected = statistics_fixture().at("pearson");
  const SymmetricMatrix matrix = correlation_matrix(columns.views);
  ASSERT_EQ(matrix.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(matrix.values[i], expected[i], 1e-13) << i;
  }
  const std::vector<double> with_label = correlations_with(columns.views, columns.views.back());
  for (std::size_t i = 0; i < with_label.size(); ++i) EXPECT_EQ(with_label[i], matrix(i, 4));
}

TEST(Correlation, CovarianceEqualsPandas) {
  const FixtureColumns columns({"b", "d", "label"});
  const std::vector<double> expected = statistics_fixture().at("covariance");
  const SymmetricMatrix matrix = covariance_matrix(columns.views);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(matrix.values[i], expected[i], 1e-12) << i;
  }
  const FixtureColumns missing({"a"});
  EXPECT_NE(message_of<Error>([&] { covariance_matrix(missing.views); }).find("missing"),
            std::string::npos);
}

TEST(Correlation, SpearmanEqualsPandas) {
  const FixtureColumns columns(kNames);
  const std::vector<double> expected = statistics_fixture().at("spearman");
  for (std::size_t x = 0; x < 5; ++x) {
    for (std::size_t y = 0; y < 5; ++y) {
      EXPECT_NEAR(spearman(columns.views[x], columns.views[y]), expected[x * 5 + y], 1e-13);
    }
  }
}

TEST(Correlation, IsUndefinedWithoutSpread) {
  EXPECT_TRUE(std::isnan(pearson({}, {})));
  EXPECT_TRUE(std::isnan(pearson({1}, {2})));
  EXPECT_TRUE(std::isnan(pearson({0.1, 0.1, 0.1}, {1, 2, 3})));
  EXPECT_TRUE(std::isnan(pearson({1, 2, NAN}, {NAN, 1, 2})));        // one pair
  EXPECT_TRUE(std::isnan(pearson({5, 5, 1, 2}, {1, 2, NAN, NAN})));  // constant in its pairs
  std::vector<double> x(3000, 0.1);
  std::vector<double> y(3000, 0.5);
  for (std::size_t row = 0; row < y.size(); row += 3) y[row] = 0.7;
  x[0] = 9.0;  // in no pair
  y[0] = NAN;
  EXPECT_TRUE(std::isnan(pearson(x, y)));
  EXPECT_TRUE(std::isnan(spearman(std::vector<double>{1, 1}, std::vector<double>{1, 2})));
}

TEST(Correlation, LengthsMustAgree) {
  EXPECT_EQ(message_of<Error>([] {
              pearson({1, 2}, {1});
            }),
            "correlation: columns of 2 and 1 rows");
}

TEST(Correlation, TheEdgesOfTheNumbers) {
  EXPECT_EQ(pearson({kLargest, -kLargest, kLargest, -kLargest}, {-1e308, 1e308, -1e308, 1e308}),
            -1.0);
  EXPECT_EQ(pearson({0, 5e-324, 0, 5e-324}, {1, 2, 1, 2}), 1.0);
  EXPECT_NEAR(pearson({1e200, 2e200, 4e200, NAN}, {1e-200, 2e-200, 4e-200, kLargest}), 1.0, 1e-15);
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 5000; ++i) {
    x.push_back(1e15 + i % 3);
    y.push_back(i % 3 == 1 ? 1.0 : 0.0);
  }
  EXPECT_NEAR(pearson(x, y), 0.0, 1e-3);  // rows do not divide by 3
}

TEST(Correlation, AnyThreadsGiveTheSameBits) {
  SplitMix64 generator(5);
  std::vector<std::vector<double>> values(4);
  for (int i = 0; i < 200003; ++i) {
    for (std::vector<double>& column : values) {
      const auto number = static_cast<double>(generator.below(1000003)) / 997.0;
      column.push_back(generator.below(17) == 0 ? NAN : number);
    }
  }
  const std::vector<Numbers> columns(values.begin(), values.end());
  const ThreadCount one(1);
  const std::vector<double> expected = correlation_matrix(columns).values;
  for (int threads = 2; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    EXPECT_EQ(correlation_matrix(columns).values, expected);
  }
}

TEST(Ranks, EqualScipy) {
  const nlohmann::json ranks = statistics_fixture().at("ranks");
  for (const std::string name : {"a", "d"}) {
    const FixtureColumns columns({name});
    const std::vector<double> expected = numbers_of(ranks.at(name));
    const std::vector<double> found = mid_ranks(columns.views.front());
    for (std::size_t row = 0; row < expected.size(); ++row) {
      EXPECT_TRUE(found[row] == expected[row] ||
                  (std::isnan(found[row]) && std::isnan(expected[row])));
    }
  }
}

TEST(Ranks, OrderIsThatOfNumbers) {
  const std::vector<double> values = {0.0, kLargest, -1.5, NAN, 5e-324, -0.0, -kLargest, -5e-324};
  std::vector<std::uint32_t> rows;
  for (const KeyedRow& row : sorted_rows(values)) rows.push_back(row.row);
  EXPECT_THAT(rows, ::testing::ElementsAre(6, 2, 7, 0, 5, 4, 1));  // -0 and 0 in order of rows
  EXPECT_TRUE(sorted_rows({}).empty());
}

TEST(Ranks, AreaEqualsScikitLearn) {
  const nlohmann::json areas = statistics_fixture().at("area");
  const FixtureColumns columns(kNames);
  const std::vector<float> labels(columns.values[4].begin(), columns.values[4].end());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(area_under_curve(columns.views[i], labels), areas.at(kNames[i]).get<double>(),
                1e-14);
  }
  EXPECT_TRUE(std::isnan(area_under_curve(std::vector<double>{1, 2}, std::vector<float>{1, 1})));
}

}  // namespace
}  // namespace ebb::preprocessing
