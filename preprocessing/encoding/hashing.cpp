#include "preprocessing/encoding/hashing.h"

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/encoding/level_lookup.h"
#include "preprocessing/encoding/one_hot.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ebb::preprocessing {
namespace {

constexpr std::uint32_t kMostBuckets = 1U << 24;

std::uint64_t hash_of(const HashingEncoder& encoder, std::string_view text) {
  return XXH3_64bits_withSeed(text.data(), text.size(), encoder.seed);
}

}  // namespace

void check(const HashingEncoder& encoder) {
  if (encoder.buckets < 1 || encoder.buckets > kMostBuckets) {
    fail<DataError>("{} hash buckets: expected 1 to {}", encoder.buckets, kMostBuckets);
  }
}

std::int32_t hash_bucket(const HashingEncoder& encoder, std::string_view text) {
  return static_cast<std::int32_t>((hash_of(encoder, text) >> 32) * encoder.buckets >> 32);
}

float hash_sign(const HashingEncoder& encoder, std::string_view text) {
  return encoder.has_signs && (hash_of(encoder, text) & 1) != 0 ? -1.0F : 1.0F;
}

HashedCodes hash_levels(const HashingEncoder& encoder, const Column& column) {
  check(encoder);
  require_texts(column);
  std::vector<std::int32_t> buckets;
  std::vector<float> signs;
  for (const std::string& level : column.levels) {
    buckets.push_back(hash_bucket(encoder, level));
    signs.push_back(hash_sign(encoder, level));
  }
  const std::span<const std::int32_t> codes(column.codes);
  return {values_of_codes(codes, buckets, HashedCodes::kNoBucket),
          values_of_codes(codes, signs, 0.0F)};
}

void write_hashed_rows(const HashedCodes& codes, const HashingEncoder& encoder, std::size_t stride,
                       std::span<float> values) {
  write_one_hot_rows(codes.buckets, codes.signs, encoder.buckets, stride, values);
}

std::vector<std::string> hashed_names(const HashingEncoder& encoder, std::string_view column) {
  std::vector<std::string> names;
  for (std::uint32_t bucket = 0; bucket < encoder.buckets; ++bucket) {
    names.push_back(fmt::format("{} #{}", column, bucket));
  }
  return names;
}

nlohmann::json to_json(const HashingEncoder& encoder) {
  return {{"buckets", encoder.buckets}, {"seed", encoder.seed}, {"signs", encoder.has_signs}};
}

HashingEncoder hashing_encoder_from_json(const JsonReader& reader) {
  reader.expect_keys({"buckets", "seed", "signs"});
  const std::uint64_t buckets = reader.member("buckets").count();
  if (buckets > kMostBuckets) reader.member("buckets").refuse("there are too many");
  const HashingEncoder encoder = {static_cast<std::uint32_t>(buckets),
                                  reader.member("seed").count(), reader.member("signs").boolean()};
  reader.guarded([&] { check(encoder); });
  return encoder;
}

}  // namespace ebb::preprocessing
