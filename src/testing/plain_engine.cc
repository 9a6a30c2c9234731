#include "testing/plain_engine.h"

#include <algorithm>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/random.h"
#include "graph/builder.h"

namespace fovea {
namespace {

std::uint64_t align(std::uint64_t bytes) { return (bytes + 63) / 64 * 64; }

const Tactic& tactic_for(const NodeView& view, const Backend& backend, const Device& device,
                         const std::string& wanted) {
  for (const Tactic& tactic : backend.tactics())
    if ((wanted.empty() || tactic.name == wanted) && tactic.supports(view, device.info())) return tactic;
  fail(ErrorKind::kUnsupported, "[testing] no tactic {} for node {}", wanted, view.name);
}

void place_values(Plan& plan) {
  plan.values.assign(plan.graph.values().size(), {});
  std::uint64_t at = 0;
  for (const Node& node : plan.graph.nodes())
    for (const ValueId output : node.outputs) {
      const Value& value = plan.graph.value(output);
      plan.values[static_cast<std::size_t>(output)] = {Place::kArena, Layout::kPlain, at};
      at += align(byte_size(value.dtype, value.shape, Layout::kPlain));
    }
  plan.values[static_cast<std::size_t>(plan.graph.inputs()[0])] = {Place::kInput, Layout::kPlain, 0};
  plan.values[static_cast<std::size_t>(plan.graph.outputs()[0])] = {Place::kOutput, Layout::kPlain, 0};
  plan.arena_bytes = at;
}

Plan plain_plan(const Graph& graph, std::int64_t batch, const Backend& backend, Device& device,
                const PlainEngineOptions& options, std::vector<Bytes>& blobs) {
  Plan plan;
  plan.graph = graph;
  plan.graph.set_batch(batch);
  plan.batch = batch;
  plan.threads = options.threads;
  place_values(plan);
  std::uint64_t scratch = 0;
  for (std::size_t i = 0; i < plan.graph.nodes().size(); ++i) {
    const Node& node = plan.graph.nodes()[i];
    const NodeView view = plain_view(plan.graph, node, plan.threads);
    const Tactic& tactic = tactic_for(view, backend, device, options.tactic);
    PlanStep step{static_cast<std::int32_t>(i),
                  std::string(tactic.name),
                  tactic.configs(view, device.info()).front(),
                  std::vector<Layout>(node.inputs.size()),
                  std::vector<Layout>(node.outputs.size()),
                  -1,
                  0};
    Bytes packed = tactic.pack(view, step.config, weights_of(plan.graph, node));
    step.scratch_bytes = tactic.make(view, step.config, packed, device)->scratch_bytes();
    step.scratch_offset = plan.arena_bytes;
    scratch = std::max(scratch, align(step.scratch_bytes));
    if (!packed.empty()) {
      step.blob = static_cast<std::int32_t>(blobs.size());
      blobs.push_back(std::move(packed));
    }
    plan.steps.push_back(std::move(step));
  }
  plan.arena_bytes += scratch;
  return plan;
}

void fill(Graph& graph, std::uint64_t seed) {
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    Value& value = graph.value(id);
    if (!value.is_constant() || value.dtype != DType::kF32) continue;
    Random random({seed, static_cast<std::uint64_t>(id)});
    Tensor weights(DType::kF32, value.shape);
    for (float& w : weights.data<float>()) w = static_cast<float>(random.normal() * 0.5);
    value.constant = weights;
  }
}

}  // namespace

const Backend& cpu_backend_for_tests() { return backend_by_name("cpu"); }

Engine plain_engine(const Graph& graph, const Backend& backend, Device& device, const PlainEngineOptions& options) {
  Engine engine;
  engine.info.fovea_version = "test";
  engine.info.backend = device.info().backend;
  engine.info.fingerprint = device.info().fingerprint();
  engine.info.isa = device.info().isa;
  engine.info.precision = "fp32";
  engine.info.labels = options.labels;
  const Value& input = graph.value(graph.inputs().at(0));
  engine.info.pixel_input = input.dtype == DType::kU8;
  engine.info.preprocess = PreprocessSpec::unit(1);
  if (input.shape.rank() == 4) {
    engine.info.preprocess.height = static_cast<int>(input.shape[engine.info.pixel_input ? 1 : 2]);
    engine.info.preprocess.width = static_cast<int>(input.shape[engine.info.pixel_input ? 2 : 3]);
  }
  std::vector<Bytes> blobs;
  for (const std::int64_t batch : options.batches)
    engine.plans.push_back(plain_plan(graph, batch, backend, device, options, blobs));
  engine.blobs = blobs;
  return engine;
}

Graph tiny_classifier(int classes, std::uint64_t seed, int side) {
  GraphBuilder build;
  ValueId x = build.node(PixelsToTensor{}, {build.input("pixels", {1, side, side, 3}, DType::kU8)}, "front");
  x = build.relu("relu1", build.conv("conv1", x, 8, {.bias = true}));
  x = build.max_pool("pool1", x, 2, 2, 0);
  x = build.conv("conv2", x, 20, {.bias = true});
  x = build.flatten("flat", build.global_average_pool("gap", x));
  x = build.node(Softmax{1, false}, {build.linear("fc", x, classes)}, "probabilities");
  Graph graph = build.finish({x});
  fill(graph, seed);
  return graph;
}

Graph pooling_classifier(const PreprocessSpec& spec, bool pixels) {
  GraphBuilder build;
  ValueId x = pixels ? build.input("x", {1, spec.height, spec.width, 3}, DType::kU8)
                     : build.input("x", {1, 3, spec.height, spec.width});
  if (pixels) x = build.node(PixelsToTensor{spec.scale, spec.mean, spec.std}, {x}, "front");
  x = build.flatten("flat", build.global_average_pool("gap", x));
  return build.finish({build.node(Softmax{1, false}, {x}, "p")});
}

Graph two_layer_head(bool bends) {
  GraphBuilder build;
  ValueId x = build.node(PixelsToTensor{}, {build.input("pixels", {1, 8, 8, 3}, DType::kU8)}, "front");
  x = build.flatten("flat", build.global_average_pool("gap", build.conv("conv", x, 6, {.bias = true})));
  x = build.linear("hidden", x, 5);
  if (bends) x = build.relu("relu", x);
  return build.finish({build.node(Softmax{1, false}, {build.linear("fc", x, 3)}, "probabilities")});
}

}  // namespace fovea
