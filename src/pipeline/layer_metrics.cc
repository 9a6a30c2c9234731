#include "pipeline/layer_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/registry/registry.h"
#include "compiler/build_bare.h"
#include "compiler/frontend.h"
#include "pipeline/optimization.h"

namespace fovea {
namespace {

constexpr std::size_t kMostImages = 8;

}  // namespace

LayerComparison compare_layers(const SourceModel& source, std::shared_ptr<const Engine> engine, const Dataset& dataset,
                               const std::vector<int>& samples, const DecodeLimits& limits, int threads) {
  const EngineInfo& info = engine->info;
  const FrontEnd front = add_front_end(source.model.graph, source.spec, info.pixel_input);
  auto ready = make_executor(*engine, backend_by_name(info.backend));  // first: it may limit the instruction set
  const Backend& backend = backend_by_name("cpu");
  const std::shared_ptr<Device> device = backend.open(Isa::kAmx, 0);
  auto plain = Executor::make(bare_engine(front.graph, info, backend, *device, {1}, threads), backend, device);
  const std::vector<int> few(samples.begin(),
                             samples.begin() + static_cast<std::ptrdiff_t>(std::min(samples.size(), kMostImages)));
  return compare_layers(std::move(plain), std::move(ready), dataset, few, limits, equalized_nodes(info));
}

void add_layers(nlohmann::json& comparison, const LayerComparison& layers) {
  nlohmann::json rows = nlohmann::json::array();
  for (const LayerDifference& row : layers.nodes)
    rows.push_back({{"name", row.node},
                    {"op", row.op},
                    {"precision", row.precision},
                    {"cosine", row.cosine},
                    {"snr_db", row.snr_db},
                    {"max_abs", row.max_abs},
                    {"nan", row.nan},
                    {"inf", row.inf}});
  comparison["layers"] = std::move(rows);
  comparison["first_diverging"] =
      layers.first_diverging.empty() ? nlohmann::json() : nlohmann::json(layers.first_diverging);
  comparison["layer_images"] = layers.images;
  comparison["layers_identical"] = layers.identical;
}

std::string describe_layers(const LayerComparison& layers) {
  std::size_t width = 4;
  for (const LayerDifference& row : layers.nodes) width = std::max(width, std::min<std::size_t>(40, row.node.size()));
  std::string text = fmt::format("{:<{}} {:<18} {:>5} {:>9} {:>8} {:>11} {:>6} {:>6}\n", "node", width, "op", "as",
                                 "cosine", "SNR dB", "max |Δ|", "NaN", "Inf");
  for (const LayerDifference& row : layers.nodes)
    text += fmt::format("{:<{}} {:<18} {:>5} {:>9.6f} {:>8.2f} {:>11.4g} {:>6} {:>6}{}\n", row.node, width, row.op,
                        row.precision, row.cosine, row.snr_db, row.max_abs, row.nan, row.inf,
                        row.node == layers.first_diverging ? "  ← diverges first" : "");
  return text + fmt::format("{} images; {}; results {} while watched\n", layers.images,
                            layers.first_diverging.empty() ? fmt::format("no node is below {} dB", kDivergedDb)
                                                           : fmt::format("{} is the first below {} dB or not finite",
                                                                         layers.first_diverging, kDivergedDb),
                            layers.identical ? "identical" : "NOT identical");
}

}  // namespace fovea
