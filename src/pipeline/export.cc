#include "pipeline/export.h"

#include <nlohmann/json.hpp>

#include "backend/registry/plan_builders.h"
#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "interop/onnx_export.h"
#include "passes/quantized.h"
#include "pipeline/optimization.h"
#include "pipeline/optimize_inputs.h"
#include "quantize/dequantized.h"
#include "quantize/portable.h"
#include "quantize/typed_graph.h"

namespace fovea {
namespace {

/// Without the softmax that the front end put behind a model of logits; the output has the model's own name.
void restore_output(Graph& graph, const Graph& model, OutputKind kind) {
  if (kind == OutputKind::kLogits) {
    const GraphIndex index(graph);
    const Node& softmax = graph.nodes().at(static_cast<std::size_t>(index.producer(graph.outputs().at(0))));
    require(std::holds_alternative<Softmax>(softmax.op), ErrorKind::kInternal, "[export] {} is no softmax",
            softmax.name);
    graph.set_outputs({softmax.inputs.at(0)});
    graph.compact();
  }
  const std::string wanted = model.value(model.outputs().at(0)).name;
  if (const ValueId other = graph.find_value(wanted); other != kNoValue && other != graph.outputs()[0])
    graph.rename_value(other, wanted + "/inner");
  if (graph.value(graph.outputs()[0]).name != wanted) graph.rename_value(graph.outputs()[0], wanted);
}

bool leaves_batch_open(const Graph& graph) {
  try {
    Graph two = graph;
    two.set_batch(2);
    return true;
  } catch (const Error& error) {
    log_warning("the batch stays {}: {}", graph.batch(), error.message());
    return false;
  }
}

nlohmann::json profile_of(const Graph& graph, const std::vector<std::int64_t>& batches, bool dynamic) {
  const Value& input = graph.value(graph.inputs().at(0));
  const auto shape_at = [&](std::int64_t batch) {
    std::vector<std::int64_t> dims = input.shape.dims();
    if (dynamic) dims[0] = batch;
    return dims;
  };
  return {{"input", input.name},
          {"min", shape_at(batches.front())},
          {"opt", shape_at(batches[batches.size() / 2])},
          {"max", shape_at(batches.back())}};
}

bool is_conversion(const Op& op) {
  return std::holds_alternative<Identity>(op) || std::holds_alternative<Quantize>(op) ||
         std::holds_alternative<Dequantize>(op);
}

}  // namespace

nlohmann::json describe_typed_nodes(const Graph& graph) {
  const GraphIndex index(graph);
  nlohmann::json rows = nlohmann::json::array();
  for (const Node& node : graph.nodes())
    if (!is_conversion(node.op))
      rows.push_back(
          {{"name", node.name}, {"op", display_name(node.op)}, {"precision", explicit_precision(graph, index, node)}});
  return rows;
}

ExportedModel export_model(const SourceModel& given, const DataIn* data, const BuildSettings& settings,
                           const ExportSettings& wanted, int threads) {
  SourceModel source = given;
  if (wanted.runtime == "tensorrt" && is_quantized(given.model.graph)) {
    log_warning("the model's own Q/DQ nodes are taken out: TensorRT takes only its form of them, so it is typed anew");
    source.model.graph = dequantized(given.model.graph);
  }
  const Stopwatch watch;
  const RuntimeForm& form = runtime_form(wanted.runtime);
  require(!wanted.batches.empty() && std::ranges::is_sorted(wanted.batches), ErrorKind::kUsage,
          "--batch: least, usual and most, in this order");
  const OptimizeInputs inputs(source, data, settings, threads);
  Portable made = make_portable(inputs.front, inputs.float_side(), inputs.info, backend_by_name("cpu"),
                                open_device(settings), inputs.images, inputs.options, form);
  restore_output(made.graph, source.model.graph, inputs.front.model_output);
  ExportedModel exported;
  exported.dynamic_batch = leaves_batch_open(made.graph);
  Model model = source.model;
  model.graph = std::move(made.graph);
  model.symbolic_batch = exported.dynamic_batch;
  model.labels = inputs.info.labels;
  model.split = inputs.info.split;
  model.metadata["fovea.export"] = nlohmann::json{
      {"for", wanted.runtime},
      {"precision", std::string(name(made.evidence.chosen))},
      {"fovea",
       inputs.info.fovea_version}}.dump();
  model.metadata["fovea.profile"] = profile_of(model.graph, wanted.batches, exported.dynamic_batch).dump();
  exported.onnx = export_onnx(model);
  exported.graph = std::move(model.graph);
  exported.evidence = std::move(made.evidence);
  exported.seconds = watch.seconds();
  return exported;
}

void require_vendor(const VendorPlanSettings& settings) {
  if (!settings.out.empty()) plan_builder("tensorrt");
}

nlohmann::json build_vendor_plan(const ExportedModel& exported, const ExportSettings& wanted,
                                 const VendorPlanSettings& settings) {
  const Stopwatch watch;
  const PlanBuilder& builder = plan_builder("tensorrt");
  VendorPlanOptions options;
  options.profiles = {{wanted.batches.front(), wanted.batches[wanted.batches.size() / 2], wanted.batches.back()}};
  options.opt_level = settings.opt_level;
  options.workspace_bytes = static_cast<std::size_t>(settings.workspace_mb) << 20;
  options.refit = settings.refit;
  if (std::filesystem::exists(settings.timing_cache)) options.timing_cache = read_file(settings.timing_cache);
  const VendorPlan made = builder.build(exported.onnx, options);
  write_atomic(settings.out, made.plan);
  if (!settings.timing_cache.empty() && !made.timing_cache.empty())
    write_atomic(settings.timing_cache, made.timing_cache);
  return {{"runtime", builder.version()},
          {"bytes", made.plan.size()},
          {"layers", made.layers},
          {"warnings", made.warnings},
          {"seconds", watch.seconds()}};
}

nlohmann::json export_report(const ExportedModel& exported, const ExportSettings& wanted) {
  nlohmann::json json = evidence_of(exported.evidence);
  json["schema"] = 1;
  json["for"] = wanted.runtime;
  json["precision"] = std::string(name(exported.evidence.chosen));
  json["nodes"] = describe_typed_nodes(exported.graph);
  json["bytes"] = exported.onnx.size();
  json["dynamic_batch"] = exported.dynamic_batch;
  json["profile"] = profile_of(exported.graph, wanted.batches, exported.dynamic_batch);
  json["seconds"] = exported.seconds;
  return json;
}

}  // namespace fovea
