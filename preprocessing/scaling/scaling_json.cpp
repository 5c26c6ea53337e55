#include "preprocessing/scaling/scaling_json.h"

namespace ebb::preprocessing {

nlohmann::json to_json(const NumberScaler& scaler) {
  nlohmann::json document = {{"kind", scaling_name(scaler.scaling())},
                             {"shift", scaler.shift()},
                             {"scale", scaler.scale()},
                             {"knots", scaler.knots()}};
  if (scaler.scaling() == Scaling::yeo_johnson) {
    document["lambda"] = scaler.power().lambda;
    document["anchor"] = scaler.power().anchor;
  }
  return document;
}

NumberScaler number_scaler_from_json(const JsonReader& reader) {
  const Scaling kind = reader.member("kind").parsed(parse_scaling);
  AnchoredPower power;
  if (kind == Scaling::yeo_johnson) {
    reader.expect_keys({"kind", "shift", "scale", "knots", "lambda", "anchor"});
    power = {reader.member("lambda").number(), reader.member("anchor").number()};
  } else {
    reader.expect_keys({"kind", "shift", "scale", "knots"});
  }
  const double shift = reader.member("shift").number();
  const double scale = reader.member("scale").number();
  std::vector<double> knots = reader.member("knots").numbers();
  return reader.guarded([&] { return NumberScaler::restore(kind, shift, scale, knots, power); });
}

}  // namespace ebb::preprocessing
