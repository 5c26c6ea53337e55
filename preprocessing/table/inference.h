// What kind of column its values make it. The rules, in order, over the non-missing values of the
// sample (all rows of a file of usual size):
//   1. no value, or one value in every row: constant;
//   2. every value a number:
//      - whole numbers of which over 1 % have leading zeros ("00501"): codes, so text (rule 3);
//      - whole numbers of more than 15 bytes, a sign included: codes, so text, since f64 may not
//        hold them;
//      - whole numbers, (nearly) unique: identifier (see is_integer_identifier);
//      - else number. Fractional numbers are never identifiers; 0/1 is a number;
//   3. no value, or fewer than 90 %, a number: text. (Nearly) unique texts are an identifier, the
//      rest, yes/no, dates and numbers with a decimal comma included, a category;
//   4. at least 90 % numbers, but not all: DataError at the first text. Someone typed it there, or
//      a missing token is not known: guessing either way would hide it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

/// Counts over some values of one column, in order of rows.
struct ColumnProfile {
  std::size_t rows = 0;
  std::size_t missing = 0;
  std::size_t numbers = 0;
  std::size_t integers = 0;
  std::size_t comma_decimals = 0;  ///< texts such as "1,5": numbers but for the comma
  std::size_t zero_led = 0;        ///< whole numbers of two digits or more that begin with 0
  double lowest = 0.0;             ///< of the numbers
  double highest = 0.0;
  std::size_t shortest = 0;  ///< bytes of the values
  std::size_t longest = 0;
  std::string first_text;  ///< the first value that is no number, on line first_text_line
  std::uint64_t first_text_line = 0;

  /// Counts one value.
  void add(std::string_view value, std::uint64_t line);
  void add_missing() { ++rows, ++missing; }
  /// Counts one whole number in its shortest spelling, of `bytes` bytes.
  void add_integer(std::int64_t value, std::size_t bytes);
  /// Counts what another profile of the same column counted, of rows further down.
  void add(const ColumnProfile& below);
  [[nodiscard]] std::size_t values() const { return rows - missing; }

 private:
  void add_length(std::size_t bytes);
  void add_number(double value);
};

/// What the values of a column are made of; identifiers and constants are told apart later.
enum class ColumnContent { none, numbers, integers, text, numbers_with_text };

/// Rules 2 to 4 above. `none`: no values at all.
ColumnContent classify(const ColumnProfile& profile);

/// A sentence for the user if the values of a text column look like numbers that are not read as
/// such: mixed with texts, or with decimal commas. Else empty.
std::string describe_doubt(std::string_view name, const ColumnProfile& profile);

/// Whether whole numbers are an identifier: at least 95 % distinct, and one of
///   - the name says so (has_identifier_name);
///   - 20 values or more, and each whole number from lowest to highest is among them;
///   - 20 values or more, and n numbers drawn at random from the R in [lowest, highest] would
///     repeat n - R (1 - (1 - 1/R)^n) >= 10 times, and 4 times as often as these do;
///   - 20 values or more, all of one length of 7 digits or more, and none repeated.
/// A whole number that is unique by chance in a small table, such as an income, is none of these.
bool is_integer_identifier(std::string_view name, const ColumnProfile& profile,
                           std::size_t distinct);

/// Whether texts are an identifier: at least 95 % distinct, 20 values or more or a name that says
/// so, and no numbers with a decimal comma. `distinct` holds each text once.
bool is_text_identifier(std::string_view name, std::size_t values,
                        std::span<const std::string> distinct);

/// Whether all texts are numbers, one of them with a decimal comma at least.
bool are_comma_decimals(std::span<const std::string> texts);

/// Whether a word of the column name is id, uuid, guid, key, rownumber, 编号, 号码, ... or the name
/// ends with "ID" or "Id".
bool has_identifier_name(std::string_view name);

/// Throws DataError: "source:line: column "age": "abc" is not a number ...", with how to mend it.
[[noreturn]] void fail_not_a_number(std::string_view source, std::uint64_t line,
                                    std::string_view column, std::string_view value,
                                    std::string_view reason);
/// As fail_not_a_number, for a column that was one of numbers when the model was trained.
[[noreturn]] void fail_no_longer_a_number(std::string_view source, std::uint64_t line,
                                          std::string_view column, std::string_view value);
/// As fail_not_a_number, for a column that can hold nothing else.
[[noreturn]] void fail_must_be_a_number(std::string_view source, std::uint64_t line,
                                        std::string_view column, std::string_view value);

}  // namespace ebb::preprocessing
