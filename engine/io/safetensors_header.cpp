#include "engine/io/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::safetensors {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kLongestReport = 500;  // names may have megabytes

constexpr DType kDTypes[] = {DType::f32, DType::f64, DType::bf16, DType::f16,
                             DType::i32, DType::i64, DType::u8};

/// Receives the header's tokens and admits none but those of the format, so that hostile nesting,
/// duplicates and sizes never become a document in memory.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  Header take() {
    std::sort(header_.tensors.begin(), header_.tensors.end(),
              [](const TensorRecord& a, const TensorRecord& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(
        header_.tensors.begin(), header_.tensors.end(),
        [](const TensorRecord& a, const TensorRecord& b) { return a.name == b.name; });
    if (twice != header_.tensors.end())
      refuse("the tensor \"{}\" twice", "names once", twice->name);
    return std::move(header_);
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == kMetadata) {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      if (header_.tensors.size() == kMaxSafetensorsNames) {
        refuse("more than {} tensors", "at most that", kMaxSafetensorsNames);
      }
      place_ = Place::tensor;
      tensor_.emplace();
      tensor_->name = key_;
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) finish_tensor();
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }

  bool key(string_t& text) override {
    key_ = std::move(text);
    if (place_ == Place::top && key_ == kMetadata) {
      if (has_metadata_) refuse("\"{}\" twice", "it once", kMetadata);
      has_metadata_ = true;
    }
    return true;
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) {
      if (header_.metadata.size() == kMaxSafetensorsNames) {
        refuse("more than {} texts in \"{}\"", "at most that", kMaxSafetensorsNames, kMetadata);
      }
      if (!header_.metadata.emplace(key_, std::move(text)).second) {
        refuse("the metadata \"{}\" twice", "names once", key_);
      }
    } else if (place_ == Place::tensor && key_ == "dtype") {
      if (has_dtype_) refuse("two dtypes of \"{}\"", "one", tensor_->name);
      has_dtype_ = true;
      tensor_->dtype = dtype_named(text);
    } else {
      unexpected("a text");
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor) unexpected("an array");
    std::optional<std::vector<std::uint64_t>>* list = nullptr;
    if (key_ == "shape") list = &shape_;
    if (key_ == "data_offsets") list = &offsets_;
    if (list == nullptr) unexpected("an array");
    if (*list) refuse("two lists \"{}\" of \"{}\"", "one", key_, tensor_->name);
    place_ = Place::list;
    list_ = &list->emplace();
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::list) unexpected(fmt::format("the number {}", value));
    const std::size_t most = key_ == "shape" ? kMaxRank : 2;
    if (list_->size() == most) {
      refuse("more than {} numbers in \"{}\" of \"{}\"", "at most that", most, key_, tensor_->name);
    }
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse("{} in \"{}\" of \"{}\"", "numbers below 2^63", value, key_, tensor_->name);
    }
    list_->push_back(value);
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool number_integer(number_integer_t value) override {
    unexpected(fmt::format("the number {}", value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    unexpected(fmt::format("the number {}", text));
  }
  bool binary(binary_t&) override { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail<DataError>(
        "{}: byte {} of the header is not JSON in UTF-8; the file is damaged or no "
        "safetensors file",
        file_, position);
  }

 private:
  enum class Place { outside, top, metadata, tensor, list };

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> found, std::string_view expected,
                           Args&&... args) const {
    fail<DataError>("{}: the header has {}, expected {}", file_,
                    shortened(fmt::format(found, std::forward<Args>(args)...), kLongestReport),
                    expected);
  }

  [[noreturn]] void unexpected(std::string_view found) const {
    const std::string at = key_.empty() ? std::string() : fmt::format(" at \"{}\"", key_);
    refuse("{}{}",
           "{\"__metadata__\": {text: text}, name: {\"dtype\": text, \"shape\": [extents], "
           "\"data_offsets\": [begin, end]}, ...}",
           found, at);
  }

  DType dtype_named(const std::string& name) const {
    for (const DType dtype : kDTypes) {
      if (format_name(dtype) == name) return dtype;
    }
    refuse("the dtype \"{}\" of \"{}\"", "F32, F64, BF16, F16, I32, I64 or U8", name,
           tensor_->name);
  }

  void finish_tensor() {
    const std::string& name = tensor_->name;
    if (!has_dtype_ || !shape_ || !offsets_ || offsets_->size() != 2) {
      refuse("an incomplete tensor \"{}\"", "\"dtype\", \"shape\" and two \"data_offsets\"", name);
    }
    const auto element_bytes = static_cast<std::int64_t>(size_of(tensor_->dtype));
    std::int64_t spanned = element_bytes;  // taking extents of 0 for 1: strides must fit too
    for (const std::uint64_t extent : *shape_) {
      if (__builtin_mul_overflow(spanned, std::max<std::uint64_t>(extent, 1), &spanned)) {
        refuse("a shape of \"{}\" whose elements overflow", "a size below 2^63", name);
      }
      tensor_->shape.push_back(static_cast<std::int64_t>(extent));
    }
    const auto bytes = static_cast<std::uint64_t>(tensor_->shape.elements() * element_bytes);
    tensor_->begin = (*offsets_)[0];
    tensor_->end = (*offsets_)[1];
    if (tensor_->begin > tensor_->end || tensor_->end - tensor_->begin != bytes) {
      refuse("offsets {} to {} of \"{}\"",
             fmt::format("{} bytes ({} of {})", bytes, to_string(tensor_->shape),
                         format_name(tensor_->dtype)),
             tensor_->begin, tensor_->end, name);
    }
    header_.tensors.push_back(std::move(*tensor_));
    tensor_.reset();
    shape_.reset();
    offsets_.reset();
    has_dtype_ = false;
  }

  const std::string& file_;
  Header header_;
  Place place_ = Place::outside;
  std::string key_;
  std::optional<TensorRecord> tensor_;
  std::optional<std::vector<std::uint64_t>> shape_, offsets_;
  std::vector<std::uint64_t>* list_ = nullptr;
  bool has_dtype_ = false;
  bool has_metadata_ = false;
};

}  // namespace

std::string_view format_name(DType dtype) {
  constexpr std::string_view names[] = {"F32", "F64", "BF16", "F16", "I32", "I64", "U8"};
  return names[static_cast<std::size_t>(dtype)];
}

Header parse_header(std::string_view json, const std::string& file) {
  HeaderReader reader(file);
  Json::sax_parse(json, &reader);
  return reader.take();
}

std::string format_header(const Header& header, const std::string& file) {
  Json json = Json::object();
  if (!header.metadata.empty()) json[std::string(kMetadata)] = header.metadata;
  for (const TensorRecord& tensor : header.tensors) {
    if (tensor.name == kMetadata) {
      fail<DataError>("{}: a tensor cannot be named \"{}\"", file, kMetadata);
    }
    const bool added =
        json.emplace(
                tensor.name,
                Json{{"dtype", format_name(tensor.dtype)},
                     {"shape", std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.end())},
                     {"data_offsets", {tensor.begin, tensor.end}}})
            .second;
    if (!added) fail<DataError>("{}: two tensors are named \"{}\"", file, tensor.name);
  }
  try {
    return json.dump();
  } catch (const Json::type_error& error) {
    fail<DataError>("{}: a name or metadata text is not UTF-8: {}", file, error.what());
  }
}

}  // namespace ebb::safetensors
