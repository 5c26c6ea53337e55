#include "preprocessing/csv/csv_reader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <xxhash.h>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/record_source.h"
#include "preprocessing/csv/schema.h"
#include "preprocessing/csv/table_builder.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kTypeSampleBytes = std::size_t{32} << 20;
constexpr std::size_t kChunkBytes = std::size_t{64} << 20;

BuildPlan plan_of_numbers(TextAmongNumbers text) {
  switch (text) {
    case TextAmongNumbers::refuse_fitted:
      return BuildPlan::fitted_number;
    case TextAmongNumbers::refuse_fixed:
      return BuildPlan::fixed_number;
    case TextAmongNumbers::missing:
      return BuildPlan::number_or_missing;
    default:
      return BuildPlan::number;
  }
}

BuildPlan declared_plan(DeclaredKind kind, const CsvOptions& options) {
  switch (kind) {
    case DeclaredKind::number:
      return plan_of_numbers(options.text_among_numbers);
    case DeclaredKind::category:
      return BuildPlan::category;
    default:
      return BuildPlan::identifier;
  }
}

[[noreturn]] void fail_no_rows(const std::string& source) {
  fail<DataError>("{}: the file has a header but no rows", source);
}

/// The first blocks of a file, which decide the kinds of undeclared columns.
std::vector<FieldBlock> read_sample(RecordSource& reader, std::size_t sample_rows) {
  std::vector<FieldBlock> sample;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  while (rows < sample_rows && bytes < kTypeSampleBytes) {
    FieldBlock block;
    if (!reader.next(block)) break;
    rows += block.rows();
    bytes += block.text.size();
    sample.push_back(std::move(block));
  }
  return sample;
}

std::size_t rows_of(const std::vector<FieldBlock>& blocks) {
  return std::accumulate(
      blocks.begin(), blocks.end(), std::size_t{0},
      [](std::size_t rows, const FieldBlock& block) { return rows + block.rows(); });
}

/// About how many rows the file has, if that can be known: its bytes over those of a sample's row,
/// and 5 % more, since making room again costs more than address space does.
std::optional<std::size_t> estimate_rows(const RecordSource& reader,
                                         const std::vector<FieldBlock>& sample) {
  const std::optional<std::uint64_t> size = reader.text_size();
  if (!size) return std::nullopt;
  std::size_t bytes = 0;
  for (const FieldBlock& block : sample) bytes += block.text.size();
  const double rows = static_cast<double>(*size) / static_cast<double>(bytes) *
                      static_cast<double>(rows_of(sample));
  return static_cast<std::size_t>(1.05 * rows);
}

/// Calls body(field, line) for each row in order.
template <class Body>
void for_fields(const std::vector<FieldBlock>& blocks, std::size_t column, Body body) {
  for (const FieldBlock& block : blocks) {
    for (const FieldSlice& slice : block.slices) {
      for (std::size_t row = 0; row < slice.rows(); ++row) {
        body(slice.field(row, column), slice.line(row));
      }
    }
  }
}

std::size_t count_distinct(const std::vector<FieldBlock>& sample, std::size_t column,
                           const MissingTokens& missing) {
  std::vector<XXH64_hash_t> hashes;
  for_fields(sample, column, [&](std::string_view field, std::uint64_t) {
    if (!missing.contains(field)) hashes.push_back(XXH3_64bits(field.data(), field.size()));
  });
  std::sort(hashes.begin(), hashes.end());
  return static_cast<std::size_t>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
}

struct InferredColumn {
  BuildPlan plan = BuildPlan::inferred_text;
  std::string note;  // empty: nothing to tell
};

