// Counts, tests and information of codes against scipy and scikit-learn.
#include "preprocessing/statistics/contingency.h"

#include "preprocessing/statistics/distributions.h"
#include "preprocessing/statistics/mutual_information.h"
#include "tests/preprocessing/statistics/fixture.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;

TEST(Contingency, EqualsScipy) {
  const nlohmann::json cases = statistics_fixture().at("contingency");
  ASSERT_EQ(cases.size(), 2U);
  for (const nlohmann::json& expected : cases) {
    const std::vector<std::int32_t> x = expected.at("x");
    const std::vector<std::int32_t> y = expected.at("y");
    // A level that does not occur changes nothing.
    const ContingencyTable table = count_pairs(x, 31, y, 4);
    const ChiSquareTest test = chi_square_test(table);
    expect_close(test.statistic, expected.at("chi2"), 1e-12);
    EXPECT_EQ(test.degrees_of_freedom, expected.at("degrees_of_freedom").get<double>());
    EXPECT_NEAR(test.p_value / expected.at("p_value").get<double>(), 1.0, 1e-10);
    expect_close(cramers_v(table, VCorrection::none), expected.at("v"), 1e-13);
    expect_close(cramers_v(table), expected.at("v_corrected"), 1e-13);
    expect_close(mutual_information(table), expected.at("mutual_information"), 1e-13);
  }
}

TEST(Contingency, MissingCodes) {
  const std::vector<std::int32_t> x = {0, 1, -1, 1, -1, 0};
  const std::vector<std::int32_t> y = {0, 1, 1, -1, 0, 0};
  EXPECT_THAT(count_pairs(x, 2, y, 2).counts, ElementsAre(2, 0, 0, 1));
  EXPECT_THAT(count_pairs(x, 2, y, 2, MissingCells::own_level).counts,
              ElementsAre(2, 0, 0, 1, 1, 1));
}

TEST(Contingency, OneLevelIsNoRelation) {
  const std::vector<std::int32_t> x = {0, 0, 0};
  const std::vector<std::int32_t> y = {0, 1, 1};
  const ContingencyTable table = count_pairs(x, 2, y, 2);
  EXPECT_EQ(chi_square_test(table).p_value, 1.0);
  EXPECT_TRUE(std::isnan(cramers_v(table)));
  EXPECT_EQ(mutual_information(table), 0.0);
}

TEST(Contingency, AsManyLevelsAsRowsSayNothing) {
  std::vector<std::int32_t> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 500; ++i) {
    x.push_back(i);
    y.push_back(i % 3 == 0 ? 1 : 0);
  }
  const ContingencyTable table = count_pairs(x, 500, y, 2);
  EXPECT_NEAR(cramers_v(table, VCorrection::none), 1.0, 1e-13);
  EXPECT_NEAR(cramers_v(table), 0.0, 1e-6);
}

TEST(Contingency, ManyRowsAndAnyThreads) {
  std::vector<std::int32_t> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 400000; ++i) {
    x.push_back(i % 7 - 1);
    y.push_back(i % 3 == 0 ? 1 : 0);
  }
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const ContingencyTable table = count_pairs(x, 6, y, 2, MissingCells::own_level);
    const Margins margins = margins_of(table);
    EXPECT_EQ(margins.total, 400000U);
    EXPECT_EQ(margins.columns[1], 133334U);
    EXPECT_EQ(margins.rows[6], 57143U);
  }
}

TEST(MutualInformation, BinsAndInformationEqualNumpyAndScikitLearn) {
  const nlohmann::json cases = statistics_fixture().at("bins");
  ASSERT_EQ(cases.size(), 2U);
  for (const nlohmann::json& expected : cases) {
    const std::vector<double> values = expected.at("values");
    const std::vector<std::int32_t> labels = expected.at("labels");
    const BinnedColumn binned = quantile_bins(values, expected.at("bins"));
    EXPECT_EQ(binned.edges, expected.at("edges").get<std::vector<double>>());
    EXPECT_EQ(binned.codes, expected.at("codes").get<std::vector<std::int32_t>>());
    expect_close(mutual_information(count_pairs(binned.codes, binned.bins(), labels, 2)),
                 expected.at("mutual_information"), 1e-13);
  }
}

TEST(MutualInformation, MissingNumbersHaveNoBin) {
  EXPECT_THAT(quantile_bins(std::vector<double>{NAN, 3, 1, NAN}, 2).codes,
              ElementsAre(-1, 1, 0, -1));
  const BinnedColumn none = quantile_bins(std::vector<double>{NAN, NAN});
  EXPECT_EQ(none.bins(), 1U);
  EXPECT_THAT(none.codes, ElementsAre(-1, -1));
}

TEST(Distributions, TailsEqualScipy) {
  for (const nlohmann::json document = statistics_fixture();
       const nlohmann::json& expected : document.at("chi2_tail")) {
    const double tail = expected.at("tail");
    const double found =
        chi_squared_tail(expected.at("statistic"), expected.at("degrees_of_freedom"));
    EXPECT_NEAR(found, tail, 1e-12 * tail) << expected;
  }
  for (const nlohmann::json document = statistics_fixture();
       const nlohmann::json& expected : document.at("kolmogorov")) {
    const double tail = expected.at("tail");
    EXPECT_NEAR(kolmogorov_tail(expected.at("value")), tail, 1e-13 * tail) << expected;
  }
  EXPECT_EQ(chi_squared_tail(0.0, 3.0), 1.0);
  EXPECT_EQ(kolmogorov_tail(0.0), 1.0);
}

}  // namespace
}  // namespace ebb::preprocessing
