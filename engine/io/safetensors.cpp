#include "engine/io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <xxhash.h>

#include "engine/io/atomic_file.h"
#include "engine/io/input_file.h"
#include "engine/io/safetensors_header.h"
#include "kernels/common/error.h"

namespace ebb {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

using safetensors::Header;
using safetensors::TensorRecord;

constexpr std::string_view kHeaderChecksum = "ebb.checksum.header";
constexpr std::string_view kDataChecksum = "ebb.checksum.data";
// Those of the single tensors, in the order of the data: they say which tensor is damaged.
constexpr std::string_view kTensorChecksums = "ebb.checksum.tensors";
// How the header's own checksum stands in it. Within any other text the quotes would be escaped, so
// this is found only as a member of the metadata.
constexpr std::string_view kHeaderChecksumField = "\"ebb.checksum.header\":\"";
constexpr std::size_t kChecksumDigits = 32;
constexpr std::size_t kTensorChecksumDigits = 16;
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 64;

std::string hexadecimal(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

/// The checksum of a header, its own digits taken as zeros; empty if it has no such field.
std::string header_checksum(std::string_view header) {
  const std::size_t field = header.find(kHeaderChecksumField);
  if (field == std::string_view::npos) return {};
  std::string zeroed(header);
  const std::size_t digits = field + kHeaderChecksumField.size();
  const std::size_t count = std::min(kChecksumDigits, zeroed.size() - digits);
  std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(digits), count, '0');
  return hexadecimal(XXH3_128bits(zeroed.data(), zeroed.size()));
}

std::string_view stored_header_checksum(std::string_view header) {
  return header.substr(header.find(kHeaderChecksumField) + kHeaderChecksumField.size(),
                       kChecksumDigits);
}

/// The checksum of spans as if they were one.
std::string data_checksum(std::span<const SafetensorsEntry* const> entries) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  if (state == nullptr || XXH3_128bits_reset(state.get()) != XXH_OK) {
    fail("safetensors: out of memory for a checksum");
  }
  for (const SafetensorsEntry* entry : entries) {
    XXH3_128bits_update(state.get(), entry->data.data(), entry->data.size());
  }
  return hexadecimal(XXH3_128bits_digest(state.get()));
}

std::string tensor_checksum(const void* data, std::size_t bytes) {
  return fmt::format("{:016x}", XXH3_64bits(data, bytes));
}

std::string tensor_checksums(std::span<const SafetensorsEntry* const> entries) {
  std::string checksums;
  for (const SafetensorsEntry* entry : entries) {
    checksums += tensor_checksum(entry->data.data(), entry->data.size());
  }
  return checksums;
}

void check_entry(const SafetensorsEntry& entry, const std::string& file) {
  const auto bytes = static_cast<std::uint64_t>(entry.shape.elements()) * size_of(entry.dtype);
  if (bytes != entry.data.size()) {
    fail<DataError>("{}: the tensor \"{}\" has {} bytes, expected {} ({} of {})", file, entry.name,
                    entry.data.size(), bytes, to_string(entry.shape), name_of(entry.dtype));
  }
}

/// In the order of the data section.
std::vector<const SafetensorsEntry*> laid_out(std::span<const SafetensorsEntry> entries) {
  std::vector<const SafetensorsEntry*> order;
  for (const SafetensorsEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
    if (size_of(a->dtype) != size_of(b->dtype)) return size_of(a->dtype) > size_of(b->dtype);
    return a->name < b->name;
  });
  return order;
}

/// JSON, padded with spaces so that the data section is aligned, its checksum filled in.
std::string finished_header(const Header& header, const std::string& file) {
  std::string json = safetensors::format_header(header, file);
  const std::size_t end = kLengthBytes + json.size();
  json.append((kAlignment - end % kAlignment) % kAlignment, ' ');
  if (json.size() > kMaxSafetensorsHeader) {
    fail<DataError>("{}: the names and metadata take {} bytes, at most {} are possible", file,
                    json.size(), kMaxSafetensorsHeader);
  }
  const std::string checksum = header_checksum(json);
  json.replace(json.find(kHeaderChecksumField) + kHeaderChecksumField.size(), kChecksumDigits,
               checksum);
  return json;
}

