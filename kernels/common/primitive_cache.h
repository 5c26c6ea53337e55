// Compiled primitives of a vendor library (oneDNN, cuBLASLt plans), kept per context and shape:
// making one costs from microseconds to a third of a millisecond, looking one up a few nanoseconds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace ebb {

class PrimitiveCache {
 public:
  /// What identifies a primitive: an operation tag followed by extents, strides and dtypes.
  using Key = std::array<std::int64_t, 12>;

  /// The primitive of `key`, made by `make()` (returning std::shared_ptr<T>) on first use. One key
  /// must always be asked for with one T.
  template <class T, class Make>
  T& get(const Key& key, Make&& make) {
    auto found = primitives_.find(key);
    if (found == primitives_.end()) found = primitives_.emplace(key, make()).first;
    return *static_cast<T*>(found->second.get());
  }

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t hash = 0x9e3779b97f4a7c15u;
      for (const std::int64_t word : key) {
        hash = (hash ^ static_cast<std::uint64_t>(word)) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
      }
      return static_cast<std::size_t>(hash);
    }
  };

  std::unordered_map<Key, std::shared_ptr<void>, Hash> primitives_;
};

}  // namespace ebb
