// gzip through zlib, xz through liblzma: each turns blocks of compressed bytes into plain ones.
#include <array>
#include <cstdint>
#include <limits>
#include <lzma.h>
#include <zlib.h>

#include "kernels/common/error.h"
#include "preprocessing/csv/byte_source.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kInputBytes = std::size_t{1} << 16;
// Tables shrink by a factor of 3 to 50. gzip reaches 1,000 on one repeated row, xz 7,000.
constexpr std::uint64_t kMostExpansion = 200;
constexpr std::uint64_t kFreeBytes = std::uint64_t{64} << 20;
// What unpacking `xz -9` takes, with room to spare; a file can ask for 4 GiB.
constexpr std::uint64_t kMostXzMemory = std::uint64_t{128} << 20;

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

class GzipSource final : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> compressed, std::string name)
      : compressed_(std::move(compressed)), name_(std::move(name)) {
    constexpr int kGzipFormat = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipFormat) != Z_OK) {
      fail<IoError>("{}: zlib cannot start", name_);
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
        if (inside_member_) fail<IoError>("{}: the gzip data is cut short", name_);
        return 0;
      }
      if (!inside_member_) start_member();
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        inside_member_ = false;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail<IoError>("{}: the gzip data is damaged: {}", name_,
                      stream_.msg != nullptr ? stream_.msg : "unknown error");
      }
    }
    const std::size_t got = wanted - stream_.avail_out;
    expansion_.give(got, name_);
    return got;
  }

 private:
  bool refill() {
    const std::size_t got = compressed_->read(input_.data(), input_.size());
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(got);
    expansion_.take(got);
    return got > 0;
  }
  void start_member() {
    inflateReset(&stream_);
    inside_member_ = true;
  }

  std::unique_ptr<ByteSource> compressed_;
  std::string name_;
  std::array<char, kInputBytes> input_;
  z_stream stream_{};
  Expansion expansion_;
  bool inside_member_ = false;
};

class XzSource final : public ByteSource {
 public:
  XzSource(std::unique_ptr<ByteSource> compressed, std::string name)
      : compressed_(std::move(compressed)), name_(std::move(name)) {
    if (lzma_stream_decoder(&stream_, kMostXzMemory, LZMA_CONCATENATED) != LZMA_OK) {
      fail<IoError>("{}: liblzma cannot start", name_);
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
        fail<IoError>("{}: the xz data is cut short", name_);
      } else if (status == LZMA_MEMLIMIT_ERROR) {
        fail<DataError>(
            "{}: unpacking takes {} bytes of memory, at most {} are given: compress it with xz -9 "
            "or less, or unpack it",
            name_, lzma_memusage(&stream_), kMostXzMemory);
      } else if (status != LZMA_OK) {
        fail<IoError>("{}: the xz data is damaged (liblzma error {})", name_,
                      static_cast<int>(status));
      }
    }
    const std::size_t got = capacity - stream_.avail_out;
    expansion_.give(got, name_);
    return got;
  }

 private:
  void refill() {
    const std::size_t got = compressed_->read(input_.data(), input_.size());
    stream_.next_in = reinterpret_cast<std::uint8_t*>(input_.data());
    stream_.avail_in = got;
    input_ended_ = got == 0;
    expansion_.take(got);
  }

  std::unique_ptr<ByteSource> compressed_;
  std::string name_;
  std::array<char, kInputBytes> input_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  Expansion expansion_;
  bool input_ended_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> gzip_source(std::unique_ptr<ByteSource> compressed, std::string name) {
  return std::make_unique<GzipSource>(std::move(compressed), std::move(name));
}

std::unique_ptr<ByteSource> xz_source(std::unique_ptr<ByteSource> compressed, std::string name) {
  return std::make_unique<XzSource>(std::move(compressed), std::move(name));
}

}  // namespace ebb::preprocessing
