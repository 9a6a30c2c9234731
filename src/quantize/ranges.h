#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/loader.h"
#include "engine/executor.h"
#include "quantize/calibrator.h"

namespace fovea {

/// What calibration saw, by value name of the graph that ran.
using Histograms = std::map<std::string, Histogram>;
using Ranges = std::map<std::string, Range>;

/// Runs `samples` through the engine (batch 1) and collects a histogram of every float activation. One pass.
Histograms observe_ranges(std::shared_ptr<const Executor> engine, const Dataset& dataset,
                          const std::vector<int>& samples, const DecodeLimits& limits, int threads);
Ranges choose_ranges(const Histograms& histograms, Calibration method);

/// The calibration cache: a readable JSON file {schema, key, method, ranges: {value: [low, high]}}. `key` names model,
/// images and method; ranges of another key are not used. load gives an empty map when the file is not there or is for
/// another key.
Ranges load_ranges(const std::filesystem::path& file, const std::string& key);
void save_ranges(const std::filesystem::path& file, const std::string& key, Calibration method, const Ranges& ranges);

}  // namespace fovea
