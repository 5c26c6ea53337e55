// The texts beside the tensors in ebb's safetensors files: which kind of file it is, in which
// version, made by which build, and more that each kind adds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "apps/churn/artefact/build_info.h"
#include "engine/io/safetensors.h"
#include "kernels/common/error.h"

namespace ebb::churn {

inline constexpr std::int64_t kFormatVersion = 1;

/// "ebb.model", say: what a file says it is.
inline constexpr std::string_view kModelFormat = "ebb.model";
inline constexpr std::string_view kCheckpointFormat = "ebb.checkpoint";

/// The metadata that every kind of file begins with. `precision` is that of the training.
SafetensorsMetadata new_metadata(std::string_view format, Precision precision);

/// A number as text that reads back to the same bits (NaN and infinities included).
std::string spell_number(double value);

/// The metadata of a file that was read. All members throw DataError, which names the file.
class MetadataReader {
 public:
  /// Checks that the file is of that format, in the version that this program reads.
  MetadataReader(const std::filesystem::path& path, const SafetensorsFile& file,
                 std::string_view format);

  const std::string& text(std::string_view name) const;
  double number(std::string_view name) const;
  std::int64_t whole_number(std::string_view name) const;
  BuildInfo build() const;

  /// parse(text(name)), whose errors are passed on with the file and name in front.
  template <class Parse>
  auto parsed(std::string_view name, Parse parse) const {
    const std::string& value = text(name);
    try {
      return parse(value);
    } catch (const std::exception& error) {
      refuse(name, error.what());
    }
  }

  [[noreturn]] void refuse(std::string_view name, std::string_view problem) const;

 private:
  std::string path_;
  const SafetensorsMetadata& metadata_;
};

}  // namespace ebb::churn
