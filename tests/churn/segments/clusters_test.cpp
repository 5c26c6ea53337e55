// K-means, mixtures and silhouettes against scikit-learn (tests/data/make_segments.py).
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/segments/embedding_segments.h"
#include "apps/churn/segments/silhouette.h"
#include "kernels/common/context.h"
#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using nlohmann::json;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Numbers = std::vector<double>;
using Places = std::vector<std::size_t>;

const json& segments_of_scikit_learn() {
  static const json document = ebb::testing::test_json("segments.json");
  return document;
}

void expect_near(const Numbers& got, const Numbers& expected, double distance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], distance) << i;
}

/// All numbers of nested arrays in their order.
void flatten(const json& from, Numbers& into) {
  if (from.is_number()) {
    into.push_back(from.get<double>());
  } else {
    for (const json& part : from) flatten(part, into);
  }
}

Numbers flat(const json& from) {
  Numbers numbers;
  flatten(from, numbers);
  return numbers;
}

/// Rows about `clusters` middles far from each other.
Numbers far_apart(std::size_t rows, std::size_t clusters, std::size_t width) {
  preprocessing::SplitMix64 generator(5);
  Numbers values;
  for (std::size_t i = 0; i < rows * width; ++i) {
    const double middle = 100.0 * static_cast<double>(i / width % clusters);
    values.push_back(middle + static_cast<double>(generator.below(1000)) / 1000.0);
  }
  return values;
}

TEST(KMeans, GoesWhereScikitLearnGoesFromTheSameCentres) {
  const json fixture = segments_of_scikit_learn();
  for (const json& known : fixture["cases"]) {
    const auto values = known["rows"].get<Numbers>();
    const RowMatrix rows{values, known["width"].get<std::size_t>()};
    const KMeansResult found = k_means_from(rows, known["start"].get<Numbers>(), {});
    EXPECT_EQ(found.of_row, known["of_row"].get<Places>());
    EXPECT_NEAR(found.inertia, known["inertia"].get<double>(), 1e-9 * found.inertia);
    expect_near(found.centres, known["centres"].get<Numbers>(), 1e-10);
    EXPECT_NEAR(silhouette(rows, found.of_row), known["silhouette"].get<double>(), 1e-12);
    const std::size_t clusters = found.centres.size() / rows.width;
    // Ten starts end no worse than ten of scikit-learn's by the worst of 30 seeds.
    EXPECT_LE(k_means(rows, {.clusters = clusters}).inertia,
              known["restarted"].get<double>() * (1 + 1e-9));
  }
}

TEST(GaussianMixture, IsThatOfScikitLearnFromTheSameStart) {
  const json fixture = segments_of_scikit_learn();
  for (const json& known : fixture["cases"]) {
    const auto values = known["rows"].get<Numbers>();
    const RowMatrix rows{values, known["width"].get<std::size_t>()};
    const auto start = known["of_row"].get<Places>();
    for (const char* kind : {"diagonal", "full"}) {
      SCOPED_TRACE(kind);
      const json& expected = known[kind];
      const GaussianMixture found =
          fit_mixture(rows, start, expected["weights"].size(),
                      {.covariance = parse_covariance(kind),
                       .tolerance = -1.0,
                       .most_iterations = known["iterations"].get<std::size_t>()});
      EXPECT_NEAR(found.log_likelihood, expected["log_likelihood"].get<double>(), 1e-9);
      EXPECT_NEAR(found.bic(), expected["bic"].get<double>(), 1e-6);
      expect_near(found.weights, flat(expected["weights"]), 1e-8);
      expect_near(found.means, flat(expected["means"]), 1e-7);
      expect_near(found.covariances, flat(expected["covariances"]), 1e-7);
      EXPECT_EQ(found.of_row, expected["of_row"].get<Places>());
    }
  }
}

