#include "preprocessing/csv/dialect.h"

#include <algorithm>
#include <string>

#include "kernels/common/error.h"
#include "preprocessing/csv/fields.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {
namespace {

constexpr std::string_view kCandidates = ",\t;|";
constexpr std::size_t kSampleRecords = 100;
constexpr std::size_t kDialectSampleBytes = std::size_t{1} << 20;

struct Score {
  double consistent = 0.0;
  std::size_t fields = 0;
  auto operator<=>(const Score&) const = default;
};

std::size_t count_fields(std::string text, const RecordSpan& record, char delimiter) {
  try {
    return split_record(text.data(), record, delimiter, {}, "");
  } catch (const DataError&) {
    return 0;
  }
}

Score score(std::string_view sample, char delimiter, bool is_whole_file) {
  const RecordScan scan = scan_records(sample, delimiter, 1, is_whole_file);
  if (scan.records.empty()) return {};
  const auto fields_of = [&](const RecordSpan& record) {
    const std::string copy(sample.substr(record.begin, record.end - record.begin));
    return count_fields(copy, {0, copy.size(), record.line}, delimiter);
  };
  const std::size_t in_header = fields_of(scan.records.front());
  if (in_header < 2) return {};
  const std::size_t records = std::min(kSampleRecords, scan.records.size());
  const auto consistent = std::count_if(
      scan.records.begin(), scan.records.begin() + static_cast<std::ptrdiff_t>(records),
      [&](const RecordSpan& record) { return fields_of(record) == in_header; });
  return {static_cast<double>(consistent) / static_cast<double>(records), in_header};
}

}  // namespace

char sniff_delimiter(std::string_view sample, bool is_whole_file) {
  if (sample.size() > kDialectSampleBytes) {
    sample = sample.substr(0, kDialectSampleBytes);
    is_whole_file = false;
  }
  char best = ',';
  Score best_score;
  for (const char candidate : kCandidates) {
    if (const Score candidate_score = score(sample, candidate, is_whole_file);
        candidate_score > best_score) {
      best = candidate;
      best_score = candidate_score;
    }
  }
  return best;
}

void check_delimiter(char delimiter) {
  if (kCandidates.find(delimiter) == std::string_view::npos && delimiter != kBlanks) {
    fail<DataError>(
        "delimiter '{}' is not supported: use one of ',' ';' '|', a tab, or a blank for fields "
        "between blanks",
        delimiter);
  }
}

}  // namespace ebb::preprocessing
