#include "preprocessing/cleaning/text_normalisation.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <utf8proc.h>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {
namespace {

using CodePoint = utf8proc_int32_t;

/// Calls body(code point, bytes) for each character, with code point -1 for a byte that is none.
template <class Body>
void for_each_character(std::string_view text, Body body) {
  while (!text.empty()) {
    CodePoint character = -1;
    const utf8proc_ssize_t read =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &character);
    const std::size_t length = read > 0 ? static_cast<std::size_t>(read) : 1;
    body(read > 0 ? character : -1, text.substr(0, length));
    text.remove_prefix(length);
  }
}

void append(CodePoint character, std::string& text) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t length = utf8proc_encode_char(character, bytes.data());
  text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

CodePoint narrowed(CodePoint character) {
  constexpr CodePoint kFullWidth = 0xFF01;
  constexpr CodePoint kLastFullWidth = 0xFF5E;
  if (character == 0x3000) return ' ';
  return character >= kFullWidth && character <= kLastFullWidth ? character - kFullWidth + '!'
                                                                : character;
}

void append_folded(CodePoint character, std::string& text) {
  std::array<CodePoint, 8> folded{};  // at most three characters
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      character, folded.data(), static_cast<utf8proc_ssize_t>(folded.size()), UTF8PROC_CASEFOLD,
      &boundary);
  for (utf8proc_ssize_t i = 0; i < count; ++i) append(folded[static_cast<std::size_t>(i)], text);
}

std::string with_case_and_width(std::string_view text, const TextOptions& options) {
  std::string result;
  for_each_character(text, [&](CodePoint character, std::string_view bytes) {
    if (character < 0) {
      result.append(bytes);
      return;
    }
    if (options.narrows) character = narrowed(character);
    if (options.text_case == TextCase::fold) {
      append_folded(character, result);
    } else {
      append(options.text_case == TextCase::lower ? utf8proc_tolower(character) : character,
             result);
    }
  });
  return result;
}

/// Normal form C; the text itself if it is no UTF-8.
std::string composed(std::string text) {
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (length < 0) return text;
  return {reinterpret_cast<const char*>(result), static_cast<std::size_t>(length)};
}

/// Unicode's property White_Space.
bool is_space(CodePoint c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::string with_spaces(std::string_view text, const TextOptions& options) {
  std::string result;
  std::string spaces;  // since the last other character
  bool is_start = true;
  for_each_character(text, [&](CodePoint character, std::string_view bytes) {
    if (is_space(character)) {
      spaces.append(bytes);
      return;
    }
    const bool is_kept = !(is_start && options.trims);
    if (!spaces.empty() && is_kept) result.append(options.joins_spaces ? " " : spaces);
    spaces.clear();
    is_start = false;
    result.append(bytes);
  });
  if (!spaces.empty() && !options.trims) result.append(options.joins_spaces ? " " : spaces);
  return result;
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

std::string normalise_text(std::string_view text, const TextOptions& options) {
  std::string result(text);
  if (options.narrows || options.text_case != TextCase::keep) {
    result = with_case_and_width(result, options);
  }
  if (options.composes && !is_plain(result)) result = composed(std::move(result));
  if (options.trims || options.joins_spaces) result = with_spaces(result, options);
  return result;
}

void normalise_levels(Column& column, const TextOptions& options, TextReport* report,
                      std::span<const std::string> missing_texts) {
  if (column.codes.empty()) return;
  Dictionary dictionary;
  std::vector<std::int32_t> code_of_level;
  std::vector<std::uint8_t> is_changed;
  TextReport found;
  for (const std::string& level : column.levels) {
    const std::string text = normalise_text(level, options);
    const std::size_t before = dictionary.size();
    const bool is_missing = text.empty() || contains(missing_texts, text);
    code_of_level.push_back(is_missing ? kMissingCode : dictionary.code(text));
    found.merged_levels += !is_missing && dictionary.size() == before ? 1 : 0;
    is_changed.push_back(text == level ? 0 : 1);
  }
  constexpr std::size_t kRange = 16384;
  std::vector<TextReport> parts((column.codes.size() + kRange - 1) / kRange);
  parallel_ranges(column.codes.size(), 1, kRange, [&](std::size_t begin, std::size_t end) {
    TextReport& part = parts[begin / kRange];
    for (std::size_t row = begin; row < end; ++row) {
      std::int32_t& code = column.codes[row];
      if (code == kMissingCode) continue;
      const auto level = static_cast<std::size_t>(code);
      code = code_of_level[level];
      part.changed_rows += is_changed[level];
      part.emptied_rows += code == kMissingCode ? 1 : 0;
    }
  });
  column.levels = std::move(dictionary).take_levels();
  if (report == nullptr) return;
  report->merged_levels += found.merged_levels;
  for (const TextReport& part : parts) {
    report->changed_rows += part.changed_rows;
    report->emptied_rows += part.emptied_rows;
  }
}

std::string_view text_case_name(TextCase text_case) {
  switch (text_case) {
    case TextCase::keep:
      return "keep";
    case TextCase::lower:
      return "lower";
    case TextCase::fold:
      return "fold";
  }
  return "unknown";
}

TextCase parse_text_case(std::string_view name) {
  for (const TextCase text_case : {TextCase::keep, TextCase::lower, TextCase::fold}) {
    if (name == text_case_name(text_case)) return text_case;
  }
  fail<DataError>("\"{}\" is no case of texts: use keep, lower or fold", name);
}

nlohmann::json to_json(const TextOptions& options) {
  return {{"narrows", options.narrows},
          {"case", text_case_name(options.text_case)},
          {"composes", options.composes},
          {"trims", options.trims},
          {"joins_spaces", options.joins_spaces}};
}

TextOptions text_options_from_json(const JsonReader& reader) {
  reader.expect_keys({"narrows", "case", "composes", "trims", "joins_spaces"});
  return {reader.member("narrows").boolean(), reader.member("case").parsed(parse_text_case),
          reader.member("composes").boolean(), reader.member("trims").boolean(),
          reader.member("joins_spaces").boolean()};
}

}  // namespace ebb::preprocessing