/// The length of the header, after checking that the file holds all of it.
std::uint64_t read_header_length(InputFile& input, const std::string& file) {
  if (input.size() < kLengthBytes) {
    fail<DataError>(
        "{}: has {} bytes, a safetensors file has at least {}; it was cut or is another "
        "kind of file",
        file, input.size(), kLengthBytes);
  }
  std::uint64_t length = 0;
  std::memcpy(&length, input.read(kLengthBytes).data(), kLengthBytes);
  if (length > kMaxSafetensorsHeader) {
    fail<DataError>(
        "{}: states a header of {} bytes, at most {} are possible; it is damaged or no "
        "safetensors file",
        file, length, kMaxSafetensorsHeader);
  }
  if (length > input.size() - kLengthBytes) {
    fail<DataError>("{}: has {} bytes, its header alone ends at byte {}; it was cut or is damaged",
                    file, input.size(), kLengthBytes + length);
  }
  return length;
}

/// Whether the header has a checksum, spelled as ebb does, which then is right.
bool check_header_checksum(std::string_view header, const std::string& file) {
  const std::string checksum = header_checksum(header);
  if (checksum.empty()) return false;
  if (checksum == stored_header_checksum(header)) return true;
  fail<DataError>(
      "{}: the header is damaged: its checksum is {}, expected {}; if another program "
      "rewrote the file, remove the metadata {}*",
      file, checksum, stored_header_checksum(header), kChecksumPrefix);
}

