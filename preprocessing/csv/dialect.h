// Guesses the delimiter of a CSV file.
#pragma once

#include <string_view>

namespace ebb::preprocessing {

/// The delimiter among `,` tab `;` `|` under which the header has at least two fields and the
/// largest share of the sample's first 100 records has as many fields as the header; ties go to the
/// one with more fields, then to the order above. A comma if no candidate splits the header.
/// `is_whole_file`: the sample's last record is complete even without a line break.
char sniff_delimiter(std::string_view sample, bool is_whole_file);

/// Throws DataError unless `delimiter` is one of the four, or a blank, which is never guessed,
/// since texts have blanks too.
void check_delimiter(char delimiter);

}  // namespace ebb::preprocessing
