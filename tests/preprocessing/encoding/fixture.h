// Texts and what scikit-learn, pandas and xxhash make of them: tests/data/encoding.json.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {

inline const nlohmann::json& encoding_fixture() {
  static const nlohmann::json document = ebb::testing::test_json("encoding.json");
  return document;
}

/// A text column of an array in which null is missing; without `keeps_missing` those are left out.
inline Column fixture_column(const nlohmann::json& texts, bool keeps_missing = true) {
  std::vector<std::string> values;
  for (const nlohmann::json& text : texts) {
    if (!text.is_null()) {
      values.push_back(text.get<std::string>());
    } else if (keeps_missing) {
      values.emplace_back();
    }
  }
  return text_column("plan", values);
}

}  // namespace ebb::preprocessing