InferredColumn infer_column(const std::vector<FieldBlock>& sample, const WantedColumn& column,
                            const MissingTokens& missing, const std::string& source) {
  ColumnProfile profile;
  for_fields(sample, column.position, [&](std::string_view field, std::uint64_t line) {
    if (missing.contains(field)) {
      profile.add_missing();
    } else {
      profile.add(field, line);
    }
  });
  const bool is_integer = classify(profile) == ColumnContent::integers;
  const std::size_t distinct = is_integer ? count_distinct(sample, column.position, missing) : 0;
  return {plan_column(column.name, profile, distinct, source),
          describe_doubt(column.name, profile)};
}

}  // namespace

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const std::unique_ptr<RecordSource> source = open_records(path, options);
  RecordSource& reader = *source;
  const MissingTokens missing(options.missing_tokens);
  std::vector<WantedColumn> columns = wanted_columns(reader.header(), options, reader.source());
  std::vector<FieldBlock> sample = read_sample(reader, options.sample_rows);
  if (sample.empty()) fail_no_rows(reader.source());

  std::vector<BuildPlan> plans(columns.size());
  std::vector<std::string> notes(columns.size());
  parallel_for(columns.size(), rows_of(sample), [&](std::size_t i) {
    if (columns[i].declared) {
      plans[i] = declared_plan(*columns[i].declared, options);
    } else {
      InferredColumn inferred = infer_column(sample, columns[i], missing, reader.source());
      plans[i] = inferred.plan;
      notes[i] = std::move(inferred.note);
    }
  });
  TableBuilder builder(std::move(columns), plans, reader.source());
  if (const auto rows = estimate_rows(reader, sample)) builder.reserve(*rows);
  for (FieldBlock& block : sample) {
    builder.append(block, 0, block.rows(), missing);
    block = {};
  }
  FieldBlock block;
  while (reader.next(block)) builder.append(block, 0, block.rows(), missing);
  Table table = builder.finish();
  std::erase(notes, std::string());
  table.notes = std::move(notes);
  return table;
}

struct CsvReader::State {
  State(const std::filesystem::path& path, const CsvOptions& options)
      : reader(open_records(path, options)),
        missing(options.missing_tokens),
        builder(make_builder(*reader, options)) {}

  static TableBuilder make_builder(const RecordSource& reader, const CsvOptions& options) {
    if (options.undeclared == UndeclaredColumns::infer) {
      fail(
          "CsvReader: kinds cannot be inferred chunk by chunk: declare the columns and set "
          "CsvOptions::undeclared to ignore");
    }
    std::vector<WantedColumn> columns = wanted_columns(reader.header(), options, reader.source());
    std::vector<BuildPlan> plans;
    for (const WantedColumn& column : columns) {
      plans.push_back(declared_plan(*column.declared, options));
    }
    return TableBuilder(std::move(columns), plans, reader.source());
  }

  std::unique_ptr<RecordSource> reader;
  MissingTokens missing;
  TableBuilder builder;
  FieldBlock block;
  std::size_t used = 0;  // rows of block that were given out
  bool has_started = false;
};

CsvReader::CsvReader(const std::filesystem::path& path, const CsvOptions& options)
    : state_(std::make_unique<State>(path, options)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

const std::vector<std::string>& CsvReader::header() const { return state_->reader->header(); }

bool CsvReader::next(Table& chunk, std::size_t max_rows) {
  if (max_rows == 0) fail("CsvReader::next: asked for chunks of 0 rows");
  State& state = *state_;
  const bool takes_all = max_rows == std::numeric_limits<std::size_t>::max();
  std::size_t bytes = 0;  // of text, in what has been taken
  while (state.builder.rows() < max_rows && (takes_all || bytes < kChunkBytes)) {
    if (state.used == state.block.rows()) {
      state.used = 0;
      if (!state.reader->next(state.block)) {
        state.block = {};
        break;
      }
    }
    const std::size_t rows =
        std::min(max_rows - state.builder.rows(), state.block.rows() - state.used);
    state.builder.append(state.block, state.used, state.used + rows, state.missing);
    state.used += rows;
    bytes += state.block.text.size() * rows / state.block.rows();
  }
  if (state.builder.rows() == 0 && !state.has_started) fail_no_rows(state.reader->source());
  state.has_started = true;
  chunk = state.builder.finish();
  return chunk.rows() > 0;
}

}  // namespace ebb::preprocessing
