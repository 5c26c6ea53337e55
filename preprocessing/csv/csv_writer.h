// Builds CSV text (RFC 4180, LF line ends) in a string; the caller writes it where it belongs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

/// Appends `field`, in quotes where reading it back needs them: a delimiter, quote or line break
/// inside, or a blank at an end.
void append_csv_field(std::string& out, std::string_view field, char delimiter = ',');

/// Appends one record with its line feed. A record of one empty field is written as "".
void append_csv_record(std::string& out, std::span<const std::string> fields, char delimiter = ',');

}  // namespace ebb::preprocessing
