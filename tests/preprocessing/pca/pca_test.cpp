// Principal components against scikit-learn, their state, and what is refused.
#include "preprocessing/pca/pca.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/pca/symmetric_eigen.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Table table_of(const std::vector<std::vector<double>>& columns) {
  Table table;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    table.add(number_column(fmt::format("x{}", i), columns[i]));
  }
  return table;
}

void expect_near(const std::vector<double>& values, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << i;
  }
}

/// Rows of `columns` mixtures of as many uniform numbers.
Table mixtures(std::size_t rows, std::size_t columns) {
  SplitMix64 generator(4);
  std::vector<std::vector<double>> values(columns, std::vector<double>(rows));
  for (std::size_t row = 0; row < rows; ++row) {
    double carried = 0.0;
    for (std::vector<double>& column : values) {
      carried = 0.5 * carried + static_cast<double>(generator.below(1000));
      column[row] = carried;
    }
  }
  return table_of(values);
}

TEST(Pca, EqualsScikitLearn) {
  const json cases = ebb::testing::test_json("pca.json").at("cases");
  ASSERT_EQ(cases.size(), 4U);
  for (const json& expected : cases) {
    SCOPED_TRACE(expected.at("name"));
    const Table table = table_of(expected.at("values"));
    const Pca pca = Pca::fit(table, table.names(),
                             {.components = expected.at("components"),
                              .explained = expected.at("explained"),
                              .standardise = expected.at("standardise")});
    expect_near(pca.state().weights, expected.at("weights"), 1e-11);
    expect_near(pca.state().variances, expected.at("variances"), 1e-12);
    expect_near(pca.state().shares, expected.at("shares"), 1e-12);
    const auto scores = pca.transform(table);
    const auto inverse = pca.inverse(scores);
    for (std::size_t c = 0; c < scores.size(); ++c) {
      expect_near(scores[c], expected.at("scores")[c], 1e-10);
    }
    for (std::size_t j = 0; j < inverse.size(); ++j) {
      expect_near(inverse[j], expected.at("inverse")[j], 1e-10);
    }
  }
}

TEST(Pca, TheLargestWeightIsPositive) {
  const Table table = table_of({{0, 1, 2, 3}, {0, -3, -6, -9}});
  const Pca pca = Pca::fit(table, table.names());
  EXPECT_NEAR(pca.state().weights[1], 3.0 / std::sqrt(10.0), 1e-15);
  EXPECT_NEAR(pca.state().weights[0], -1.0 / std::sqrt(10.0), 1e-15);
  EXPECT_NEAR(pca.state().shares[0], 1.0, 1e-15);
}

TEST(Pca, ConstantColumns) {
  const Table table = table_of({{0.1, 0.1, 0.1}, {7, 7, 7}});
  for (const bool standardise : {false, true}) {
    const Pca pca = Pca::fit(table, table.names(), {.standardise = standardise});
    EXPECT_EQ(pca.state().shares, (std::vector<double>{0, 0}));
    EXPECT_EQ(pca.transform(table)[0], (std::vector<double>{0, 0, 0}));
  }
}

TEST(Pca, JsonKeepsEveryBit) {
  const Table table = mixtures(50, 6);
  const Pca pca = Pca::fit(table, table.names(), {.components = 4, .standardise = true});
  const json document = ebb::testing::through_text(to_json(pca));
  const Pca again = pca_from_json(JsonReader(document));
  EXPECT_EQ(again.state(), pca.state());
  EXPECT_EQ(again.transform(table), pca.transform(table));
}

TEST(Pca, ADocumentIsNotTrusted) {
  const Table table = mixtures(20, 3);
  const json good = to_json(Pca::fit(table, table.names()));
  const auto refused = [&](const char* key, const json& value) {
    json bad = good;
    bad[key] = value;
    return message_of([&] { pca_from_json(JsonReader(bad)); });
  };
  EXPECT_THAT(refused("means", json::array({1, 2})), HasSubstr("one mean"));
  EXPECT_THAT(refused("scales", json::array({1, 0, 1})), HasSubstr("not positive"));
  EXPECT_THAT(refused("variances", json::array({1, 2, 3})), HasSubstr("rise"));
  EXPECT_THAT(refused("variances", json::array({3, 2, -1})), HasSubstr("negative"));
  EXPECT_THAT(refused("shares", json::array({2, 0, 0})), HasSubstr("share"));
  EXPECT_THAT(refused("weights", json::array({1, 1, 0, 0, 1, 0, 0, 0, 1})),
              HasSubstr("not orthonormal"));
  EXPECT_THAT(refused("extra", 1), HasSubstr("extra"));
}

