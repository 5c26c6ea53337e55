#include "tests/support/test_json.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/support/test_data.h"

namespace ebb::testing {

nlohmann::json test_json(std::string_view name) {
  return nlohmann::json::parse(std::ifstream(test_data(name)));
}

nlohmann::json json_of(std::string_view text) { return nlohmann::json::parse(text); }

nlohmann::json through_text(const nlohmann::json& document) { return json_of(document.dump()); }

}  // namespace ebb::testing
