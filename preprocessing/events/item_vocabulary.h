// The items that a sequence model knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/events/event_log.h"

namespace ebb::preprocessing {

/// Codes of items for an embedding: 0 pads, 1 is an item that is not known or missing, and 2, 3,
/// ... are items, the most frequent first.
class ItemVocabulary {
 public:
  static constexpr std::int32_t kPadding = 0;
  static constexpr std::int32_t kUnknown = 1;
  static constexpr std::int32_t kFirst = 2;

  ItemVocabulary() = default;
  /// Throws DataError for an item that is empty or given twice.
  explicit ItemVocabulary(std::vector<std::string> items);

  [[nodiscard]] const std::vector<std::string>& items() const { return items_; }
  /// How many codes there are, the first two included.
  [[nodiscard]] std::size_t size() const { return items_.size() + kFirst; }
  /// For each code of the log's items its code here. Cost: linear in both.
  [[nodiscard]] std::vector<std::int32_t> codes_for(const EventCodes& items) const;

 private:
  std::vector<std::string> items_;
};

/// The at most `most` items with at least `least` events before `cutoff`; of equally frequent ones
/// the first by bytes. Fit it at the cut-off of the training rows. Throws DataError for a log
/// without items.
ItemVocabulary fit_vocabulary(const EventLog& log, std::int64_t cutoff, std::size_t least,
                              std::size_t most);

nlohmann::json to_json(const ItemVocabulary& vocabulary);
ItemVocabulary vocabulary_from_json(const JsonReader& json);

}  // namespace ebb::preprocessing
