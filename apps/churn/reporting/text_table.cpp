#include "apps/churn/reporting/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"

namespace ebb::churn {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// The blocks that terminals draw over two columns (Unicode's East Asian Width W and F, in blocks).
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                           {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range kCombining[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <std::size_t kCount>
bool is_in(std::uint32_t point, const Range (&ranges)[kCount]) {
  return std::any_of(std::begin(ranges), std::end(ranges), [point](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

std::size_t bytes_of_sequence(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  if (lead >= 0xC0) return 2;
  return 1;
}

/// The code point at `position`, and the bytes it takes; a broken sequence counts as one byte.
std::pair<std::uint32_t, std::size_t> decode(std::string_view text, std::size_t position) {
  const auto lead = static_cast<unsigned char>(text[position]);
  const std::size_t size = bytes_of_sequence(lead);
  if (size == 1 || position + size > text.size()) return {lead, 1};
  std::uint32_t point = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[position + i]);
    if ((byte & 0xC0u) != 0x80u) return {lead, 1};
    point = (point << 6) | (byte & 0x3Fu);
  }
  return {point, size};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t position = 0; position < text.size();) {
    const auto [point, size] = decode(text, position);
    if (!is_in(point, kCombining)) width += is_in(point, kWide) ? 2 : 1;
    position += size;
  }
  return width;
}

std::string printable(std::string_view text, std::string_view kept) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [&](char c) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        return is_control && kept.find(c) == std::string_view::npos;
      },
      ' ');
  return clean;
}

TextTable::TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void TextTable::add(std::vector<std::string> row) {
  if (row.size() != rows_.front().size()) {
    fail("TextTable: a row of {} cells under a header of {}", row.size(), rows_.front().size());
  }
  rows_.push_back(std::move(row));
}

std::string TextTable::to_text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - display_width(row[i]), ' ');
      line += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string format_metric(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits);
}

std::string format_counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", format_count(static_cast<double>(count)),
                     preprocessing::noun_for(count, one, many));
}

std::string format_count(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t place = digits.size(); place > first + 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

}  // namespace ebb::churn
