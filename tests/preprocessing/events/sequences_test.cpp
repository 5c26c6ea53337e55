#include "preprocessing/events/sequences.h"

#include <nlohmann/json.hpp>

#include "tests/preprocessing/events/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

EventLog log_of_items() {
  return read_log(
      "who,when,what,money\na,2011-01-01,x,1\na,2011-01-03,y,2\na,2011-01-03T12:00,y,\n"
      "b,2011-01-09,rare,4\nc,2011-01-10,,5\na,2011-02-01,z,9\nd,2011-02-02,z,9\n",
      {.customer = "who", .time = "when", .value = "money", .item = "what"});
}

TEST(Sequences, HoldTheLastEventsBeforeTheCutoff) {
  const EventLog log = log_of_items();
  const std::int64_t cutoff = at("2011-01-11");
  const ItemVocabulary vocabulary = fit_vocabulary(log, cutoff, 1, 2);
  EXPECT_THAT(vocabulary.items(), ElementsAre("y", "rare"));  // of x and rare the first by bytes
  const Snapshot snapshot = take_snapshot(log, cutoff, {}, {});
  const PackedSequences packed = pack_sequences(log, snapshot, {}, vocabulary, 2);
  EXPECT_THAT(packed.offsets, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(packed.items, ElementsAre(2, 2, 3, 1));
  EXPECT_THAT(packed.gap_days, ElementsAre(0.5F, 7.5F, 2.0F, 1.0F));
  EXPECT_EQ(packed.values[0], 2.0F);
  EXPECT_TRUE(std::isnan(packed.values[1]));

  const PaddedSequences padded = pad_sequences(packed, 3);
  EXPECT_THAT(padded.lengths, ElementsAre(2, 1, 1));
  EXPECT_THAT(padded.items, ElementsAre(2, 2, 0, 3, 0, 0, 1, 0, 0));
  EXPECT_THAT(padded.gap_days, ElementsAre(0.5F, 7.5F, 0, 2.0F, 0, 0, 1.0F, 0, 0));
  EXPECT_EQ(padded.values[3], 4.0F);
  EXPECT_THAT(message_of([&] { pad_sequences(packed, 1); }),
              HasSubstr("a sequence of 2 events does not fit into 1"));
}

TEST(Sequences, SeeTheObservationWindowAlone) {
  const EventLog log = log_of_items();
  const Windows windows{.observe = 8 * kMicrosecondsPerDay};
  const Snapshot snapshot = take_snapshot(log, at("2011-01-11"), windows, {});
  const PackedSequences packed = pack_sequences(log, snapshot, windows, ItemVocabulary(), 10);
  EXPECT_THAT(packed.offsets, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(packed.items, ElementsAre(1, 1, 1, 1));
  EXPECT_NE(message_of([&] { pack_sequences(log, snapshot, windows, {}, 0); }), "");
}

TEST(Sequences, NeedNeitherItemsNorMoney) {
  const EventLog log = simple_log("who,when\na,2011-01-01\n");
  const Snapshot snapshot = take_snapshot(log, at("2011-01-02"), {}, {});
  const PaddedSequences padded = pad_sequences(pack_sequences(log, snapshot, {}, {}, 4), 4);
  EXPECT_TRUE(padded.items.empty());
  EXPECT_TRUE(padded.values.empty());
  EXPECT_THAT(padded.gap_days, ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(message_of([&] { fit_vocabulary(log, 0, 1, 1); }), HasSubstr("needs an item column"));
}

TEST(Sequences, AreTheSameForAnyNumberOfThreads) {
  std::string text = "who,when,what,money\n";
  for (int i = 0; i < 20000; ++i) {
    text += fmt::format("{},2011-01-{:02}T{:02}:00,i{},{}\n", i * 7919 % 977, i * 31 % 28 + 1,
                        i * 17 % 24, i % 37, i);
  }
  std::optional<PackedSequences> first;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const EventLog log =
        read_log(text, {.customer = "who", .time = "when", .value = "money", .item = "what"});
    const Snapshot snapshot = take_snapshot(log, at("2011-01-20"), {}, {});
    const PackedSequences packed =
        pack_sequences(log, snapshot, {}, fit_vocabulary(log, snapshot.cutoff, 1, 20), 7);
    if (!first) first = packed;
    EXPECT_EQ(packed.offsets, first->offsets);
    EXPECT_EQ(packed.items, first->items);
    EXPECT_EQ(packed.gap_days, first->gap_days);
    EXPECT_EQ(packed.values, first->values);
  }
}

TEST(ItemVocabulary, ReadsBackFromJson) {
  const ItemVocabulary vocabulary({"y", "ÿ", "x"});
  const nlohmann::json document = ebb::testing::through_text(to_json(vocabulary));
  EXPECT_EQ(vocabulary_from_json(JsonReader(document)).items(), vocabulary.items());
  EXPECT_EQ(vocabulary.size(), 5U);
  const auto message = [](const char* text) {
    const nlohmann::json bad = ebb::testing::json_of(text);
    return message_of([&] { vocabulary_from_json(JsonReader(bad)); });
  };
  EXPECT_THAT(message(R"({"items": ["a", "b", "a"]})"), HasSubstr("item \"a\" is given twice"));
  EXPECT_THAT(message(R"({"items": ["a", ""]})"), HasSubstr("an item has no name"));
  EXPECT_NE(message(R"({"items": [1]})"), "");
  EXPECT_NE(message(R"({"item": []})"), "");
}

}  // namespace
}  // namespace ebb::preprocessing
