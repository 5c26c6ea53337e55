// The state of a scaler as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/scaling/scaling.h"

namespace ebb::preprocessing {

nlohmann::json to_json(const NumberScaler& scaler);
/// The scaler of what to_json gave, every f64 to the bit. Throws DataError naming the JSON path.
NumberScaler number_scaler_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
