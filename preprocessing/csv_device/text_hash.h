// Hashes of texts on a device, eight bytes at a time.
#pragma once

#include <cstdint>

#include "preprocessing/csv_device/field_text.h"

namespace ebb::preprocessing {

/// Takes in eight bytes: multiplicative hashing, as spread() (common/spread.h) does it, whose
/// factor is drawn once per process.
constexpr std::uint64_t add_to_hash(std::uint64_t hash, std::uint64_t word, std::uint64_t factor) {
  const std::uint64_t product = (hash ^ word) * factor;
  return product ^ (product >> 32);
}

/// Of the value of a field; never 0.
constexpr std::uint64_t text_hash(const FieldText& field, std::uint64_t factor) {
  std::uint64_t hash = 0;
  std::uint64_t word = 0;
  std::uint64_t bytes = 0;
  field.for_bytes([&](char c) {
    word |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * (bytes % 8));
    if (++bytes % 8 == 0) {
      hash = add_to_hash(hash, word, factor);
      word = 0;
    }
    return true;
  });
  hash = add_to_hash(add_to_hash(hash, word, factor), bytes, factor);
  return hash == 0 ? 1 : hash;
}

/// Whether two fields have the same value.
constexpr bool are_equal(const FieldText& a, const FieldText& b) {
  const char* at = b.begin;
  const bool begins_same = a.for_bytes([&](char c) {
    if (at >= b.end) return false;
    if (b.is_quoted && *at == '"') ++at;
    return *at++ == c;
  });
  return begins_same && at == b.end;
}

}  // namespace ebb::preprocessing
