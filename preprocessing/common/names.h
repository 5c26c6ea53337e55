// Lists of names, and help for messages that name columns: near misses.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

/// Whether `name` is one of `names`.
bool contains(std::span<const std::string> names, std::string_view name);

/// `"a", "b", "c" and 9997 more`: at most `limit` quoted names.
std::string list_names(std::span<const std::string> names, std::size_t limit = 12);

/// The same of `count` names that begin with those of `first`, which are all listed.
std::string list_first_names(std::span<const std::string> first, std::size_t count);

/// A sentence for an error about an unknown name: the nearest of `names` by edit distance, if any
/// is near, and the list of them, of `limit`: ` Did you mean "age"? There are: "age", "income".`
std::string suggest_names(std::string_view wanted, std::span<const std::string> names,
                          std::size_t limit = 12);

}  // namespace ebb::preprocessing
