// Texts inside HTML, SVG and XML.
#pragma once

#include <string>
#include <string_view>

namespace ebb::churn {

/// `text` as the content of an element or of a quoted attribute: & < > " ' become entities, control
/// characters blanks, and bytes that are not UTF-8 U+FFFD. Every text that comes from a file goes
/// through it.
std::string escaped(std::string_view text);

}  // namespace ebb::churn
