#include "preprocessing/split/time_split.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

/// A place to cut: the rows before it are those earlier than `time`.
struct Change {
  std::int64_t time = 0;
  std::size_t rows_before = 0;
};

/// The distinct times in order.
std::vector<Change> changes_of(std::span<const std::int64_t> times) {
  std::vector<std::int64_t> sorted(times.begin(), times.end());
  std::sort(sorted.begin(), sorted.end());
  if (!sorted.empty() && sorted.front() == kMissingInteger) {
    const auto row = std::find(times.begin(), times.end(), kMissingInteger) - times.begin();
    fail<DataError>("row {} has no time: expected one in every row", row + 1);
  }
  std::vector<Change> changes;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i] != sorted[i - 1]) changes.push_back({sorted[i], i});
  }
  return changes;
}

/// Of changes [begin, end), not empty, the one with nearly `rows` rows before it.
std::size_t nearest(std::span<const Change> changes, std::size_t begin, std::size_t end,
                    std::size_t rows) {
  const auto at = std::lower_bound(
      changes.begin() + static_cast<std::ptrdiff_t>(begin),
      changes.begin() + static_cast<std::ptrdiff_t>(end), rows,
      [](const Change& change, std::size_t wanted) { return change.rows_before < wanted; });
  const auto later = static_cast<std::size_t>(at - changes.begin());
  if (later == begin) return begin;
  if (later == end) return end - 1;
  const std::size_t missed = rows - changes[later - 1].rows_before;
  return changes[later].rows_before - rows <= missed ? later : later - 1;
}

/// The first time of each part but the first, where part i + 1 is to begin after wanted[i] rows.
std::vector<std::int64_t> cut(std::span<const std::int64_t> times,
                              std::span<const std::size_t> wanted) {
  const std::vector<Change> changes = changes_of(times);
  if (changes.size() == 1 && !wanted.empty()) {
    fail<DataError>("all {} rows have one time: no row is before another", times.size());
  }
  if (changes.size() <= wanted.size()) {
    fail<DataError>("{} distinct times cannot be cut into {} parts: expected one for each at least",
                    changes.size(), wanted.size() + 1);
  }
  std::vector<std::int64_t> cuts(wanted.size());
  std::size_t end = changes.size();
  for (std::size_t i = wanted.size(); i > 0; --i) {
    end = nearest(changes, i, end, wanted[i - 1]);  // i parts lie before this cut
    cuts[i - 1] = changes[end].time;
  }
  return cuts;
}

/// Whether a row at `time` may be in the part before the one that begins at `next`. The difference
/// of any two times fits without a sign.
bool is_clear_of(std::int64_t next, std::int64_t time, std::int64_t gap) {
  return static_cast<std::uint64_t>(next) - static_cast<std::uint64_t>(time) >=
         static_cast<std::uint64_t>(gap);
}

void check_gap(std::int64_t gap) {
  if (gap < 0) fail<DataError>("the gap is {}: expected at least 0", gap);
}

[[noreturn]] void fail_empty(std::string_view part, std::int64_t gap) {
  fail<DataError>("a gap of {} leaves no {} rows: take a smaller one", gap, part);
}

}  // namespace

Split time_split(std::span<const std::int64_t> times, const TimeSplitOptions& options) {
  check_fractions(options.validation_fraction, options.test_fraction);
  check_gap(options.gap);
  const auto rows_of = [&](double fraction) {
    return static_cast<std::size_t>(std::llround(static_cast<double>(times.size()) * fraction));
  };
  const std::size_t before_test = times.size() - rows_of(options.test_fraction);
  Split split;
  std::vector<std::vector<std::size_t>*> parts = {&split.train};
  std::vector<std::size_t> wanted;
  if (options.validation_fraction > 0.0) {
    parts.push_back(&split.validation);
    const std::size_t rows = rows_of(options.validation_fraction);
    wanted.push_back(before_test - std::min(before_test, rows));
  }
  if (options.test_fraction > 0.0) {
    parts.push_back(&split.test);
    wanted.push_back(before_test);
  }
  const std::vector<std::int64_t> cuts = cut(times, wanted);
  for (std::size_t row = 0; row < times.size(); ++row) {
    const auto next = std::upper_bound(cuts.begin(), cuts.end(), times[row]);
    if (next != cuts.end() && !is_clear_of(*next, times[row], options.gap)) continue;
    parts[static_cast<std::size_t>(next - cuts.begin())]->push_back(row);
  }
  if (split.train.empty()) fail_empty("training", options.gap);
  if (options.validation_fraction > 0.0 && split.validation.empty()) {
    fail_empty("validation", options.gap);
  }
  return split;
}

std::vector<Fold> time_folds(std::span<const std::int64_t> times, std::uint32_t folds,
                             std::int64_t gap) {
  if (folds < 2) fail<DataError>("{} folds: expected at least 2", folds);
  check_gap(gap);
  const std::size_t block = times.size() / (std::size_t{folds} + 1);
  std::vector<std::size_t> wanted;
  for (std::size_t left = folds; left > 0; --left) wanted.push_back(times.size() - left * block);
  const std::vector<std::int64_t> cuts = cut(times, wanted);
  std::vector<Fold> rounds(folds);
  for (std::size_t row = 0; row < times.size(); ++row) {
    const auto next = std::upper_bound(cuts.begin(), cuts.end(), times[row]);
    const auto part = static_cast<std::size_t>(next - cuts.begin());
    if (part > 0) rounds[part - 1].test.push_back(row);
    for (std::size_t round = part; round < folds; ++round) {
      if (is_clear_of(cuts[round], times[row], gap)) rounds[round].train.push_back(row);
    }
  }
  // The first round trains on the least.
  if (rounds.front().train.empty()) fail_empty("training", gap);
  return rounds;
}

}  // namespace ebb::preprocessing
