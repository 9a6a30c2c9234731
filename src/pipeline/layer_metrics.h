#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/model_source.h"
#include "quantize/layer_comparison.h"
#include "report/trace.h"

namespace fovea {

/// `compare --layers`: the engine's nodes against the fp32 plan of the model, on the first images of `samples`.
LayerComparison compare_layers(const SourceModel& source, std::shared_ptr<const Engine> engine, const Dataset& dataset,
                               const std::vector<int>& samples, const DecodeLimits& limits, int threads);

/// Adds the keys layers, first_diverging, layer_images and layers_identical (docs/JSON.md).
void add_layers(nlohmann::json& comparison, const LayerComparison& layers);
std::string describe_layers(const LayerComparison& layers);  ///< for a terminal

}  // namespace fovea
