// JSON in tests, read and written in one place: its templates take seconds to compile.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ebb::testing {

/// A fixture: the document in a file of tests/data.
nlohmann::json test_json(std::string_view name);

nlohmann::json json_of(std::string_view text);

/// The document after it was written and read again.
nlohmann::json through_text(const nlohmann::json& document);

}  // namespace ebb::testing
