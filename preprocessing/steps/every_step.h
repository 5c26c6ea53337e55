// The steps, with their options. Each has a file of its name.
//
// Options of all steps for which "columns" is named below: `columns` and `except` select them
// (column_selector.h). Missing values stay missing unless a step is about them.
#pragma once

#include <memory>

#include "preprocessing/steps/step_kinds.h"

namespace ebb::preprocessing {

/// drop: takes columns out. `columns` (any type) names them, or `keep` those that stay; reserved
/// columns stay always.
std::unique_ptr<Step> fit_drop(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_drop(const JsonReader& state);

/// fill: missing values. `columns`; `numbers` = "median" (default), "mean", "mode" or a number;
/// `categories` = "mode" or the text to write (default "missing"); `indicator` = true adds a number
/// column "NAME is missing", 1 or 0, for each column with missing training values.
std::unique_ptr<Step> fit_fill(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_fill(const JsonReader& state);

/// forward_fill: missing values from the same customer's past (cleaning/forward_fill.h), in every
/// table from its own rows alone. `customer` and `time` name columns, which may be reserved;
/// `time_format` as TimeFormat spells it ("iso"); `columns`. Rows without a customer or a time stay
/// as they are, and fill no others.
std::unique_ptr<Step> fit_forward_fill(StepOptions& options, Table& table,
                                       const StepContext& context);
std::unique_ptr<Step> restore_forward_fill(const JsonReader& state);

/// neighbours: missing numbers from the training rows that are most alike
/// (cleaning/nearest_neighbours.h). `columns`; `neighbours` (5), `weights` = "uniform" (default) or
/// "distance", `most_rows` (10000) training rows kept. Scale before.
std::unique_ptr<Step> fit_neighbours(StepOptions& options, Table& table,
                                     const StepContext& context);
std::unique_ptr<Step> restore_neighbours(const JsonReader& state);

/// normalise: texts that differ in spaces, case or width alone become one
/// (cleaning/text_normalisation.h). `columns`; `case` = "keep" (default), "lower" or "fold";
/// `trim`, `join_spaces`, `narrow`, `compose`, each true.
std::unique_ptr<Step> fit_normalise(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_normalise(const JsonReader& state);

/// range: numbers that cannot be (cleaning/ranges.h). `columns`; `lower`, `upper` or both;
/// `treatment` = "to_missing" (default), "clip" or "error".
std::unique_ptr<Step> fit_range(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_range(const JsonReader& state);

/// clip: numbers far from the others (cleaning/outliers.h). `columns`; `rule` = "iqr" (default),
/// "z_score" or "quantile"; `factor` (1.5, of z_score 3), `share` (0.01, of quantile); `treatment`
/// = "clip" (default), "to_missing" or "report".
std::unique_ptr<Step> fit_clip(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_clip(const JsonReader& state);

/// robust_distance: one more number, `name`: the squared robust Mahalanobis distance of a row in
/// the numbers `columns` (cleaning/mahalanobis.h). `probability` (0.975) of the cut-off that the
/// summary counts by, `most_rows` (50000) to fit.
std::unique_ptr<Step> fit_robust_distance(StepOptions& options, Table& table,
                                          const StepContext& context);
std::unique_ptr<Step> restore_robust_distance(const JsonReader& state);

/// encode: categories as numbers (encoding/). `columns`; `method`:
///   one_hot    (default) a column for each level: `min_count` (1), `min_share` (0), `max_levels`
///              (0: no limit), `unknown` = "zeros" or "other_column"
///   ordinal    its rank: `order` = "frequency", "lexical" or "declared" by `levels`
///   frequency  how often it occurs: `kind` = "share" or "count"
///   target     the mean label of its rows, shrunk: `smoothing` = "auto" or a number; training rows
///              are encoded out of fold, in `folds` (5)
///   hash       `buckets` (64) columns: `seed` (0), `signs` (true)
///   boolean    yes and no, true and false as 1 and 0; what is neither is an error among the
///              training rows, and missing in new ones
std::unique_ptr<Step> fit_encode(StepOptions& options, Table& table, const StepContext& context);
/// Whether the step will give training rows something else than apply() does: what the labels of
/// other rows say.
bool encodes_out_of_fold(const StepDeclaration& declaration);
std::unique_ptr<Step> restore_encode(const JsonReader& state);

/// date: numbers in the place of times. `columns`, which must be named; `format` as TimeFormat
/// (time/time_format.h) spells it ("iso"); `parts` of "days" since 1970, "month", "weekday" and
/// "hour" (the first three): the last three as sine and cosine, "NAME month sine".
std::unique_ptr<Step> fit_date(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_date(const JsonReader& state);

/// scale: numbers. `columns`; `method` is a name of scaling/scaling.h, default "standard";
/// `quantiles` (default 1000) for the methods that have some.
std::unique_ptr<Step> fit_scale(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_scale(const JsonReader& state);

/// derive: one more number column, `name`, of the number columns `of`; a result that is not finite
/// is missing. `operation`:
///   ratio       a / b
///   difference  a - b
///   sum         a + b + ..., of two or more
///   product     a * b * ..., of two or more
///   log1p       sign(a) log(1 + |a|)
///   bins        how many of the ascending `edges` are below a; or, with `bins` = n, of the
///   distinct
///               training quantiles i / n, 0 < i < n
std::unique_ptr<Step> fit_derive(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_derive(const JsonReader& state);

/// interact: for each pair of number columns one more column, "A * B", their product. `columns`, at
/// most 64 of them.
std::unique_ptr<Step> fit_interact(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_interact(const JsonReader& state);

/// select: drops columns (selection/). `columns`, `type` = "any" (default), "number" or "category";
/// `rule`:
///   varying       not those in which one value has `largest_share` (1) of the rows or more
///   distinct      not those that copy an earlier one
///   related       (default) the `most` related to the label, or all of at least `least`:
///                 `relation` = "pearson", "spearman", "cramers_v" or "mutual_information"
///   uncorrelated  not numbers whose |r| with a kept one exceeds `limit` (0.95)
///   important     the `most` that a model needs (StepContext::importance): `per_round` go at a
///                 time (a tenth of the columns), judged on `most_rows` (20000) rows
std::unique_ptr<Step> fit_select(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_select(const JsonReader& state);

/// pca: principal components in the place of numbers without missing values (pca/pca.h). `columns`;
/// `components` (0: all) or `explained` share of the variance (1), `standardise` (true), `prefix`
/// of the names ("component ").
std::unique_ptr<Step> fit_pca(StepOptions& options, Table& table, const StepContext& context);
std::unique_ptr<Step> restore_pca(const JsonReader& state);

}  // namespace ebb::preprocessing
