// A search as a picture, for people.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/search/trial.h"

namespace ebb::churn {

/// An SVG document: above, each trial's value by its number and the best so far; below, for each
/// parameter, the values by what it was set to. Stopped trials are hollow; failed ones are left
/// out.
std::string search_picture(const SearchSpace& space, const std::vector<Trial>& trials,
                           const SearchMetric& metric);

}  // namespace ebb::churn
