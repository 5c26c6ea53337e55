#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {

std::int32_t Dictionary::code(std::string_view text) {
  if (const auto found = codes_.find(text); found != codes_.end()) return found->second;
  const auto next = static_cast<std::int32_t>(order_.size());
  const auto [node, inserted] = codes_.emplace(text, next);
  order_.push_back(&node->first);
  return next;
}

std::vector<std::string> Dictionary::take_levels() && {
  std::vector<std::string> levels;
  levels.reserve(order_.size());
  for (const std::string* key : order_) levels.push_back(*key);
  codes_.clear();
  order_.clear();
  return levels;
}

}  // namespace ebb::preprocessing
