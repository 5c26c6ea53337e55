// Where results go: files that are whole or absent, or standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "engine/io/atomic_file.h"

namespace ebb::program {

/// The file name that means standard output.
inline constexpr std::string_view kStandardOutput = "-";

/// A result that is written piece by piece.
class Output {
 public:
  /// Opens it, so that a place that cannot be written to is found before the work is done. Throws
  /// IoError.
  explicit Output(const std::string& path);

  /// All throw IoError.
  void write(std::string_view text);
  /// As AtomicFile::settle.
  void settle();
  /// Puts the file in its place; without it nothing changes there.
  void commit();
  /// As AtomicFile::has_temporary.
  [[nodiscard]] bool has_temporary() const { return file_ != nullptr && file_->has_temporary(); }

 private:
  std::unique_ptr<AtomicFile> file_;  // null: standard output
};

/// A file that gets one JSON document at the end of the work, of which a signal meanwhile leaves no
/// trace.
class JsonOutput {
 public:
  /// Tries `path`, so that a place that cannot be written to is found before the work is done. An
  /// empty one: nothing is written. Throws IoError.
  explicit JsonOutput(const std::string& path);

  /// The whole document and a line end. Throws IoError.
  void write(const nlohmann::ordered_json& json);

 private:
  std::string path_;
  std::optional<Output> kept_;  // a device or pipe, whose reader would take closing for the end
};

/// Hands what was printed so far to standard output. Throws IoError.
void flush_standard_output();

/// A warning on standard error.
void warn(std::string_view message);

}  // namespace ebb::program
