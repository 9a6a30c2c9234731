#include "quantize/ranges.h"

namespace fovea {

Ranges choose_ranges(const std::map<std::string, Histogram>& histograms, Calibration method) {
  Ranges ranges;
  for (const auto& [value, histogram] : histograms)
    if (histogram.finite()) ranges[value] = choose_range(histogram, method);
  return ranges;
}

}  // namespace fovea