TEST(Pca, WhatIsRefused) {
  Table table("customers.csv", {2, 3, 5});
  table.add(number_column("age", {30, NAN, 40}));
  table.add(text_column("city", {"a", "b", "a"}));
  table.add(number_column("huge", {1e200, -1e200, 0}));
  const auto refused = [&](std::vector<std::string> names, const PcaOptions& options = {}) {
    return message_of([&] { Pca::fit(table, names, options); });
  };
  EXPECT_EQ(refused({"age"}),
            "customers.csv:3: column \"age\": a value is missing; principal components need all: "
            "fill missing values first");
  EXPECT_THAT(refused({"city"}), HasSubstr("\"city\" holds no numbers"));
  EXPECT_THAT(refused({"huge"}), HasSubstr("too large to be squared: scale them first"));
  EXPECT_THAT(refused({}), HasSubstr("need a column and two rows"));
  EXPECT_THAT(refused({"agee"}), HasSubstr("Did you mean \"age\"?"));
  table.drop(std::vector<std::string>{"age", "city", "huge"});
  table.add(number_column("fine", {1, 2, 3}));
  EXPECT_THAT(refused({"fine"}, {.components = 2}), HasSubstr("at most 1"));
  EXPECT_THAT(refused({"fine"}, {.explained = 0.0}), HasSubstr("over 0, at most 1"));
}

TEST(Pca, AnyThreadsGiveTheSameBits) {
  const Table table = mixtures(150001, 4);
  const ThreadCount one(1);
  const Pca expected = Pca::fit(table, table.names());
  const auto scores = expected.transform(table);
  for (int threads = 2; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const Pca pca = Pca::fit(table, table.names());
    EXPECT_EQ(pca.state(), expected.state());
    EXPECT_EQ(pca.transform(table), scores);
    EXPECT_EQ(pca.inverse(scores), expected.inverse(scores));
  }
}

TEST(SymmetricEigen, TakesAMatrixApart) {
  constexpr std::size_t kSize = 60;
  SplitMix64 generator(9);
  SymmetricMatrix matrix{kSize, std::vector<double>(kSize * kSize)};
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = i; j < kSize; ++j) {
      const double value = static_cast<double>(generator.below(2001)) - 1000.0;
      matrix.values[i * kSize + j] = matrix.values[j * kSize + i] = value;
    }
  }
  const EigenDecomposition eigen = symmetric_eigen(matrix);
  EXPECT_TRUE(std::is_sorted(eigen.values.rbegin(), eigen.values.rend()));
  const auto vector = [&](std::size_t i) { return &eigen.vectors[i * kSize]; };
  for (std::size_t a = 0; a < kSize; ++a) {
    for (std::size_t i = 0; i < kSize; ++i) {
      double product = 0.0;
      for (std::size_t j = 0; j < kSize; ++j) product += matrix(i, j) * vector(a)[j];
      EXPECT_NEAR(product, eigen.values[a] * vector(a)[i], 1e-10);
    }
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0.0;
      for (std::size_t j = 0; j < kSize; ++j) product += vector(a)[j] * vector(b)[j];
      EXPECT_NEAR(product, a == b ? 1.0 : 0.0, 1e-13);
    }
  }
}

TEST(SymmetricEigen, Edges) {
  EXPECT_TRUE(symmetric_eigen({0, {}}).values.empty());
  EXPECT_EQ(symmetric_eigen({2, {0, 0, 0, 0}}).values, (std::vector<double>{0, 0}));
  EXPECT_EQ(symmetric_eigen({2, {1, 0, 0, 5}}).vectors, (std::vector<double>{0, 1, 1, 0}));
  EXPECT_THAT(message_of<Error>([] { symmetric_eigen({1, {NAN}}); }), HasSubstr("not finite"));
  EXPECT_NEAR(symmetric_eigen({2, {1, 1e-12, 1e-12, 1e-30}}).values[1], 0.0, 1e-24);
}

}  // namespace
}  // namespace ebb::preprocessing
