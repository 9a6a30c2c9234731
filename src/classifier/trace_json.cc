#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "classifier/prediction_json.h"
#include "classifier/trace.h"
#include "image/encode.h"

namespace fovea {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

std::string png(const Image& image) { return data_uri("image/png", encode_png(image)); }

Json layer_json(const TraceLayer& layer) {
  Json groups = Json::array(), maps = Json::array();
  for (const LayerGroup group : layer.groups) groups.push_back(name(group));
  for (const FeatureMap& map : layer.maps)
    maps.push_back({{"channel", map.channel}, {"strength", rounded(map.strength)}, {"picture", png(map.picture)}});
  return {{"name", layer.name},
          {"op", layer.op},
          {"groups", groups},
          {"shape", layer.shape.dims()},
          {"precision", layer.precision},
          {"tactic", layer.tactic},
          {"microseconds", rounded(layer.microseconds)},
          {"maps", maps}};
}

Json groups_json(const PredictionTrace& trace) {
  Json groups = Json::array();
  for (const LayerGroup group : {LayerGroup::kInput, LayerGroup::kConvolution, LayerGroup::kPooling,
                                 LayerGroup::kFullyConnected, LayerGroup::kSoftmax}) {
    Json layers = Json::array();
    for (const TraceLayer& layer : trace.layers)
      if (std::find(layer.groups.begin(), layer.groups.end(), group) != layer.groups.end())
        layers.push_back(layer_json(layer));
    groups.push_back({{"group", name(group)}, {"layers", layers}});
  }
  return groups;
}

}  // namespace

Json to_json(const PredictionTrace& trace) {
  Json map = Json::array();
  for (const float value : trace.attention.map) map.push_back(rounded(static_cast<double>(value)));
  const auto index = static_cast<std::size_t>(trace.attention.class_index);
  return {{"probabilities", probabilities_json(trace.prediction)},
          {"top", top_json(trace.prediction)},
          {"microseconds", rounded(trace.microseconds)},
          {"input", png(trace.input)},
          {"groups", groups_json(trace)},
          {"attention",
           {{"kind", trace.attention.kind},
            {"class", trace.attention.class_index},
            {"label", trace.prediction.labels->at(index)},
            {"width", trace.attention.width},
            {"height", trace.attention.height},
            {"map", map},
            {"picture", png(trace.overlay)}}}};
}

}  // namespace fovea
