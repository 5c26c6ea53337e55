// JSON from files that may be hostile: read with limits on nesting and on memory.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ebb {

struct JsonLimits {
  /// Arrays and objects inside each other. ebb's own documents have at most 6.
  std::size_t depth = 32;
  /// Bytes that the document may take in memory, counted on the safe side: many times the text for
  /// a text of empty arrays, which is what the limit is for.
  std::size_t memory = std::size_t{512} << 20;
};

/// The document that `text` spells. Throws DataError when the text is not JSON in UTF-8, nests
/// deeper or takes more memory than `limits` allow (before it is taken), or has a key twice in one
/// object.
nlohmann::json parse_json(std::string_view text, const JsonLimits& limits = {});

/// The same with keys in the order of the text. Finding one takes time in proportion to their
/// number, so a text of thousands of keys needs a `limits.memory` that refuses it.
nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace ebb
