#include "tests/kernels/support/coverage.h"

#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ebb::testing {
namespace {

using Column = std::pair<DeviceKind, std::string>;

/// Tests by operation, device and kind of numbers.
std::map<std::string, std::map<Column, std::set<std::string>>>& table() {
  static std::map<std::string, std::map<Column, std::set<std::string>>> covered;
  return covered;
}

/// "Shapes/LayerNormTest" -> "LayerNorm".
std::string operation_of(std::string suite) {
  suite = suite.substr(suite.find('/') + 1);
  return suite.ends_with("Test") ? suite.substr(0, suite.size() - 4) : suite;
}

/// Prints the matrix after all tests.
class CoverageReport : public ::testing::Environment {
 public:
  void TearDown() override {
    std::set<Column> columns;
    for (const auto& [operation, cells] : table()) {
      for (const auto& [column, tests] : cells) columns.insert(column);
    }
    if (columns.empty()) return;
    std::string text = fmt::format("{:<28}", "tests of");
    for (const auto& [kind, numbers] : columns) {
      text += fmt::format("{:>10}",
                          fmt::format("{} {}", kind == DeviceKind::cpu ? "cpu" : "cuda", numbers));
    }
    for (const auto& [operation, cells] : table()) {
      text += fmt::format("\n{:<28}", operation);
      for (const Column& column : columns) {
        const auto found = cells.find(column);
        text += fmt::format("{:>10}",
                            found == cells.end() ? "-" : std::to_string(found->second.size()));
      }
    }
    fmt::print("{}\n", text);
  }
};

[[maybe_unused]] const auto* const report = ::testing::AddGlobalTestEnvironment(new CoverageReport);

}  // namespace

void note_coverage(Device device, std::string numbers) {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  table()[operation_of(test->test_suite_name())][{device.kind, std::move(numbers)}].insert(
      test->name());
}

}  // namespace ebb::testing
