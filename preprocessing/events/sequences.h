// Customers' last events before a cut-off as arrays for sequence models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "preprocessing/events/event_log.h"
#include "preprocessing/events/item_vocabulary.h"
#include "preprocessing/events/windows.h"

namespace ebb::preprocessing {

/// Sequences one after another, each from the oldest event to the newest: sequence i is
/// [offsets[i], offsets[i + 1]) of the arrays.
struct PackedSequences {
  std::vector<std::size_t> offsets;
  std::vector<std::int32_t> items;  ///< codes of the vocabulary; none without an item column
  std::vector<float> gap_days;      ///< to the customer's next event, of the last to the cut-off
  std::vector<float> values;        ///< NaN where missing; none without a value column

  [[nodiscard]] std::size_t size() const { return offsets.size() - 1; }
};

/// The same as [sequences, length] arrays in row order, with 0 behind the end of each sequence.
struct PaddedSequences {
  std::size_t length = 0;
  std::vector<std::int32_t> lengths;  ///< for each sequence, at most `length`
  std::vector<std::int32_t> items;
  std::vector<float> gap_days;
  std::vector<float> values;
};

/// The last at most `most` events of each customer of the snapshot, within the observation window.
/// An item column needs a vocabulary. Cost: linear in what is written, in parallel over customers.
/// Throws DataError if `most` is 0.
PackedSequences pack_sequences(const EventLog& log, const Snapshot& snapshot,
                               const Windows& windows, const ItemVocabulary& vocabulary,
                               std::size_t most);

/// Throws DataError if a sequence is longer than `length`.
PaddedSequences pad_sequences(const PackedSequences& packed, std::size_t length);

}  // namespace ebb::preprocessing
