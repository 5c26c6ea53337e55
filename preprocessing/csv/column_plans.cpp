#include "preprocessing/csv/column_plans.h"

#include <algorithm>
#include <numeric>
#include <xxhash.h>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kTypeSampleBytes = std::size_t{32} << 20;

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

ColumnPlans plan_columns(std::vector<WantedColumn> columns, const std::vector<FieldBlock>& sample,
                         const CsvOptions& options, const MissingTokens& missing,
                         const std::string& source) {
  ColumnPlans result;
  result.plans.resize(columns.size());
  result.notes.resize(columns.size());
  parallel_for(columns.size(), rows_of(sample), [&](std::size_t i) {
    if (columns[i].declared) {
      result.plans[i] = declared_plan(*columns[i].declared, options);
    } else {
      InferredColumn inferred = infer_column(sample, columns[i], missing, source);
      result.plans[i] = inferred.plan;
      result.notes[i] = std::move(inferred.note);
    }
  });
  std::erase(result.notes, std::string());
  result.columns = std::move(columns);
  return result;
}

}  // namespace ebb::preprocessing
