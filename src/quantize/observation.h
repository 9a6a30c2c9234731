#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quantize/divergence.h"
#include "quantize/histogram.h"

namespace fovea {

/// What one channel (axis 1) of a value did over all images.
struct ChannelFigures {
  std::vector<double> mean;
  std::vector<float> highest;
};

/// What calibration saw, by value name of the graph that ran: every float activation of rank 2 or more.
struct Observation {
  std::map<std::string, Histogram> histograms;
  std::map<std::string, ChannelFigures> channels;
  int images = 0;
};

/// Runs calibration images through a plan (batch 1), in one pass. kInvalidArgument when none can be decoded.
Observation observe(std::shared_ptr<const Executor> plain, const OptimizeData& data, const DecodeLimits& limits);

}  // namespace fovea
