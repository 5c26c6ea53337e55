#include "apps/churn/segments/segments_file.h"

#include <nlohmann/json.hpp>

#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::churn {
namespace {

using preprocessing::JsonReader;

constexpr std::uint64_t kMostSegmentBytes = std::uint64_t{1} << 26;

double share_of(const JsonReader& json) {
  const double share = json.number();
  if (!(share >= 0.0 && share <= 1.0)) json.refuse("expected 0 to 1");
  return share;
}

SegmentFactor factor_from(const JsonReader& json) {
  SegmentFactor factor{.column = json.member("column").text(),
                       .level = {},
                       .inside = json.member("inside").number(),
                       .outside = json.member("outside").number(),
                       .difference = json.member("difference").number()};
  if (json.has("level")) factor.level = json.member("level").text();
  return factor;
}

SegmentDescription segment_from(const JsonReader& json) {
  SegmentDescription segment{.number = json.member("segment").count(),
                             .name = json.member("name").text(),
                             .customers = json.member("customers").count(),
                             .share = share_of(json.member("share")),
                             .mean_probability = share_of(json.member("mean_probability")),
                             .churn_rate = {},
                             .factors = {}};
  if (json.has("churn_rate")) {
    segment.churn_rate =
        ShareEstimate{share_of(json.member("churn_rate")), share_of(json.member("churn_rate_low")),
                      share_of(json.member("churn_rate_high"))};
  }
  for (const JsonReader& factor : json.member("factors").elements()) {
    segment.factors.push_back(factor_from(factor));
  }
  return segment;
}

}  // namespace

SegmentTotals read_segment_totals(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMostSegmentBytes);
  try {
    const nlohmann::json document = parse_json(text);
    const JsonReader json(document, "", "");
    SegmentTotals totals{.by = json.member("by").text(),
                         .customers = json.member("customers").count(),
                         .segments = {}};
    for (const JsonReader& segment : json.member("segments").elements()) {
      totals.segments.push_back(segment_from(segment));
    }
    return totals;
  } catch (const DataError& error) {
    fail<DataError>("{}: {}; give what ebb segment wrote with --summary", path.string(),
                    error.what());
  }
}

}  // namespace ebb::churn
