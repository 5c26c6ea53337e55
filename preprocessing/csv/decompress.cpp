// gzip through zlib, xz through liblzma, zstd through libzstd: each turns blocks of compressed
// bytes into plain ones.
#include <array>
#include <cstdint>
#include <limits>
#include <lzma.h>
#include <span>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "kernels/common/error.h"
#include "preprocessing/csv/byte_source.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kInputBytes = std::size_t{1} << 16;
// Tables shrink by a factor of 3 to 50. gzip reaches 1,000 on one repeated row, xz 7,000.
constexpr std::uint64_t kMostExpansion = 200;
constexpr std::uint64_t kFreeBytes = std::uint64_t{64} << 20;
// What unpacking `xz -9` and `zstd -19 --long=27` takes, with room to spare; a file can ask for
// 4 GiB.
constexpr std::uint64_t kMostXzMemory = std::uint64_t{128} << 20;
constexpr int kMostZstdWindowLog = 27;

/// Refuses a file that unpacks to so much more than its size that it was made for it.
class Expansion {
 public:
  void take(std::size_t bytes) { taken_ += bytes; }
  void give(std::size_t bytes, const std::string& name) {
    given_ += bytes;
    if (given_ <= kFreeBytes || given_ / kMostExpansion <= taken_) return;
    fail<DataError>(
        "{}: {} compressed bytes have become {}, more than {} times as many, as a file does that "
        "was made to fill the memory: if you trust it, unpack it and give the plain file",
        name, taken_, given_, kMostExpansion);
  }

 private:
  std::uint64_t taken_ = 0;
  std::uint64_t given_ = 0;
};

/// The compressed bytes, a block at a time.
class CompressedInput {
 public:
  CompressedInput(std::unique_ptr<ByteSource> source, const std::string& name)
      : source_(std::move(source)), name_(name) {}

  /// The next block; empty at the end.
  std::span<char> next() {
    const std::size_t got = source_->read(block_.data(), block_.size());
    expansion_.take(got);
    return {block_.data(), got};
  }
  void gave(std::size_t bytes) { expansion_.give(bytes, name_); }
  const std::string& name() const { return name_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::array<char, kInputBytes> block_;
  Expansion expansion_;
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(CompressedInput input) : input_(std::move(input)) {
    constexpr int kGzipFormat = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipFormat) != Z_OK) {
      fail<IoError>("{}: zlib cannot start", input_.name());
    }
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  std::size_t read(char* out, std::size_t capacity) override {
    constexpr std::size_t kMostAtOnce = std::numeric_limits<uInt>::max();
    const uInt wanted = static_cast<uInt>(std::min(capacity, kMostAtOnce));
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = wanted;
    while (stream_.avail_out == wanted && wanted > 0) {
      if (stream_.avail_in == 0 && !refill()) {
        if (inside_member_) fail<IoError>("{}: the gzip data is cut short", input_.name());
        return 0;
      }
      if (!inside_member_) start_member();
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        inside_member_ = false;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail<IoError>("{}: the gzip data is damaged: {}", input_.name(),
                      stream_.msg != nullptr ? stream_.msg : "unknown error");
      }
    }
    const std::size_t got = wanted - stream_.avail_out;
    input_.gave(got);
    return got;
  }

 private:
  bool refill() {
    const std::span<char> block = input_.next();
    stream_.next_in = reinterpret_cast<Bytef*>(block.data());
    stream_.avail_in = static_cast<uInt>(block.size());
    return !block.empty();
  }
  void start_member() {
    inflateReset(&stream_);
    inside_member_ = true;
  }

  CompressedInput input_;
  z_stream stream_{};
  bool inside_member_ = false;
};

class XzSource final : public ByteSource {
 public:
  explicit XzSource(CompressedInput input) : input_(std::move(input)) {
    if (lzma_stream_decoder(&stream_, kMostXzMemory, LZMA_CONCATENATED) != LZMA_OK) {
      fail<IoError>("{}: liblzma cannot start", input_.name());
    }
  }
  ~XzSource() override { lzma_end(&stream_); }

