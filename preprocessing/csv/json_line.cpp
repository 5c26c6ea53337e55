#include "preprocessing/csv/json_line.h"

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/csv/csv_options.h"

namespace ebb::preprocessing {
/// Takes the parser's events. A line that nests ends at its second bracket.
class JsonLine::Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(JsonLine& to, const std::string& source, std::uint64_t line)
      : to_(to), source_(source), line_(line) {}

  bool null() override {
    member("null").is_null = true;
    return true;
  }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(format(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(format(value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(text); }
  bool string(string_t& value) override {
    JsonMember& to = member("a text");
    check_characters(value, to.key);
    to.text = value;
    return true;
  }
  bool binary(binary_t&) override { fail<DataError>("binary data, which JSON has not"); }

  bool start_object(std::size_t) override {
    if (is_open_) refuse_nesting("an object");
    is_open_ = true;
    return true;
  }
  bool start_array(std::size_t) override {
    if (is_open_) refuse_nesting("an array");
    refuse_top("an array, of which jq -c '.[]' makes lines");
  }
  bool end_object() override { return true; }
  bool end_array() override { return true; }

  bool key(string_t& name) override {
    check_characters(name, name);
    if (to_.count_ == kMostColumns) {
      fail<DataError>("{}:{}: the line has more than {} keys", source_, line_, kMostColumns);
    }
    if (to_.count_ == to_.members_.size()) to_.members_.emplace_back();
    JsonMember& member = to_.members_[to_.count_++];
    member.key = name;
    member.text.clear();
    member.is_null = false;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last,
                   const nlohmann::detail::exception& error) override {
    constexpr int kNumberOutOfRange = 406;
    if (error.id == kNumberOutOfRange) {
      fail<DataError>("{}:{}:{}: the number {} is beyond the largest that a number can be", source_,
                      line_, position, shortened(last));
    }
    fail<DataError>(
        "{}:{}:{}: this is no JSON in UTF-8: each line is to be an object such as {{\"customer\": "
        "7, \"time\": \"2024-01-31\"}}",
        source_, line_, position);
  }

 private:
  template <class Integer>
  std::string_view format(Integer value) {
    digits_ = fmt::format_int(value).str();
    return digits_;
  }

  /// Where the value goes that the parser is at; `what` it is.
  JsonMember& member(const char* what) {
    if (!is_open_) refuse_top(what);
    return to_.members_[to_.count_ - 1];
  }

  bool take(std::string_view text) {
    member("a single value").text = text;
    return true;
  }

  void check_characters(const std::string& text, const std::string& key) const {
    if (text.find('\0') == std::string::npos) return;
    fail<DataError>("{}:{}: the key \"{}\" has a NUL character, which no text may have", source_,
                    line_, shortened(key));
  }

  [[noreturn]] void refuse_top(const char* what) const {
    fail<DataError>(
        "{}:{}: the line holds {}: each line is to be an object such as {{\"customer\": 7, "
        "\"time\": \"2024-01-31\"}}",
        source_, line_, what);
  }

  [[noreturn]] void refuse_nesting(const char* what) const {
    fail<DataError>(
        "{}:{}: the key \"{}\" holds {}: a value is a text, a number, true, false or null; give "
        "what is inside keys of its own, or leave it out",
        source_, line_, shortened(to_.members_[to_.count_ - 1].key), what);
  }

  JsonLine& to_;
  const std::string& source_;
  std::uint64_t line_;
  std::string digits_;
  bool is_open_ = false;
};

void JsonLine::parse(std::string_view text, const std::string& source, std::uint64_t line) {
  count_ = 0;
  Handler handler(*this, source, line);
  nlohmann::json::sax_parse(text, &handler);
}

}  // namespace ebb::preprocessing
