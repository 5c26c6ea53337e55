#include "engine/io/bounded_json.h"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb {
namespace {

// What a value costs at most in libstdc++, with the allocator's own bytes and room to grow in the
// array or object that holds it.
constexpr std::size_t kValueBytes = 48;
constexpr std::size_t kTextBytes = 96;
constexpr std::size_t kContainerBytes = 112;
constexpr std::size_t kKeyBytes = 144;

/// Builds the document from the parser's events, which say how much it will take before it is
/// taken.
template <class Json>
class DocumentBuilder : public nlohmann::json_sax<Json> {
  using Sax = nlohmann::json_sax<Json>;
  using Integer = typename Sax::number_integer_t;
  using Unsigned = typename Sax::number_unsigned_t;
  using Float = typename Sax::number_float_t;
  using Text = typename Sax::string_t;
  using Binary = typename Sax::binary_t;

 public:
  explicit DocumentBuilder(const JsonLimits& limits) : limits_(limits) {}

  Json take() { return std::move(document_); }

  bool null() override { return add(nullptr, kValueBytes); }
  bool boolean(bool value) override { return add(value, kValueBytes); }
  bool number_integer(Integer value) override { return add(value, kValueBytes); }
  bool number_unsigned(Unsigned value) override { return add(value, kValueBytes); }
  bool number_float(Float value, const Text&) override { return add(value, kValueBytes); }
  bool string(Text& value) override {
    const std::size_t bytes = kTextBytes + value.size();
    return add(std::move(value), bytes);
  }
  bool binary(Binary&) override { fail<DataError>("binary data, which JSON has not"); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(Text& name) override {
    charge(kKeyBytes + name.size());
    if (open_.back()->contains(name))
      fail<DataError>("the key \"{}\" stands twice", shortened(name));
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail<DataError>("byte {} is not JSON in UTF-8", position);
  }

 private:
  void charge(std::size_t bytes) {
    if (bytes > limits_.memory - used_) {
      fail<DataError>("the JSON would take more than {} bytes of memory", limits_.memory);
    }
    used_ += bytes;
  }

  /// Puts a value where the parser stands, and returns its place.
  Json* place(Json value) {
    if (open_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& member = parent[key_];
    member = std::move(value);
    return &member;
  }

  template <class Value>
  bool add(Value&& value, std::size_t bytes) {
    charge(bytes);
    place(Json(std::forward<Value>(value)));
    return true;
  }

  bool open(Json container) {
    if (open_.size() == limits_.depth) {
      fail<DataError>("the JSON nests deeper than {} levels", limits_.depth);
    }
    charge(kContainerBytes);
    // Its place stays, since its parent does not grow while it is open.
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  JsonLimits limits_;
  std::size_t used_ = 0;
  Json document_;
  std::vector<Json*> open_;
  Text key_;
};

template <class Json>
Json parse(std::string_view text, const JsonLimits& limits) {
  DocumentBuilder<Json> builder(limits);
  Json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const JsonLimits& limits) {
  return parse<nlohmann::json>(text, limits);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonLimits& limits) {
  return parse<nlohmann::ordered_json>(text, limits);
}

}  // namespace ebb
