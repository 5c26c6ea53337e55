#include "preprocessing/csv/byte_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "kernels/common/error.h"
#include "kernels/common/system_error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/foreign_format.h"

namespace ebb::preprocessing {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

/// A file descriptor whose first bytes can be looked at without being consumed.
class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int descriptor, bool owned, std::string name)
      : descriptor_(descriptor), owned_(owned), name_(std::move(name)) {
    struct stat status {};
    const off_t position = ::lseek(descriptor, 0, SEEK_CUR);
    if (position >= 0 && ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
      begin_ = position;
      size_ = static_cast<std::uint64_t>(std::max(status.st_size - position, off_t{0}));
    }
  }
  ~DescriptorSource() override {
    if (owned_) ::close(descriptor_);
  }

  std::string_view peek(std::size_t size) {
    while (ahead_.size() < size) {
      char bytes[kFormatBytes];
      const std::size_t got = read_descriptor(bytes, std::min(size - ahead_.size(), sizeof(bytes)));
      if (got == 0) break;
      ahead_.append(bytes, got);
    }
    return ahead_;
  }

  std::size_t read(char* out, std::size_t capacity) override {
    if (ahead_.empty()) return size_ ? read_pieces(out, capacity) : read_descriptor(out, capacity);
    const std::size_t size = std::min(capacity, ahead_.size());
    std::memcpy(out, ahead_.data(), size);
    ahead_.erase(0, size);
    return size;
  }

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::size_t read_descriptor(char* out, std::size_t capacity) {
    const std::size_t got = retry([&] { return ::read(descriptor_, out, capacity); });
    taken_ += got;
    return got;
  }

  /// Of a regular file, whose bytes the system copies: on several threads in less time.
  std::size_t read_pieces(char* out, std::size_t capacity) {
    // A piece at least, though nothing be left: the file may have grown.
    const std::uint64_t left = *size_ - std::min(*size_, taken_);
    capacity = std::min(capacity, std::max<std::size_t>(left, kPieceBytes));
    const off_t position = begin_ + static_cast<off_t>(taken_);
    std::vector<std::size_t> got((capacity + kPieceBytes - 1) / kPieceBytes);
    parallel_for(got.size(), kPieceBytes, [&](std::size_t i) {
      const std::size_t begin = i * kPieceBytes;
      const std::size_t wanted = std::min(kPieceBytes, capacity - begin);
      got[i] = retry([&] {
        return ::pread(descriptor_, out + begin, wanted, position + static_cast<off_t>(begin));
      });
    });
    // Up to the first piece that is not whole: there the file ends, or is to be asked again.
    std::size_t sum = 0;
    for (std::size_t i = 0; i < got.size() && sum == i * kPieceBytes; ++i) sum += got[i];
    taken_ += sum;
    return sum;
  }

  template <class Read>
  std::size_t retry(Read read) const {
    for (;;) {
      const ssize_t got = read();
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail<IoError>("{}: cannot read: {}", name_, reason(errno));
    }
  }

  int descriptor_;
  bool owned_;
  std::string name_;
  std::string ahead_;
  std::uint64_t taken_ = 0;            // bytes read so far
  std::optional<std::uint64_t> size_;  // of a regular file, from where reading began
  off_t begin_ = 0;                    // where that is
};

}  // namespace

std::string source_name(const std::filesystem::path& path) {
  return path == "-" ? "standard input" : path.string();
}

std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path) {
  const std::string name = source_name(path);
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail<IoError>("{}: cannot open: {}", name, reason(errno));
  auto source = std::make_unique<DescriptorSource>(descriptor, !standard_input, name);
  refuse_foreign_name(path);
  const std::string_view start = source->peek(kFormatBytes);
  if (start.starts_with("\x1f\x8b"sv)) return gzip_source(std::move(source), name);
  if (start.starts_with("\xfd"
                        "7zXZ\0"sv))
    return xz_source(std::move(source), name);
  if (start.starts_with("\x28\xb5\x2f\xfd"sv)) return zstd_source(std::move(source), name);
  refuse_foreign_content(path, start);
  return source;
}

}  // namespace ebb::preprocessing
