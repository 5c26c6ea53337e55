// The safetensors reader: an accepted file, written again, reads back as the same tensors and
// texts; writing it once more gives the same bytes; and one flipped bit of ours is found.
#include <algorithm>

#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/temporary_folder.h"

namespace ebb {
namespace {

using fuzzing::accepted;
using fuzzing::MemoryFile;
using fuzzing::require;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 24;

bool same(const SafetensorsFile& a, const SafetensorsFile& b) {
  return a.metadata() == b.metadata() &&
         std::equal(a.entries().begin(), a.entries().end(), b.entries().begin(), b.entries().end(),
                    [](const SafetensorsEntry& x, const SafetensorsEntry& y) {
                      return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape &&
                             std::ranges::equal(x.data, y.data);
                    });
}

void check_entries(const SafetensorsFile& file, std::size_t file_size) {
  std::size_t bytes = 0;
  for (const SafetensorsEntry& entry : file.entries()) {
    bytes += entry.data.size();
    require(file.find(entry.name) == &entry, "an entry is found by its name");
    require(entry.data.size() ==
                static_cast<std::uint64_t>(entry.shape.elements()) * size_of(entry.dtype),
            "the data has the size of shape and dtype");
    contiguous_strides(entry.shape);  // must not overflow, which the sanitizer reports
  }
  require(bytes <= file_size, "tensors lie in the file");
}

void check_bit_flip(std::string content, std::size_t seed) {
  const std::size_t bit = seed % (8 * content.size());
  content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << bit % 8));
  const MemoryFile damaged(content);
  require(!accepted([&] { return SafetensorsFile(damaged.path()); }), "a flipped bit is found");
}

void check(std::string_view content) {
  static const testing::TemporaryFolder folder;
  const MemoryFile file(content);
  const auto read = accepted([&] { return SafetensorsFile(file.path()); });
  if (!read) return;
  check_entries(*read, content.size());

  const auto path = folder / "again";
  write_safetensors(path, read->entries(), read->metadata());
  const SafetensorsFile again(path);
  require(same(*read, again), "what is written reads back");
  require(again.had_checksums(), "what is written has checksums");
  const std::string bytes = read_file(path, kMostBytes);
  write_safetensors(path, again.entries(), again.metadata());
  require(read_file(path, kMostBytes) == bytes, "equal content gives equal bytes");
  check_bit_flip(bytes, std::hash<std::string_view>{}(content));
}

}  // namespace
}  // namespace ebb

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::check(ebb::fuzzing::as_text(data, size));
  return 0;
}
