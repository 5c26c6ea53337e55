// TOML files other than settings: values that know where they stand.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace ebb::churn {

/// A TOML text as JSON, and the place of each value.
struct TomlDocument {
  nlohmann::json root;                        // tables are objects, arrays arrays
  std::map<std::string, std::string> places;  // "source:line:column" by JSON pointer
};

/// Throws DataError "source:line:column: ..." for what is no TOML, and for dates and numbers that
/// are not finite, which such files do not have.
TomlDocument parse_toml(std::string_view text, std::string_view source);

/// A value inside a document, which must outlive it. All members throw DataError with the place.
class TomlReader {
 public:
  explicit TomlReader(const TomlDocument& document, std::string pointer = "");

  /// Requires a table with none but these keys.
  void expect_keys(std::span<const std::string> keys) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] TomlReader member(std::string_view key) const;
  /// Of a table, by key.
  [[nodiscard]] std::vector<std::pair<std::string, TomlReader>> members() const;
  /// Of an array.
  [[nodiscard]] std::vector<TomlReader> elements() const;

  [[nodiscard]] const nlohmann::json& json() const { return value_; }
  [[nodiscard]] bool is_table() const { return value_.is_object(); }
  [[nodiscard]] double number(double lowest, double highest) const;
  [[nodiscard]] std::string text() const;  ///< not empty
  /// A text or a list of them, not empty.
  [[nodiscard]] std::vector<std::string> one_or_more_texts() const;

  [[noreturn]] void refuse(std::string_view problem) const;

 private:
  const TomlDocument& document_;
  std::string pointer_;
  const nlohmann::json& value_;
};

}  // namespace ebb::churn
