#include "preprocessing/events/item_vocabulary.h"

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/events/level_counts.h"
#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {

ItemVocabulary::ItemVocabulary(std::vector<std::string> items) : items_(std::move(items)) {
  Dictionary known;
  for (const std::string& item : items_) {
    if (item.empty()) fail<DataError>("vocabulary: an item has no name");
    if (known.find(item) != Dictionary::kUnknown) {
      fail<DataError>("vocabulary: item \"{}\" is given twice", shortened(item));
    }
    known.code(item);
  }
}

std::vector<std::int32_t> ItemVocabulary::codes_for(const EventCodes& items) const {
  Dictionary known;
  for (const std::string& item : items_) known.code(item);
  std::vector<std::int32_t> codes;
  codes.reserve(items.levels.size());
  for (const std::string& level : items.levels) {
    const std::int32_t code = known.find(level);
    codes.push_back(code == Dictionary::kUnknown ? kUnknown : code + kFirst);
  }
  return codes;
}

ItemVocabulary fit_vocabulary(const EventLog& log, std::int64_t cutoff, std::size_t least,
                              std::size_t most) {
  if (!log.items().is_there()) {
    fail<DataError>("{}: a vocabulary needs an item column", log.source());
  }
  std::vector<std::string> items;
  for (LevelCount& count : count_levels(log, log.items(), cutoff)) {
    if (count.events < least || items.size() == most) break;
    items.push_back(std::move(count.level));
  }
  return ItemVocabulary(std::move(items));
}

nlohmann::json to_json(const ItemVocabulary& vocabulary) { return {{"items", vocabulary.items()}}; }

ItemVocabulary vocabulary_from_json(const JsonReader& json) {
  json.expect_keys({"items"});
  return json.guarded([&] { return ItemVocabulary(json.member("items").texts()); });
}

}  // namespace ebb::preprocessing
