#include "engine/io/bounded_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb {
namespace {

std::string message_of(std::string_view text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, limits);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(BoundedJson, GivesWhatTheLibraryGives) {
  for (const std::string text :
       {R"({"b":[1,-2,0.5,1e300,true,null,"列\n",[],{}],"a":{"b":{"c":18446744073709551615}}})",
        "[]", "{}", "7", "\"\"", "null", " [ [ ] , { } ] "}) {
    EXPECT_EQ(parse_json(text), nlohmann::json::parse(text)) << text;
    EXPECT_EQ(parse_ordered_json(text).dump(), nlohmann::ordered_json::parse(text).dump()) << text;
  }
}

TEST(BoundedJson, RefusesWhatIsNoJson) {
  EXPECT_EQ(message_of("[1,2"), "byte 5 is not JSON in UTF-8");
  EXPECT_EQ(message_of(""), "byte 1 is not JSON in UTF-8");
  EXPECT_EQ(message_of("\"\xff\""), "byte 2 is not JSON in UTF-8");
  EXPECT_EQ(message_of("1e999"), "byte 5 is not JSON in UTF-8");
  EXPECT_EQ(message_of("{} {}"), "byte 4 is not JSON in UTF-8");
}

TEST(BoundedJson, RefusesKeysTwice) {
  EXPECT_EQ(message_of(R"([{"a":1},{"a":1,"b":{"a":2}}])"), "no error");
  EXPECT_EQ(message_of(R"([{"a":1,"b":{},"a":1}])"), "the key \"a\" stands twice");
}

TEST(BoundedJson, RefusesDepth) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(message_of(nested(32)), "no error");
  EXPECT_EQ(message_of(nested(33)), "the JSON nests deeper than 32 levels");
  EXPECT_EQ(message_of(nested(200'000)), "the JSON nests deeper than 32 levels");
  EXPECT_EQ(message_of(R"({"a":{"a":[]}})", {.depth = 3}), "no error");
  EXPECT_EQ(message_of(R"({"a":{"a":[]}})", {.depth = 2}), "the JSON nests deeper than 2 levels");
}

TEST(BoundedJson, RefusesMemory) {
  std::string arrays = "[[]";
  for (int i = 0; i < 1000; ++i) arrays += ",[]";
  arrays += "]";
  EXPECT_EQ(message_of(arrays, {.memory = 200'000}), "no error");
  EXPECT_EQ(message_of(arrays, {.memory = 100'000}),
            "the JSON would take more than 100000 bytes of memory");
  EXPECT_EQ(message_of("\"" + std::string(2000, 'x') + "\"", {.memory = 1000}),
            "the JSON would take more than 1000 bytes of memory");
}

}  // namespace
}  // namespace ebb
