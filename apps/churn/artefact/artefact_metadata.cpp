#include "apps/churn/artefact/artefact_metadata.h"

#include <charconv>

#include <fmt/format.h>

namespace ebb::churn {
namespace {

template <class Number>
Number parse_all_of(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) fail<DataError>("\"{}\" is no number", text);
  return value;
}

}  // namespace

SafetensorsMetadata new_metadata(std::string_view format, Precision precision) {
  const BuildInfo build = this_build(precision);
  return {{"format", std::string(format)},
          {"format_version", fmt::format("{}", kFormatVersion)},
          {"ebb_version", build.ebb_version},
          {"instruction_set", build.instruction_set},
          {"onednn_version", build.onednn_version}};
}

std::string spell_number(double value) { return fmt::format("{}", value); }

MetadataReader::MetadataReader(const std::filesystem::path& path, const SafetensorsFile& file,
                               std::string_view format)
    : path_(path.string()), metadata_(file.metadata()) {
  const auto found = metadata_.find("format");
  if (found == metadata_.end() || found->second != format) {
    fail<DataError>(
        "{}: is {}, expected a file of the format \"{}\", which ebb train writes", path_,
        found == metadata_.end() ? "a safetensors file without ebb's metadata"
                                 : fmt::format("a file of the format \"{}\"", found->second),
        format);
  }
  if (const std::int64_t version = whole_number("format_version"); version != kFormatVersion) {
    fail<DataError>(
        "{}: is of version {} of the format \"{}\", this program reads version {}: {}", path_,
        version, format, kFormatVersion,
        version > kFormatVersion ? "use the newer ebb that wrote it" : "train again with this ebb");
  }
}

const std::string& MetadataReader::text(std::string_view name) const {
  const auto found = metadata_.find(std::string(name));
  if (found == metadata_.end()) refuse(name, "it is missing");
  return found->second;
}

double MetadataReader::number(std::string_view name) const {
  return parsed(name, parse_all_of<double>);
}

std::int64_t MetadataReader::whole_number(std::string_view name) const {
  return parsed(name, parse_all_of<std::int64_t>);
}

BuildInfo MetadataReader::build() const {
  return {text("ebb_version"), text("instruction_set"), text("onednn_version")};
}

void MetadataReader::refuse(std::string_view name, std::string_view problem) const {
  fail<DataError>("{}: the metadata \"{}\" is wrong: {}", path_, name, shortened(problem, 1000));
}

}  // namespace ebb::churn
