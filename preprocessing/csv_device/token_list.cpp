#include "preprocessing/csv_device/token_list.h"

namespace ebb::preprocessing {

TokenList::TokenList(std::span<const std::string> tokens) : bytes_(TokenView::kFirstBytes) {
  const auto append_length = [&](std::size_t length) {
    for (int shift = 0; shift < 32; shift += 8)
      bytes_.push_back(static_cast<unsigned char>(length >> shift));
  };
  for (const std::string& token : tokens) {
    has_empty_ |= token.empty();
    if (token.empty()) continue;
    const auto first = static_cast<unsigned char>(token.front());
    bytes_[first / 8] = static_cast<unsigned char>(bytes_[first / 8] | 1 << (first % 8));
    append_length(token.size());
    bytes_.insert(bytes_.end(), token.begin(), token.end());
  }
  append_length(0);
}

}  // namespace ebb::preprocessing
