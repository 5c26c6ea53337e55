// The pieces that an HTML report is put together from. What they make is HTML and well-formed XML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/reporting/markup.h"

namespace ebb::churn {

/// <p>, of plain text.
std::string paragraph(std::string_view text);

/// <ul> of plain texts; nothing for none.
std::string bullet_list(const std::vector<std::string>& items);

/// A part of the report with its heading, of plain text, and its content, of HTML.
std::string section(std::string_view id, std::string_view heading, std::string_view content);

/// A table of plain texts whose first column names the rows. It scrolls sideways where it is too
/// wide for the screen.
struct HtmlTable {
  std::string caption;
  std::vector<std::string> header;             ///< at least one
  std::vector<std::vector<std::string>> rows;  ///< as long as the header
  bool has_numbers = true;     ///< the columns after the first are aligned to the right,
  bool ends_in_words = false;  ///< but the last is not
};
/// Throws Error where a row has another number of cells than the header.
std::string to_html(const HtmlTable& table);

/// Plots side by side where there is room.
std::string plot_group(const std::vector<std::string>& plots);

/// The whole document in this language ("en", "zh-CN"), without scripts and with a policy that
/// forbids all that is loaded; `body` is HTML.
std::string html_document(std::string_view language, std::string_view title, std::string_view body);

}  // namespace ebb::churn
