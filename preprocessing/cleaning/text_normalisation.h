// One spelling for texts that differ in spaces, case or width alone: " Basic", "BASIC" and
// "Ｂａｓｉｃ".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

enum class TextCase {
  keep,
  lower,  ///< each character's lower case; one character stays one
  fold,   ///< Unicode's full case folding, for comparison: "Straße" and "STRASSE" are "strasse"
};

/// What is done to a text, in this order. The tables are those of Debian's utf8proc (Unicode 15),
/// which is small and, unlike the C library's locales, part of the program wherever it runs.
struct TextOptions {
  /// Full-width characters become ASCII: U+FF01..U+FF5E, and U+3000, the space.
  bool narrows = true;
  TextCase text_case = TextCase::keep;
  /// Characters with an accent written as two become one (normal form C).
  bool composes = true;
  /// Spaces at both ends go; inside, each run of them becomes one space (U+0020). A space is what
  /// Unicode calls white space: tabs, line ends, the no-break space and so on.
  bool trims = true;
  bool joins_spaces = true;
  bool operator==(const TextOptions&) const = default;
};

/// The text, normalised. Bytes that are no UTF-8 stay as they are. Idempotent.
std::string normalise_text(std::string_view text, const TextOptions& options);

struct TextReport {
  std::size_t changed_rows = 0;   ///< whose text became another
  std::size_t emptied_rows = 0;   ///< of these, texts that are missing now
  std::size_t merged_levels = 0;  ///< that became equal to an earlier one
  bool operator==(const TextReport&) const = default;
};

/// Normalises the levels of a column in place, merges equal ones (in order of first appearance) and
/// takes a level for missing that became empty or one of `missing_texts`. Each level is normalised
/// once, then rows change their codes in parallel. Nothing is done to numbers and integers. Adds to
/// `report`, if given.
void normalise_levels(Column& column, const TextOptions& options, TextReport* report = nullptr,
                      std::span<const std::string> missing_texts = {});

/// "keep", "lower", "fold"; parse throws DataError that lists them.
std::string_view text_case_name(TextCase text_case);
TextCase parse_text_case(std::string_view name);

nlohmann::json to_json(const TextOptions& options);
TextOptions text_options_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