  std::size_t read(char* out, std::size_t capacity) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_.avail_out = capacity;
    while (stream_.avail_out == capacity && capacity > 0 && !finished_) {
      if (stream_.avail_in == 0 && !input_ended_) refill();
      const lzma_ret status = lzma_code(&stream_, input_ended_ ? LZMA_FINISH : LZMA_RUN);
      if (status == LZMA_STREAM_END) {
        finished_ = true;
      } else if (status == LZMA_BUF_ERROR) {
        fail<IoError>("{}: the xz data is cut short", input_.name());
      } else if (status == LZMA_MEMLIMIT_ERROR) {
        fail<DataError>(
            "{}: unpacking takes {} bytes of memory, at most {} are given: compress it with xz -9 "
            "or less, or unpack it",
            input_.name(), lzma_memusage(&stream_), kMostXzMemory);
      } else if (status != LZMA_OK) {
        fail<IoError>("{}: the xz data is damaged (liblzma error {})", input_.name(),
                      static_cast<int>(status));
      }
    }
    const std::size_t got = capacity - stream_.avail_out;
    input_.gave(got);
    return got;
  }

 private:
  void refill() {
    const std::span<char> block = input_.next();
    stream_.next_in = reinterpret_cast<std::uint8_t*>(block.data());
    stream_.avail_in = block.size();
    input_ended_ = block.empty();
  }

  CompressedInput input_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool input_ended_ = false;
  bool finished_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(CompressedInput input)
      : input_(std::move(input)), stream_(ZSTD_createDCtx()) {
    if (!stream_ || ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax,
                                                        kMostZstdWindowLog)) != 0) {
      fail<IoError>("{}: libzstd cannot start", input_.name());
    }
  }

  std::size_t read(char* out, std::size_t capacity) override {
    ZSTD_outBuffer output{out, capacity, 0};
    while (output.pos == 0 && capacity > 0) {
      // libzstd leaves a byte unread until it has given all that it holds.
      if (block_.pos == block_.size) {
        const std::span<char> block = input_.next();
        block_ = {block.data(), block.size(), 0};
        if (block.empty()) {
          if (inside_frame_) fail<IoError>("{}: the zstd data is cut short", input_.name());
          return 0;
        }
      }
      const std::size_t status = ZSTD_decompressStream(stream_.get(), &output, &block_);
      if (ZSTD_isError(status) != 0) refuse(status);
      inside_frame_ = status != 0;
    }
    input_.gave(output.pos);
    return output.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* stream) const { ZSTD_freeDCtx(stream); }
  };

  [[noreturn]] void refuse(std::size_t status) const {
    if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge) {
      fail<DataError>(
          "{}: unpacking takes more than {} MiB of memory: compress it with zstd --long={} or "
          "less, or unpack it with zstd -d --long=31",
          input_.name(), (std::uint64_t{1} << kMostZstdWindowLog) >> 20, kMostZstdWindowLog);
    }
    fail<IoError>("{}: the zstd data is damaged: {}", input_.name(), ZSTD_getErrorName(status));
  }

  CompressedInput input_;
  std::unique_ptr<ZSTD_DCtx, Free> stream_;
  ZSTD_inBuffer block_{nullptr, 0, 0};
  bool inside_frame_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> gzip_source(std::unique_ptr<ByteSource> compressed,
                                        const std::string& name) {
  return std::make_unique<GzipSource>(CompressedInput(std::move(compressed), name));
}

std::unique_ptr<ByteSource> xz_source(std::unique_ptr<ByteSource> compressed,
                                      const std::string& name) {
  return std::make_unique<XzSource>(CompressedInput(std::move(compressed), name));
}

std::unique_ptr<ByteSource> zstd_source(std::unique_ptr<ByteSource> compressed,
                                        const std::string& name) {
  return std::make_unique<ZstdSource>(CompressedInput(std::move(compressed), name));
}

}  // namespace ebb::preprocessing
