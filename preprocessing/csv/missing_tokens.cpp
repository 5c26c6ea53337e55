#include "preprocessing/csv/missing_tokens.h"

#include <algorithm>

#include "preprocessing/csv/csv_options.h"

namespace ebb::preprocessing {

std::vector<std::string> CsvOptions::default_missing_tokens() {
  return {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"};
}

MissingTokens::MissingTokens(std::span<const std::string> tokens)
    : tokens_(tokens.begin(), tokens.end()) {
  for (const std::string& token : tokens_) {
    if (token.empty()) {
      has_empty_ = true;
    } else {
      is_first_byte_[static_cast<unsigned char>(token.front())] = true;
    }
  }
}

bool MissingTokens::is_listed(std::string_view field) const {
  return std::find(tokens_.begin(), tokens_.end(), field) != tokens_.end();
}

}  // namespace ebb::preprocessing
