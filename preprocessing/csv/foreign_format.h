// Table files of other programs, which are told apart from text to say how they become text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace ebb::preprocessing {

/// How many bytes of a file's start tell its format.
inline constexpr std::size_t kFormatBytes = 64;

/// Throws DataError "NAME: is ...", with a command that makes CSV of it, if the file is one of
/// Parquet, Arrow or Feather, an Excel workbook or a zip archive: by its first bytes, or, for
/// Parquet, which may also be a folder, by its name. `start`: the file's first kFormatBytes bytes,
/// all of a shorter file.
void refuse_foreign_content(const std::filesystem::path& path, std::string_view start);
void refuse_foreign_name(const std::filesystem::path& path);

}  // namespace ebb::preprocessing