std::vector<const TensorRecord*> in_data_order(const Header& header) {
  std::vector<const TensorRecord*> order;
  for (const TensorRecord& tensor : header.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const TensorRecord* a, const TensorRecord* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  return order;
}

/// The tensors must fill the data section exactly, without overlap.
void check_layout(std::span<const TensorRecord* const> order, std::uint64_t data_bytes,
                  const std::string& file) {
  std::uint64_t position = 0;
  std::string cut;
  for (const TensorRecord* tensor : order) {
    if (tensor->begin != position) {
      fail<DataError>(
          "{}: the tensor \"{}\" begins at byte {} of the data, expected {}: tensors lie "
          "without gap or overlap",
          file, shortened(tensor->name), tensor->begin, position);
    }
    position = tensor->end;
    if (cut.empty() && position > data_bytes) cut = fmt::format(" from \"{}\" on", tensor->name);
  }
  if (position != data_bytes) {
    fail<DataError>("{}: the data has {} bytes, expected {}; the file was cut or is damaged{}",
                    file, data_bytes, position, cut);
  }
}

/// `" in \"a\" and 2 more tensors"`: those whose checksums are not the listed ones; empty if the
/// list does not tell.
std::string damaged_tensors(std::span<const TensorRecord* const> order, std::string_view data,
                            std::string_view checksums) {
  if (checksums.size() != order.size() * kTensorChecksumDigits) return {};
  const TensorRecord* first = nullptr;
  std::size_t damaged = 0;
  for (const TensorRecord* tensor : order) {
    if (tensor_checksum(data.data() + tensor->begin, tensor->end - tensor->begin) !=
        checksums.substr(0, kTensorChecksumDigits)) {
      if (damaged++ == 0) first = tensor;
    }
    checksums.remove_prefix(kTensorChecksumDigits);
  }
  if (damaged == 0) return {};
  return damaged == 1 ? fmt::format(" in \"{}\"", first->name)
                      : fmt::format(" in \"{}\" and {} more tensors", first->name, damaged - 1);
}

void check_data_checksum(std::span<const TensorRecord* const> order, std::string_view data,
                         const std::string& expected, std::string_view tensor_checksums,
                         const std::string& file) {
  const std::string checksum = hexadecimal(XXH3_128bits(data.data(), data.size()));
  if (checksum == expected) return;
  fail<DataError>("{}: the data is damaged{}: its checksum is {}, expected {}", file,
                  damaged_tensors(order, data, tensor_checksums), checksum, expected);
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                       const SafetensorsMetadata& metadata) {
  write_file_atomically(path,
                        [&](AtomicFile& output) { write_safetensors(output, entries, metadata); });
}

void write_safetensors(AtomicFile& output, std::span<const SafetensorsEntry> entries,
                       const SafetensorsMetadata& metadata) {
  const std::string file = output.target().string();
  for (const auto& [name, text] : metadata) {
    if (name.starts_with(kChecksumPrefix)) {
      fail<DataError>("{}: the metadata name \"{}\" is reserved", file, name);
    }
  }
  for (const SafetensorsEntry& entry : entries) check_entry(entry, file);
  const std::vector<const SafetensorsEntry*> order = laid_out(entries);
  Header header;
  std::uint64_t position = 0;
  for (const SafetensorsEntry* entry : order) {
    const std::uint64_t end = position + entry->data.size();
    header.tensors.push_back({entry->name, entry->dtype, entry->shape, position, end});
    position = end;
  }
  header.metadata = metadata;
  header.metadata.emplace(kHeaderChecksum, std::string(kChecksumDigits, '0'));
  header.metadata.emplace(kDataChecksum, data_checksum(order));
  header.metadata.emplace(kTensorChecksums, tensor_checksums(order));
  const std::string json = finished_header(header, file);
  const std::uint64_t length = json.size();

  output.expect(kLengthBytes + length + position);
  output.write(std::as_bytes(std::span(&length, 1)));
  output.write(json);
  for (const SafetensorsEntry* entry : order) output.write(entry->data);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) {
  const std::string file = path.string();
  InputFile input(path, "a safetensors file");
  const std::uint64_t length = read_header_length(input, file);
  const std::uint64_t data_bytes = input.size() - kLengthBytes - length;
  const std::vector<char> text = input.read(length);
  const std::string_view header_text(text.data(), text.size());
  const bool is_checked = check_header_checksum(header_text, file);
  Header header = safetensors::parse_header(header_text, file);
  const std::vector<const TensorRecord*> order = in_data_order(header);
  check_layout(order, data_bytes, file);
  data_ = input.read(data_bytes);
  const std::string_view data(data_.data(), data_.size());

  const auto data_sum = header.metadata.extract(std::string(kDataChecksum));
  const auto header_sum = header.metadata.extract(std::string(kHeaderChecksum));
  const auto tensor_sums = header.metadata.extract(std::string(kTensorChecksums));
  if (!header_sum.empty() && !is_checked) {
    fail<DataError>(
        "{}: another program rewrote the header and kept its old checksum; remove the metadata {}*",
        file, kChecksumPrefix);
  }
  if (data_sum.empty() != header_sum.empty()) {
    fail<DataError>("{}: the header is damaged: it has only one of the checksums {} and {}", file,
                    kHeaderChecksum, kDataChecksum);
  }
  // One of ours with a flipped bit.
  const auto other = header.metadata.lower_bound(std::string(kChecksumPrefix));
  if (other != header.metadata.end() && other->first.starts_with(kChecksumPrefix)) {
    fail<DataError>("{}: the header is damaged: there is no checksum \"{}\"", file,
                    shortened(other->first));
  }
  had_checksums_ = !data_sum.empty();
  if (had_checksums_) {
    check_data_checksum(order, data, data_sum.mapped(),
                        tensor_sums.empty() ? std::string_view() : tensor_sums.mapped(), file);
  }
  metadata_ = std::move(header.metadata);
  const auto bytes = std::as_bytes(std::span(data));
  for (TensorRecord& tensor : header.tensors) {
    entries_.push_back({std::move(tensor.name), tensor.dtype, tensor.shape,
                        bytes.subspan(tensor.begin, tensor.end - tensor.begin)});
  }
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), name,
      [](const SafetensorsEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

}  // namespace ebb
