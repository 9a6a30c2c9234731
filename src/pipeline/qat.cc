#include "pipeline/qat.h"

#include "backend/registry/registry.h"
#include "base/error.h"
#include "compiler/target.h"
#include "graph/reference.h"
#include "passes/pass.h"
#include "pipeline/optimize_inputs.h"
#include "quantize/calibration.h"
#include "quantize/equalize.h"
#include "quantize/typed_graph.h"

namespace fovea {
namespace {

/// Ranges and equalisation that change the model's answers on training images least.
CachedCalibration calibrated(const SourceModel& source, const DataIn& data, const OptimizeTarget& like,
                             const QatOptions& options) {
  const FrontEnd front = add_front_end(source.model.graph, source.spec, true);
  OptimizeTarget target = like;
  target.info.preprocess = source.spec;
  target.info.labels = source.model.labels;
  target.info.model_output = front.model_output;
  OptimizeData images;
  images.calibration_set = &data.dataset;
  images.calibration = draw(data.dataset, data.train, kCalibrationImages, options.seed);
  Graph base = front.graph;
  run_passes(base, passes_before_calibration(), target.context);
  PlainResults plain(front, target, images, options.limits);
  CalibrateOptions calibrating;
  calibrating.form = options.form;
  calibrating.limits = options.limits;
  return calibrate(base, plain, target, images, calibrating).found;
}

Tensor computed(const Graph& graph, const Node& node) {
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? Tensor() : graph.value(id).constant);
  return run_reference(graph, node, inputs).front();
}

/// The float weights that an 8-bit constant of `quantized` was made from; where it came with the model, what it stands
/// for.
Tensor float_weights(const Graph& quantized, const Node& dequantize, const Graph& base) {
  constexpr std::string_view kSuffix = "/int8";
  const std::string& name = quantized.input_of(dequantize, 0).name;
  const ValueId original =
      name.ends_with(kSuffix) ? base.find_value(name.substr(0, name.size() - kSuffix.size())) : kNoValue;
  if (original != kNoValue && base.value(original).is_constant()) return base.value(original).constant;
  return computed(quantized, dequantize);
}

void make_weights_float(Graph& graph, const Graph& base) {
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node node = graph.nodes()[n];
    const auto* dequantize = std::get_if<Dequantize>(&node.op);
    if (!dequantize || !graph.input_of(node, 0).is_constant()) continue;
    const Value stored = graph.input_of(node, 0);
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = graph.add_constant(graph.unique_value_name(stored.name + "/float"), float_weights(graph, node, base));
    const ValueId made =
        graph.insert_node(n, Quantize{stored.dtype, dequantize->axis}, std::move(inputs), node.name + "/quantize");
    graph.nodes()[++n].inputs[0] = made;
  }
  graph.compact();
}

}  // namespace

Graph quantization_aware(const SourceModel& source, const DataIn& data, const QatOptions& options) {
  const Backend& backend = backend_by_name("cpu");
  const std::shared_ptr<Device> device = backend.open(Isa::kAmx, 0);
  const OptimizeTarget target{backend, device, target_context(backend, device->info(), 0), {}, 0};
  Graph graph = source.model.graph;
  run_passes(graph, passes_before_calibration(), target.context);
  Graph base = graph;
  if (!is_quantized(graph)) {
    const CachedCalibration found = calibrated(source, data, target, options);
    equalize(graph, found.equalization);
    base = graph;
    insert_quantization(graph, found.report.ranges, {{}, options.form, {}, {}});
  }
  require(is_quantized(graph), ErrorKind::kUnsupported, "[qat] the model has no layer that can run in 8 bits");
  make_weights_float(graph, base);
  return graph;
}

void store_quantized_weights(Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (!std::holds_alternative<Quantize>(node.op) || !graph.input_of(node, 0).is_constant()) continue;
    const ValueId stored =
        graph.add_constant(graph.unique_value_name(graph.value(node.outputs[0]).name), computed(graph, node));
    graph.replace_uses(node.outputs[0], stored);
  }
  graph.compact();
}

}  // namespace fovea
