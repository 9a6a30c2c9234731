#pragma once

#include <map>
#include <string>

#include "quantize/calibrator.h"

namespace fovea {

using Ranges = std::map<std::string, Range>;  ///< by value name

/// Values that were always finite get a range.
Ranges choose_ranges(const std::map<std::string, Histogram>& histograms, Calibration method);

}  // namespace fovea
