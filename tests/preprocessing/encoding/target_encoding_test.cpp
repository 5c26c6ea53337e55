#include "preprocessing/encoding/target_encoding.h"

#include <cmath>

#include "preprocessing/split/random_order.h"
#include "preprocessing/split/stratified_split.h"
#include "tests/preprocessing/encoding/fixture.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(TargetEncoding, AgreesWithScikitLearn) {
  const json& fixture = encoding_fixture();
  const Column column = fixture_column(fixture["texts"]);
  const Column fresh = fixture_column(fixture["new"]);
  const auto folds = fixture["folds"].get<std::vector<std::uint32_t>>();
  ASSERT_EQ(fixture["target"].size(), 6U);
  for (const json& one : fixture["target"]) {
    SCOPED_TRACE(one["smooth"].dump());
    const auto targets = one["targets"].get<std::vector<double>>();
    const std::optional<double> smoothing =
        one["smooth"].is_string() ? std::nullopt : std::optional(one["smooth"].get<double>());
    const auto compare = [](const std::vector<double>& actual, const json& expected) {
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t row = 0; row < actual.size(); ++row) {
        const double value = expected[row].get<double>();
        EXPECT_NEAR(actual[row], value, 1e-13 * (1.0 + std::abs(value))) << row;
      }
    };
    compare(TargetEncoder::fit(column, targets, smoothing).encode(fresh), one["new"]);
    compare(encode_out_of_fold(column, targets, folds, 5, smoothing), one["out_of_fold"]);
  }
}

// What target encoding is feared for: a column of noise with many levels must not tell the label.
TEST(TargetEncoding, OutOfFoldNoiseDoesNotLeak) {
  SplitMix64 generator(1);
  std::vector<std::string> texts;
  std::vector<double> targets;
  std::vector<float> labels;
  for (int row = 0; row < 4000; ++row) {
    texts.push_back(std::to_string(generator.below(2000)));
    targets.push_back(static_cast<double>(generator.below(2)));
    labels.push_back(static_cast<float>(targets.back()));
  }
  const Column column = text_column("noise", texts);
  const auto correlation = [&](const std::vector<double>& values) {
    double xy = 0.0;
    double xx = 0.0;
    double mean = 0.0;
    for (const double value : values) mean += value / 4000.0;
    for (std::size_t row = 0; row < values.size(); ++row) {
      xy += (values[row] - mean) * (targets[row] - 0.5);
      xx += (values[row] - mean) * (values[row] - mean);
    }
    return xy / std::sqrt(xx * 1000.0);
  };
  EXPECT_GT(correlation(TargetEncoder::fit(column, targets, 1.0).encode(column)), 0.5);
  const std::vector<std::uint32_t> folds = stratified_folds(labels, 5, 7);
  EXPECT_LT(correlation(encode_out_of_fold(column, targets, folds, 5, 1.0)), 0.05);
}

TEST(TargetEncoding, EqualTargetsAndOneRow) {
  const Column column = text_column("plan", {"a", "b", "a"});
  const std::vector<double> ones(3, 1.0);
  EXPECT_EQ(TargetEncoder::fit(column, ones).encode(column), ones);
  const std::vector<double> one = {4.0};
  const TargetEncoder single = TargetEncoder::fit(text_column("plan", {"a"}), one);
  EXPECT_EQ(single.encode(text_column("plan", {"a", "", "b"})), std::vector<double>(3, 4.0));
}

TEST(TargetEncoding, MergedMomentsAreThoseOfAllTargets) {
  const TargetMoments a = {2, 1.5, 0.5};  // 1, 2
  TargetMoments both;
  both.merge(a);
  both.merge({1, 6, 0});
  EXPECT_DOUBLE_EQ(both.mean, 3.0);
  EXPECT_DOUBLE_EQ(both.squares, 14.0);
  // Far from zero, where a difference of squares would have no digit left.
  TargetMoments far;
  for (const double target : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) far.merge({1, target, 0});
  EXPECT_NEAR(far.squares, 90.0, 1e-6);
}

TEST(TargetEncoding, RefusesWhatHasNoMean) {
  const Column column = text_column("plan", {"a", "b"});
  const std::vector<double> missing = {1.0, std::nan("")};
  const std::vector<double> huge = {-1e308, 1e308};
  const std::vector<double> fine = {0.0, 1.0};
  const std::vector<double> few = {1.0};
  EXPECT_THAT(message_of([&] { TargetEncoder::fit(column, missing); }),
              HasSubstr("of column \"plan\": a target is missing, infinite or too large"));
  EXPECT_THAT(message_of([&] { TargetEncoder::fit(column, huge); }), HasSubstr("too large"));
  EXPECT_THAT(message_of([&] { TargetEncoder::fit(column, fine, -1.0); }),
              HasSubstr("column \"plan\": the smoothing is -1"));
  EXPECT_THAT(message_of([&] { TargetEncoder::fit(text_column("c", {}), {}); }),
              HasSubstr("column \"c\" has no training rows"));
  EXPECT_THAT(message_of<Error>([&] { TargetEncoder::fit(column, few); }),
              HasSubstr("1 targets for 2 rows"));
  const std::vector<std::uint32_t> one_fold = {1, 1};
  EXPECT_THAT(message_of([&] { encode_out_of_fold(column, fine, one_fold, 2); }),
              HasSubstr("all 2 rows are in one fold"));
  EXPECT_THAT(message_of<Error>([&] { encode_out_of_fold(column, fine, one_fold, 1); }),
              HasSubstr("fold 1 of 1"));
}

TEST(TargetEncoding, JsonRoundTripsAndIsChecked) {
  const json& fixture = encoding_fixture();
  const Column column = fixture_column(fixture["texts"]);
  const auto targets = fixture["target"][3]["targets"].get<std::vector<double>>();
  const TargetEncoder encoder = TargetEncoder::fit(column, targets);
  json document = ebb::testing::through_text(to_json(encoder));
  EXPECT_EQ(target_encoder_from_json(JsonReader(document)), encoder);
  document["encodings"].push_back(1.0);
  EXPECT_THAT(message_of([&] { target_encoder_from_json(JsonReader(document)); }),
              HasSubstr("8 encodings for 7 levels: expected as many"));
}

}  // namespace
}  // namespace ebb::preprocessing
