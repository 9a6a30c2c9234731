#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quantize/equalize.h"
#include "quantize/ranges.h"

namespace fovea {

/// A way of repair that was tried, and what it did to the divergence of the calibration images' probabilities.
struct RepairReport {
  std::string name, paper;
  bool applied = false;
  double before = 0, after = 0;
};

/// What calibration found out.
struct CalibrationReport {
  std::string method;  ///< empty: nothing was calibrated
  int images = 0;
  Ranges ranges;
  double divergence = -1;  ///< of int8 from fp32, mean over the calibration images; below 0: not measured
  std::vector<RepairReport> repairs;
  std::map<std::string, double> sensitivity;  ///< divergence with this node alone in int8; where it was measured
};

/// Everything that a build with the same key need not do again.
struct CachedCalibration {
  CalibrationReport report;
  ChannelScales equalization;
  std::map<std::string, std::vector<float>> biases;
};

/// The calibration cache: a readable JSON file {schema, key, method, images, ranges: {value: [low, high]}, divergence,
/// repairs, equalization, biases, sensitivity}; all but key, method and ranges may be missing. `key` names model,
/// images and options; another key's contents are not used. load gives nothing when the file is not there or is for
/// another key; kCorruptFile naming what is wrong.
std::optional<CachedCalibration> load_calibration(const std::filesystem::path& file, const std::string& key);
void save_calibration(const std::filesystem::path& file, const std::string& key, const CachedCalibration& found);

}  // namespace fovea
