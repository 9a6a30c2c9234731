#include "quantize/layer_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "data/loader.h"
#include "engine/describe.h"
#include "engine/pixel_context.h"
#include "graph/reference.h"
#include "quantize/typed_graph.h"

namespace fovea {
namespace {

/// The results of one run's nodes as real numbers, by node, in the order of the steps.
class Watched {
 public:
  explicit Watched(std::shared_ptr<const Executor> executor)
      : context_(std::move(executor)),
        probabilities_(static_cast<std::size_t>(output_classes(context_.executor().engine()))) {
    const Engine& engine = context_.executor().engine();
    for (const Plan& plan : engine.plans)
      for (const Node& node : plan.graph.nodes()) makers_[{&plan, node.outputs.front()}] = &node;
  }

  const std::vector<float>& run(const std::vector<std::uint8_t>& pixels, bool watch) {
    results.clear();
    order.clear();
    context_.context().observe(!watch ? ExecutionContext::Observer()
                                      : [this](const Plan& plan, ValueId id, const Tensor& stored) {
                                          const auto maker = makers_.find({&plan, id});
                                          if (maker == makers_.end()) return;
                                          results[maker->second->name] = to_real(plan.graph.value(id), stored);
                                          order.push_back({&plan, maker->second});
                                        });
    context_.run(pixels, 1, probabilities_);
    return probabilities_;
  }

  std::map<std::string, Tensor> results;
  std::vector<std::pair<const Plan*, const Node*>> order;

 private:
  PixelContext context_;
  std::vector<float> probabilities_;
  std::map<std::pair<const Plan*, ValueId>, const Node*> makers_;
};

struct Sums {
  LayerDifference row;
  double dot = 0, plain = 0, engine = 0, error = 0;
};

/// A padded batch has more rows than the one image: they come last.
void add(Sums& sums, std::span<const float> plain, std::span<const float> engine) {
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const auto a = static_cast<double>(plain[i]), b = static_cast<double>(engine[i]);
    sums.row.nan += std::isnan(b) ? 1 : 0;
    sums.row.inf += std::isinf(b) ? 1 : 0;
    sums.row.lost += !std::isfinite(b) && std::isfinite(a) ? 1 : 0;
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    sums.dot += a * b;
    sums.plain += a * a;
    sums.engine += b * b;
    sums.error += (b - a) * (b - a);
    sums.row.max_abs = std::max(sums.row.max_abs, std::abs(b - a));
  }
}

/// Multiplies each channel (axis 1) of one image by the factor that brings it nearest to the plain one.
void undo_scales(Tensor& got, const Tensor& plain) {
  if (plain.shape().rank() < 2 || plain.shape()[0] != 1) return;
  const std::size_t count = plain.data<float>().size() / static_cast<std::size_t>(plain.shape()[1]);
  for (std::size_t at = 0; at < plain.data<float>().size(); at += count) {
    const std::span<const float> a = plain.data<float>().subspan(at, count);
    const std::span<float> b = got.data<float>().subspan(at, count);
    double along = 0, norm = 0;
    for (std::size_t i = 0; i < count; ++i) {
      along += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    if (norm == 0 || !std::isfinite(along / norm)) continue;
    for (float& x : b) x *= static_cast<float>(along / norm);
  }
}

LayerDifference finish(const Sums& sums) {
  LayerDifference row = sums.row;
  const double norms = std::sqrt(sums.plain) * std::sqrt(sums.engine);
  row.cosine = norms > 0 ? std::min(1.0, sums.dot / norms) : sums.plain == sums.engine ? 1 : 0;
  const double ratio = sums.error > 0 ? sums.plain / sums.error : std::numeric_limits<double>::infinity();
  row.snr_db = std::clamp(10 * std::log10(ratio), -kEqualDb, kEqualDb);
  return row;
}

void add_image(const Watched& plain, Watched& engine, const std::set<std::string>& rescaled, std::vector<Sums>& rows,
               std::map<std::string, std::size_t>& places) {
  for (const auto& [plan, node] : engine.order) {
    const auto expected = plain.results.find(node->name);
    if (expected == plain.results.end()) continue;
    Tensor& got = engine.results.at(node->name);
    if (got.dtype() != DType::kF32 || expected->second.dtype() != DType::kF32) continue;
    const std::int64_t count = expected->second.elements();
    if (count == 0 || got.elements() % count != 0) continue;
    if (rescaled.contains(node->name)) undo_scales(got, expected->second);
    const auto [place, fresh] = places.try_emplace(node->name, rows.size());
    if (fresh) {
      rows.emplace_back();
      rows.back().row.node = node->name;
      rows.back().row.op = display_name(node->op);
      rows.back().row.precision = node_precision(plan->graph, *node);
    }
    add(rows[place->second], expected->second.data<float>(), got.data<float>());
  }
}

}  // namespace

LayerComparison compare_layers(std::shared_ptr<const Executor> plain, std::shared_ptr<const Executor> engine,
                               const Dataset& dataset, const std::vector<int>& samples, const DecodeLimits& limits,
                               const std::set<std::string>& rescaled) {
  LoaderOptions loading;
  loading.spec = engine->engine().info.preprocess;
  loading.limits = limits;
  loading.batch = 1;
  loading.order = samples;
  Watched before(std::move(plain)), after(std::move(engine));
  LayerComparison comparison;
  std::vector<Sums> rows;
  std::map<std::string, std::size_t> places;
  Loader loader(dataset, loading);
  while (const std::optional<Batch> batch = loader.next()) {
    before.run(batch->pixels, true);
    const std::vector<float> alone = after.run(batch->pixels, false);
    comparison.identical &= std::ranges::equal(alone, after.run(batch->pixels, true), [](float a, float b) {
      return a == b || (std::isnan(a) && std::isnan(b));
    });
    add_image(before, after, rescaled, rows, places);
    ++comparison.images;
  }
  require(comparison.images > 0, ErrorKind::kInvalidArgument, "[compare] none of {} images can be decoded",
          samples.size());
  for (const Sums& sums : rows) {
    comparison.nodes.push_back(finish(sums));
    const LayerDifference& row = comparison.nodes.back();
    if (comparison.first_diverging.empty() && (row.lost > 0 || row.snr_db < kDivergedDb))
      comparison.first_diverging = row.node;
  }
  return comparison;
}

}  // namespace fovea
