// Strict reading of JSON: every error names the path, as in "numbers[3].scaler.scale".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::preprocessing {

/// A value inside a document, with its path. All members throw DataError "DOCUMENT PATH: ...".
class JsonReader {
 public:
  /// `document`: a literal, what the value is in.
  explicit JsonReader(const nlohmann::json& value, std::string path = "",
                      std::string_view document = "pipeline: ")
      : value_(value), path_(std::move(path)), document_(document) {}

  /// Requires an object with exactly these keys.
  void expect_keys(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] JsonReader member(std::string_view key) const;
  /// Whether this is an object with that key.
  [[nodiscard]] bool has(std::string_view key) const { return value_.contains(std::string(key)); }
  [[nodiscard]] std::vector<JsonReader> elements() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] double number() const;  ///< finite
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] std::vector<double> numbers() const;
  [[nodiscard]] std::vector<std::size_t> counts() const;
  /// parse(text()), whose DataError is passed on with the path in front.
  template <class Parse>
  auto parsed(Parse parse) const {
    const std::string value = text();
    return guarded([&] { return parse(value); });
  }
  /// body(), whose DataError is passed on with the path in front.
  template <class Body>
  auto guarded(Body body) const {
    try {
      return body();
    } catch (const DataError& error) {
      refuse(error.what());
    }
  }

  [[noreturn]] void refuse(std::string_view problem) const;

 private:
  [[noreturn]] void refuse_type(std::string_view expected) const;

  const nlohmann::json& value_;
  std::string path_;
  std::string_view document_;
};

}  // namespace ebb::preprocessing
