// What the user declared for one step, read strictly.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::preprocessing {

/// A declared step: `step = "clip"` and its options, as an object, and where it stands.
struct StepDeclaration {
  std::string kind;
  nlohmann::json options = nlohmann::json::object();
  std::string place;  ///< "prepare.toml:7", for messages; no part of what is declared
  bool operator==(const StepDeclaration& other) const {
    return kind == other.kind && options == other.options;
  }
};

/// The options of a declaration. Each getter returns the fallback where the key is absent; all
/// throw DataError `PLACE: step "KIND": KEY: ...` for a value of another type.
class StepOptions {
 public:
  explicit StepOptions(const StepDeclaration& declaration) : declaration_(declaration) {}

  [[nodiscard]] bool has(std::string_view key);
  /// Whether the key is there and holds a number.
  [[nodiscard]] bool holds_number(std::string_view key);
  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback);
  [[nodiscard]] bool boolean(std::string_view key, bool fallback);
  [[nodiscard]] double number(std::string_view key, double fallback);
  /// A whole number from `least` to `most`.
  [[nodiscard]] std::uint64_t count(std::string_view key, std::uint64_t fallback,
                                    std::uint64_t least = 0,
                                    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] std::vector<double> numbers(std::string_view key);
  /// text() given to `parse`, whose DataError is passed on with the place in front.
  template <class Parse>
  auto parsed(std::string_view key, std::string_view fallback, Parse parse) {
    const std::string value = text(key, fallback);
    return guarded(key, [&] { return parse(value); });
  }
  /// body(), whose DataError is passed on with the place and `key` in front.
  template <class Body>
  auto guarded(std::string_view key, Body body) const {
    try {
      return body();
    } catch (const DataError& error) {
      refuse(key, error.what());
    }
  }

  /// Throws DataError for options that no getter asked for, with the nearest that one did.
  void refuse_unknown() const;
  [[noreturn]] void refuse(std::string_view key, std::string_view problem) const;
  /// The same without a key.
  [[noreturn]] void refuse(std::string_view problem) const;

 private:
  std::optional<JsonReader> find(std::string_view key);

  const StepDeclaration& declaration_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace ebb::preprocessing
