// One pass, byte by byte; without a quote, which is usual, vector by vector.
#include <algorithm>
#include <vector>

#include "preprocessing/csv/device_separators_backends.h"
#include "preprocessing/csv/records.h"

namespace ebb::preprocessing::cpu {
namespace {

struct Found {
  DeviceSeparators separators;
  std::vector<std::uint32_t> offsets;
};

Found find_unquoted(std::string_view text, char delimiter) {
  Found found;
  found.offsets.resize(text.size() + kSeparatorSlack);
  found.separators.found = preprocessing::find_separators(text, delimiter, found.offsets.data());
  found.offsets.resize(found.separators.found.count);
  return found;
}

Found find_between_quotes(std::string_view text, char delimiter) {
  Found found;
  DeviceSeparators& result = found.separators;
  result.has_quotes = true;
  bool is_quoted = false;
  bool may_open = true;  // at the begin of a field, or right behind a closing quote
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    result.found.is_plain &= c > 0;
    if (c == '"') {
      result.is_regular &= is_quoted || may_open;
      is_quoted = !is_quoted;
      may_open = true;
      continue;
    }
    if (is_quoted) {
      result.inner_feeds += c == '\n' ? 1 : 0;
      continue;
    }
    const bool is_separator = c == delimiter || c == '\n';
    if (is_separator) found.offsets.push_back(static_cast<std::uint32_t>(i));
    result.found.line_feeds += c == '\n' ? 1 : 0;
    if (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
      result.found.has_lone_return = true;
    }
    const bool follows_quote = i > 0 && text[i - 1] == '"';
    may_open = is_separator || (may_open && !follows_quote && is_padding(c, delimiter));
  }
  result.found.count = found.offsets.size();
  result.ends_in_quotes = is_quoted;
  return found;
}

}  // namespace

DeviceSeparators find_separators(Context& context, const Tensor& tensor, char delimiter) {
  const std::string_view text(tensor.view().as<const char>(),
                              static_cast<std::size_t>(tensor.elements()));
  const bool has_quotes = text.find('"') != std::string_view::npos;
  Found found = has_quotes ? find_between_quotes(text, delimiter) : find_unquoted(text, delimiter);
  const auto count = static_cast<std::int64_t>(found.offsets.size());
  found.separators.offsets = Tensor::empty({count}, DType::i32, context.device());
  std::copy(found.offsets.begin(), found.offsets.end(),
            found.separators.offsets.view().as<std::uint32_t>());
  return std::move(found.separators);
}

}  // namespace ebb::preprocessing::cpu
