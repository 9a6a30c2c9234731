#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "image/decode.h"

namespace fovea {

/// What the subcommands take, stage by stage; `run` takes them all. Texts are checked where they are used.
struct DataSettings {
  std::filesystem::path root;
  double val = 0.2;
  std::uint64_t seed = 1;
  DecodeLimits limits;
  std::filesystem::path class_map;
};

struct TrainSettings {
  std::string net = "small";
  std::filesystem::path from;
  bool freeze = false;
  bool qat = false;  ///< with `from`: through 8-bit rounding, to a Q/DQ model
  std::string weights = "per-channel", activations = "symmetric";  ///< with `qat`: as of BuildSettings
  int size = 224;
  int epochs = 5;
  int batch = 32;
  int views = 0;
  double lr = 0;             ///< 0: the trainer's default
  double weight_decay = -1;  ///< below 0: the trainer's default
  std::string augment = "auto";
  std::string preprocess;  ///< empty: unit, or with `from` the base model's
  std::string device = "auto";
  bool resume = false;
  std::filesystem::path checkpoint;  ///< empty: none
};

struct BuildSettings {
  DecodeLimits limits;  ///< as of the data
  std::string precision = "auto";
  std::string device = "auto";
  std::vector<std::int64_t> batches = {1};
  std::string input = "pixels";
  double max_drop = 0.5;
  std::string gate = "normal";
  std::string calibration = "auto";  ///< auto: the method that loses least on the calibration images
  std::string calib;                 ///< a folder, or how many training images; empty: 200
  std::filesystem::path calib_cache;
  std::string weights = "per-channel";    ///< or per-tensor: one scale for all output channels
  std::string activations = "symmetric";  ///< or asymmetric: those with negative values get a zero point
  std::filesystem::path against;
  std::filesystem::path timing_cache;
  int opt_level = 3;
  std::vector<std::string> keep;  ///< NODE=fp32
  std::string isa;                ///< empty: what the machine has
  bool portable = false;
  int workspace_mb = 0;     ///< TensorRT: most scratch memory of a layer; 0: its default
  bool refittable = false;  ///< TensorRT: weights of its plan can be replaced
  bool keep_failed = false;
  std::string preprocess;
  std::uint64_t seed = 1;
};

}  // namespace fovea
