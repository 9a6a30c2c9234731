#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "classifier/attention.h"
#include "classifier/classifier.h"
#include "classifier/layer_group.h"

namespace fovea {

struct FeatureMap {
  int channel = 0;
  double strength = 0;  ///< mean of |value| over the map
  Image picture;        ///< one pixel per position
};

/// One step of the engine, as it ran for this image.
struct TraceLayer {
  std::string name;
  std::string op;                  ///< "conv2d+relu"
  std::vector<LayerGroup> groups;  ///< a fused step belongs to each of its parts
  Shape shape;                     ///< of its output, batch 1
  std::string precision;           ///< "int8"
  std::string tactic;
  double microseconds = 0;  ///< the shortest of some runs
  std::vector<FeatureMap> maps;
};

/// One prediction from pixels to probabilities.
struct PredictionTrace {
  Prediction prediction;
  Image input;                     ///< what the network saw: the preprocessed pixels, as RGB
  std::vector<TraceLayer> layers;  ///< the input first (no tactic, no time), then every step
  double microseconds = 0;         ///< of all steps
  Attention attention;
  Image overlay;  ///< the attention map over `input`
};

struct TraceOptions {
  int maps = 4;          ///< pictures per layer: the strongest feature maps
  int timed_runs = 5;    ///< after one that warms up
  int class_index = -1;  ///< whose evidence is shown; −1: the most probable
  int grid = 7;          ///< of the occlusion map, where the net has no class-activation map
};

PredictionTrace trace_prediction(const Classifier& classifier, std::span<const std::byte> encoded,
                                 const TraceOptions& options = {});
PredictionTrace trace_prediction(const Classifier& classifier, const ImageView& image,
                                 const TraceOptions& options = {});

/// {probabilities, top, microseconds, input, groups: [{group, layers: [{name, op, groups, shape, precision, tactic,
/// microseconds, maps: [{channel, strength, picture}]}]}], attention: {kind, class, label, width, height, map,
/// picture}}; pictures are PNG data URIs. A layer is listed under each of its groups.
nlohmann::ordered_json to_json(const PredictionTrace& trace);

}  // namespace fovea
