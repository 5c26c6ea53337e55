#include "preprocessing/common/json_reader.h"

#include <algorithm>
#include <cmath>

namespace ebb::preprocessing {

void JsonReader::expect_keys(std::initializer_list<std::string_view> keys) const {
  if (!value_.is_object()) refuse_type("an object");
  for (const std::string_view key : keys) {
    if (!value_.contains(std::string(key))) refuse(fmt::format("the key \"{}\" is missing", key));
  }
  for (const auto& [key, unused] : value_.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      refuse(fmt::format("the key \"{}\" is not known", key));
    }
  }
}

JsonReader JsonReader::member(std::string_view key) const {
  if (!value_.is_object()) refuse_type("an object");
  const auto found = value_.find(std::string(key));
  if (found == value_.end()) refuse(fmt::format("the key \"{}\" is missing", key));
  return JsonReader(*found, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key),
                    document_);
}

std::vector<JsonReader> JsonReader::elements() const {
  if (!value_.is_array()) refuse_type("an array");
  std::vector<JsonReader> readers;
  readers.reserve(value_.size());
  for (std::size_t i = 0; i < value_.size(); ++i) {
    readers.emplace_back(value_[i], fmt::format("{}[{}]", path_, i), document_);
  }
  return readers;
}

std::string JsonReader::text() const {
  if (!value_.is_string()) refuse_type("a string");
  return value_.get<std::string>();
}

bool JsonReader::boolean() const {
  if (!value_.is_boolean()) refuse_type("true or false");
  return value_.get<bool>();
}

double JsonReader::number() const {
  if (!value_.is_number()) refuse_type("a number");
  const double number = value_.get<double>();
  if (!std::isfinite(number)) refuse("the number is not finite");
  return number;
}

std::uint64_t JsonReader::count() const {
  // A document made in memory holds signed numbers where a parsed one holds unsigned ones.
  const bool is_count = value_.is_number_unsigned() ||
                        (value_.is_number_integer() && value_.get<std::int64_t>() >= 0);
  if (!is_count) refuse_type("a whole number, not negative");
  return value_.get<std::uint64_t>();
}

std::vector<std::string> JsonReader::texts() const {
  std::vector<std::string> values;
  for (const JsonReader& element : elements()) values.push_back(element.text());
  return values;
}

std::vector<double> JsonReader::numbers() const {
  std::vector<double> values;
  for (const JsonReader& element : elements()) values.push_back(element.number());
  return values;
}

std::vector<std::size_t> JsonReader::counts() const {
  std::vector<std::size_t> values;
  for (const JsonReader& element : elements()) values.push_back(element.count());
  return values;
}

void JsonReader::refuse(std::string_view problem) const {
  fail<DataError>("{}{}: {}", document_, path_.empty() ? "the document" : path_,
                  shortened(problem, 500));
}

void JsonReader::refuse_type(std::string_view expected) const {
  refuse(fmt::format("expected {}, got {}", expected, value_.type_name()));
}

}  // namespace ebb::preprocessing
