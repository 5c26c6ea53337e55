// What the system says of its errors.
#pragma once

#include <string>
#include <system_error>

namespace ebb {

/// The words for a value of errno, such as "No such file or directory".
inline std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace ebb
