// A category as a bucket of a hash, for levels too many or too new to be kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// Feature hashing (K. Weinberger et al., "Feature hashing for large scale multitask learning",
/// 2009). Of h = XXH3_64bits(text, seed), which is the same on every machine,
///   bucket = upper 32 bits of h * buckets / 2^32,   sign = +1 if h is even, else -1.
/// Signs make the collisions of a sum of several features cancel on average. Nothing is fitted, so
/// nothing can leak; there is no inverse. scikit-learn's FeatureHasher does the same with another
/// hash.
struct HashingEncoder {
  std::uint32_t buckets = 64;  ///< 1 to 2^24
  std::uint64_t seed = 0;
  bool has_signs = true;  ///< else all are +1
  bool operator==(const HashingEncoder&) const = default;
};

/// kNoBucket for a missing value.
struct HashedCodes {
  static constexpr std::int32_t kNoBucket = -1;
  std::vector<std::int32_t> buckets;
  std::vector<float> signs;  ///< 0 for a missing value
};

/// Throws DataError unless there are 1 to 2^24 buckets.
void check(const HashingEncoder& encoder);
std::int32_t hash_bucket(const HashingEncoder& encoder, std::string_view text);
float hash_sign(const HashingEncoder& encoder, std::string_view text);

/// The buckets and signs of all rows of a text column: each level is hashed once.
HashedCodes hash_levels(const HashingEncoder& encoder, const Column& column);

/// Rows of `encoder.buckets` places, zeros but for the sign at the bucket; row r begins at
/// values[r * stride]. In parallel. Throws Error unless all rows fit into `values`.
void write_hashed_rows(const HashedCodes& codes, const HashingEncoder& encoder, std::size_t stride,
                       std::span<float> values);

/// `city #0`, `city #1`, ...
std::vector<std::string> hashed_names(const HashingEncoder& encoder, std::string_view column);

nlohmann::json to_json(const HashingEncoder& encoder);
HashingEncoder hashing_encoder_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
