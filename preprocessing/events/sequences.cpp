#include "preprocessing/events/sequences.h"

#include <algorithm>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kSequencesPerRange = 256;
constexpr std::size_t kWorkPerSequence = 64;  // about, in cells

/// values, each sequence at the begin of its row.
template <class T>
std::vector<T> padded(const std::vector<T>& values, const PackedSequences& packed,
                      std::size_t length) {
  if (values.empty()) return {};
  std::vector<T> rows(packed.size() * length, T{});
  const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
  for (std::size_t i = 0; i < packed.size(); ++i) {
    std::copy(values.begin() + at(packed.offsets[i]), values.begin() + at(packed.offsets[i + 1]),
              rows.begin() + at(i * length));
  }
  return rows;
}

}  // namespace

PackedSequences pack_sequences(const EventLog& log, const Snapshot& snapshot,
                               const Windows& windows, const ItemVocabulary& vocabulary,
                               std::size_t most) {
  if (most == 0) fail<DataError>("sequences need a length of at least 1");
  const std::size_t count = snapshot.customers.size();
  std::vector<EventLog::Range> ranges(count);
  parallel_ranges(
      count, kWorkPerSequence, kSequencesPerRange, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          EventLog::Range& range = ranges[i];
          range = log.between(snapshot.customers[i], windows.observation_begin(snapshot.cutoff),
                              snapshot.cutoff);
          range.begin = std::max(range.begin, range.end - std::min(range.end, most));
        }
      });
  PackedSequences packed;
  packed.offsets = {0};
  for (const EventLog::Range& range : ranges) {
    packed.offsets.push_back(packed.offsets.back() + range.end - range.begin);
  }
  const std::vector<std::int32_t> item_codes = vocabulary.codes_for(log.items());
  packed.gap_days.resize(packed.offsets.back());
  if (log.items().is_there()) packed.items.resize(packed.offsets.back());
  if (!log.values().empty()) packed.values.resize(packed.offsets.back());
  parallel_ranges(
      count, kWorkPerSequence, kSequencesPerRange, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          std::size_t to = packed.offsets[i];
          for (std::size_t event = ranges[i].begin; event < ranges[i].end; ++event, ++to) {
            const std::int64_t next =
                event + 1 < ranges[i].end ? log.times()[event + 1] : snapshot.cutoff;
            packed.gap_days[to] =
                static_cast<float>(static_cast<double>(next - log.times()[event]) /
                                   static_cast<double>(kMicrosecondsPerDay));
            if (!packed.values.empty()) packed.values[to] = to_float(log.values()[event]);
            if (packed.items.empty()) continue;
            const std::int32_t code = log.items().codes[event];
            packed.items[to] = code == kMissingCode ? ItemVocabulary::kUnknown
                                                    : item_codes[static_cast<std::size_t>(code)];
          }
        }
      });
  return packed;
}

PaddedSequences pad_sequences(const PackedSequences& packed, std::size_t length) {
  PaddedSequences result;
  result.length = length;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const std::size_t events = packed.offsets[i + 1] - packed.offsets[i];
    if (events > length) {
      fail<DataError>("a sequence of {} events does not fit into {}", events, length);
    }
    result.lengths.push_back(static_cast<std::int32_t>(events));
  }
  result.items = padded(packed.items, packed, length);
  result.gap_days = padded(packed.gap_days, packed, length);
  result.values = padded(packed.values, packed, length);
  return result;
}

}  // namespace ebb::preprocessing
