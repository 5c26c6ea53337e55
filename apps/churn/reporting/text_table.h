// Tables for people: aligned columns of text.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::churn {

/// Columns that a terminal needs for UTF-8 text: East Asian wide characters take two, combining
/// marks none, bytes that are not UTF-8 one each.
std::size_t display_width(std::string_view text);

/// `text` with every control character but those in `kept` replaced by a space, so that no name
/// found in a file can move the cursor.
std::string printable(std::string_view text, std::string_view kept = {});

/// Rows of cells; the first column is aligned to the left, the others to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);

  /// Adds a row. Throws Error when it has another number of cells than the header.
  void add(std::vector<std::string> row);
  std::size_t rows() const { return rows_.size() - 1; }

  /// One line per row, header first, two blanks between columns, none at the end of a line.
  std::string to_text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A number in `digits` decimals; "-" for NaN.
std::string format_metric(double value, int digits = 4);

/// A count with a comma between thousands.
std::string format_count(double value);
std::string format_count(std::integral auto value) {
  return format_count(static_cast<double>(value));
}
/// The same with its noun: "1 row", "12,345 rows", "2 categories" where `many` is given.
std::string format_counted(std::size_t count, std::string_view one, std::string_view many = {});

}  // namespace ebb::churn
