// The columns of a scores file, beside the one that names the customer.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace ebb::churn {

inline constexpr std::array<std::string_view, 3> kScoreColumns = {"probability", "decision",
                                                                  "risk_band"};

/// Throws DataError if the id column has the name of one of a file's other columns, `names`: no
/// table can have two columns of a name. `source` is the customer table, `mend` what its owner can
/// do.
void check_id_column(std::string_view id_column, std::string_view source, std::string_view mend,
                     std::span<const std::string_view> names = kScoreColumns);

}  // namespace ebb::churn
