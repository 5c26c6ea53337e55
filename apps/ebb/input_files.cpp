#include "apps/ebb/input_files.h"

#include <array>
#include <cctype>

#include "apps/ebb/usage.h"

namespace ebb::program {

namespace fs = std::filesystem;

namespace {

/// Without links, dots and the folder that ebb runs in.
fs::path whole_path(const std::string& path) {
  std::error_code error;
  return fs::weakly_canonical(fs::absolute(path, error), error);
}

}  // namespace

std::string lower_case(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

void refuse_replacing(const char* option, const fs::path& out,
                      const std::vector<std::string>& inputs) {
  std::error_code error;
  if (!fs::is_regular_file(out, error)) return;
  for (const std::string& input : inputs) {
    if (fs::equivalent(out, input == "-" ? "/dev/stdin" : input, error)) {
      fail<UsageError>("{} {}: this file is read, and would be lost: choose another name", option,
                       out.string());
    }
  }
}

void refuse_other_format(const char* option, const std::string& out) {
  constexpr std::array<const char*, 9> kOthers = {".tsv",     ".gz",   ".xz",   ".zst",  ".bz2",
                                                  ".parquet", ".json", ".xlsx", ".jsonl"};
  const std::string name = lower_case(out);
  for (const char* ending : kOthers) {
    if (!name.ends_with(ending)) continue;
    fail<UsageError>("{} {}: ebb writes plain CSV with commas: choose a name that ends with .csv",
                     option, out);
  }
}

void refuse_same_output(const char* option, const std::string& out, const char* other_option,
                        const std::string& other) {
  if (out.empty() || other.empty()) return;
  std::error_code error;
  const bool is_device = fs::exists(out, error) && !fs::is_regular_file(out, error);
  const bool is_same =
      out == other || fs::equivalent(out, other, error) || whole_path(out) == whole_path(other);
  if (is_device || !is_same) return;
  fail<UsageError>("{} and {} name the same file, {}: one would replace the other", option,
                   other_option, out);
}

}  // namespace ebb::program