TEST(Clusters, HaveTheSameBitsForAnyNumberOfThreads) {
  const Numbers values = far_apart(9000, 7, 12);
  const RowMatrix rows{values, 12};
  std::vector<KMeansResult> results;
  std::vector<GaussianMixture> mixtures;
  for (const int threads : {1, 4}) {
    set_default_threads(threads);
    results.push_back(k_means(rows, {.clusters = 5, .restarts = 2, .seed = 3}));
    mixtures.push_back(fit_mixture(rows, results.back().of_row, 5, {.most_iterations = 3}));
  }
  set_default_threads(0);
  EXPECT_EQ(results[0].centres, results[1].centres);
  EXPECT_EQ(results[0].of_row, results[1].of_row);
  EXPECT_EQ(results[0].inertia, results[1].inertia);
  EXPECT_EQ(mixtures[0].covariances, mixtures[1].covariances);
  EXPECT_EQ(mixtures[0].log_likelihood, mixtures[1].log_likelihood);
}

TEST(Clusters, AreAsManyAsThereAre) {
  const Numbers values = far_apart(300, 4, 3);
  for (const Clustering method : {Clustering::k_means, Clustering::mixture}) {
    const EmbeddingSegments found = segment_embeddings({values, 3}, {.method = method});
    ASSERT_THAT(found.tried, SizeIs(9));
    EXPECT_EQ(found.tried.front().clusters, 2U);
    for (std::size_t row = 0; row < found.of_row.size(); ++row) {
      EXPECT_EQ(found.of_row[row], found.of_row[row % 4]);
      EXPECT_LT(found.of_row[row], 4U);
    }
  }
}

TEST(KMeans, FillsAClusterWithoutRows) {
  const Numbers values = {0, 1, 10, 11, 50};
  // No row is nearest to the second centre; the farthest one becomes it.
  const KMeansResult found = k_means_from({values, 1}, {5, 1000}, {});
  EXPECT_THAT(found.of_row, ElementsAre(0, 0, 0, 0, 1));
  EXPECT_THAT(found.centres, ElementsAre(5.5, 50));
}

TEST(KMeans, TakesFewRowsAndRowsThatAreAlike) {
  const Numbers alike(12, 2.5);
  const KMeansResult one = k_means({alike, 3}, {.clusters = 3});
  EXPECT_EQ(one.inertia, 0.0);
  EXPECT_THAT(one.of_row, Each(0));
  EXPECT_TRUE(std::isnan(silhouette({alike, 3}, one.of_row)));
  EXPECT_THAT(segment_embeddings({alike, 3}, {}).of_row, Each(0));
  EXPECT_THAT(segment_embeddings({alike, 3}, {.method = Clustering::mixture}).of_row, SizeIs(4));
  const Numbers few = {1, 2, 3};
  EXPECT_EQ(k_means({few, 1}, {.clusters = 3}).inertia, 0.0);
  EXPECT_THROW(k_means({few, 1}, {.clusters = 4}), DataError);
  EXPECT_THROW(segment_embeddings({{few.data(), 1}, 1}, {}), DataError);
}

TEST(KMeans, RefusesWhatIsNoNumber) {
  const Numbers values = {1, 2, std::nan(""), 4};
  try {
    k_means({values, 1}, {.clusters = 2});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("not a finite number"));
  }
}

TEST(Standardised, HasMeanZeroAndDeviationOne) {
  const Numbers values = {1, 7, 3, 7, 5, 7};
  // A constant column becomes 0.
  expect_near(standardised({values, 2}), {-std::sqrt(1.5), 0, 0, 0, std::sqrt(1.5), 0}, 1e-15);
}

TEST(NumberByRisk, PutsTheRiskiestFirst) {
  const Places of_row = {2, 0, 2, 3};
  const std::vector<float> probabilities = {0.1F, 0.5F, 0.2F, 0.9F};
  EXPECT_THAT(number_by_risk(of_row, probabilities), ElementsAre(2, 1, 2, 0));
}

}  // namespace
}  // namespace ebb::churn
