#include "apps/churn/segments/segments_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace ebb::churn {
namespace {

nlohmann::ordered_json factor_json(const SegmentFactor& factor) {
  nlohmann::ordered_json json = {{"column", factor.column}};
  if (factor.level) json["level"] = *factor.level;
  json["inside"] = factor.inside;
  json["outside"] = factor.outside;
  json["difference"] = factor.difference;
  // Infinite where no other customer has the level: JSON has no such number.
  if (factor.level && std::isfinite(factor.lift())) json["lift"] = factor.lift();
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(std::span<const SegmentDescription> segments) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const SegmentDescription& segment : segments) {
    nlohmann::ordered_json json = {{"segment", segment.number},
                                   {"name", segment.name},
                                   {"customers", segment.customers},
                                   {"share", segment.share},
                                   {"mean_probability", segment.mean_probability}};
    if (segment.churn_rate) {
      json["churn_rate"] = segment.churn_rate->share;
      json["churn_rate_low"] = segment.churn_rate->low;
      json["churn_rate_high"] = segment.churn_rate->high;
    }
    json["factors"] = nlohmann::ordered_json::array();
    for (const SegmentFactor& factor : segment.factors) {
      json["factors"].push_back(factor_json(factor));
    }
    array.push_back(std::move(json));
  }
  return array;
}

}  // namespace ebb::churn
