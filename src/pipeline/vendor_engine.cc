#include "pipeline/vendor_engine.h"

#include <algorithm>

#include "backend/registry/plan_builders.h"
#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "compiler/target.h"
#include "eval/latency.h"
#include "interop/onnx_export.h"
#include "pipeline/export.h"
#include "pipeline/optimize_inputs.h"
#include "quantize/judge.h"

namespace fovea {
namespace {

constexpr const char* kVendor = "tensorrt";

/// The network from the engine's input to probabilities, typed.
Model whole_network(const ExportedModel& exported, const PreprocessSpec& spec, bool pixels) {
  Model model;
  model.graph = add_front_end(exported.graph, spec, pixels).graph;
  model.symbolic_batch = exported.dynamic_batch;
  return model;
}

Plan region_plan(const Graph& network, std::int64_t batch, int profile) {
  const Value& input = network.value(network.inputs().at(0));
  std::vector<std::int64_t> dims = input.shape.dims();
  dims[0] = batch;
  Region region;
  region.classes = network.value(network.outputs().at(0)).shape[1];
  region.macs = macs(network) / network.batch();
  Plan plan;
  const ValueId x = plan.graph.add_input(input.name, input.dtype, Shape(dims));
  const ValueId y = plan.graph.add_node(region, {x}, "network", {"probabilities"});
  plan.graph.set_outputs({y});
  plan.batch = batch;
  PlanStep step;
  step.tactic = "tensorrt.plan";
  step.config.values = {{"profile", profile}};
  step.input_layouts = step.output_layouts = {Layout::kPlain};
  step.blob = 0;
  plan.steps.push_back(std::move(step));
  plan.values.resize(plan.graph.values().size());
  plan.values[static_cast<std::size_t>(x)].place = Place::kInput;
  plan.values[static_cast<std::size_t>(y)].place = Place::kOutput;
  return plan;
}

}  // namespace

std::string vendor_fingerprint() { return plan_builder(kVendor).fingerprint(); }

std::string why_vendor_engine_does_not_run(const BuildSettings& settings) {
  vendor_fingerprint();
  try {
    backend_by_name(kVendor).open(Isa::kBaseline, 0);
    return "";
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kWrongDevice, error.kind(), "{}", error.message());
    require(!settings.refittable, ErrorKind::kWrongDevice, "{}; a refittable plan takes a GPU", error.message());
    return error.message();
  }
}

namespace {

class VendorBuild {
 public:
  VendorBuild(const SourceModel& source, const DataIn* data, const BuildSettings& settings, int threads)
      : source_(source), data_(data), settings_(settings), threads_(threads) {}

  BuiltEngine run() {
    const PlanBuilder& builder = plan_builder(kVendor);
    fingerprint_ = builder.fingerprint();
    reason_ = why_vendor_engine_does_not_run(settings_);
    std::vector<BuiltEngine> made;
    made.push_back(build(builder, settings_.precision));
    if (!reason_.empty()) return std::move(made.front());
    if (settings_.precision == "auto")
      for (const char* wider : {"fp16", "fp32"})
        if (made.front().result.chosen != precision_from_name(wider)) made.push_back(build(builder, wider));
    return fastest(made);
  }

 private:
  BuiltEngine build(const PlanBuilder& builder, const std::string& precision) {
    const Stopwatch watch;
    BuildSettings here = settings_;
    here.device = "cpu";  // judges, whatever the plan is for
    here.input = "tensor";
    here.precision = precision;
    const std::vector<std::int64_t> batches = sorted_batches(settings_.batches);
    ExportedModel exported =
        export_model(source_, data_, here, {kVendor, {batches.front(), batches.front(), batches.back()}}, threads_);
    require(exported.dynamic_batch || (batches.size() == 1 && batches[0] == exported.graph.batch()),
            ErrorKind::kUnsupported, "[tensorrt] the model fixes its batch at {}", exported.graph.batch());
    const bool pixels = settings_.input == "pixels";
    const Model network = whole_network(exported, source_.spec, pixels);
    VendorPlanOptions options;
    options.profiles.clear();
    for (const std::int64_t batch : batches) options.profiles.push_back({batch, batch, batch});
    options.opt_level = settings_.opt_level;
    options.workspace_bytes = static_cast<std::size_t>(settings_.workspace_mb) << 20;
    options.refit = settings_.refittable;
    std::error_code code;
    if (!settings_.timing_cache.empty() && std::filesystem::exists(settings_.timing_cache, code))
      options.timing_cache = read_file(settings_.timing_cache);
    const VendorPlan plan = builder.build(export_onnx(network), options);
    for (const std::string& warning : plan.warnings) log_warning("tensorrt: {}", warning);
    if (!settings_.timing_cache.empty() && !plan.timing_cache.empty())
      write_atomic(settings_.timing_cache, plan.timing_cache);
    BuiltEngine built;
    built.result = std::move(exported.evidence);
    built.vendor = {{"runtime", builder.version()}, {"bytes", plan.plan.size()},         {"layers", plan.layers},
                    {"warnings", plan.warnings},    {"nodes", nodes_of(exported.graph)}, {"gate_ran_on", "cpu"},
                    {"not_run_because", reason_}};
    assemble(built.result, network.graph, plan.plan, batches, pixels);
    built.seconds = watch.seconds();
    return built;
  }

  static nlohmann::json nodes_of(const Graph& typed) {
    nlohmann::json rows = describe_typed_nodes(typed);
    for (nlohmann::json& row : rows) row["tactic"] = "tensorrt.plan";
    return rows;
  }

  /// The evidence's engine, which judged on the CPU, gives way to the vendor's.
  void assemble(OptimizeResult& result, const Graph& network, const Bytes& plan,
                const std::vector<std::int64_t>& batches, bool pixels) const {
    Engine engine;
    engine.info = result.engine.info;
    engine.info.backend = kVendor;
    engine.info.fingerprint = fingerprint_;
    engine.info.isa = Isa::kBaseline;
    engine.info.precision = std::string(name(result.chosen));
    engine.info.pixel_input = pixels;
    for (std::size_t i = 0; i < batches.size(); ++i)
      engine.plans.push_back(region_plan(network, batches[i], static_cast<int>(i)));
    engine.blobs.push_back(plan);
    result.engine = std::move(engine);
    for (CandidatePlan& candidate : result.candidates) {
      candidate.engine = nullptr;
      if (candidate.chosen) candidate.bytes = serialize(result.engine).size();
    }
  }

  /// Timed and gated on the GPU itself.
  BuiltEngine fastest(std::vector<BuiltEngine>& made) {
    const OptimizeInputs inputs(source_, data_, settings_, threads_);
    const Backend& cpu = backend_by_name("cpu");
    const std::shared_ptr<Device> host = cpu.open(Isa::kAmx, 0);
    const OptimizeTarget target{cpu, host, target_context(cpu, host->info(), threads_), inputs.info, threads_};
    Judge judge(inputs.float_side() != nullptr ? *inputs.float_side() : inputs.front, target, inputs.images,
                inputs.options);
    const Backend& backend = backend_by_name(kVendor);
    const std::shared_ptr<Device> device = backend.open(Isa::kBaseline, 0);
    std::vector<Built> plans(made.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
      plans[i].plan = chosen_of(made[i].result);
      plans[i].plan.gate.reset();
      plans[i].plan.engine = std::make_shared<const Engine>(made[i].result.engine);
      plans[i].executor = Executor::make(plans[i].plan.engine, backend, device);
      plans[i].key = std::to_string(i);
    }
    TimingCache times;
    race(plans, times);
    std::vector<std::size_t> order(plans.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return plans[i].plan.latency_ms; });
    const auto winner = std::ranges::find_if(order, [&](std::size_t i) { return judge.passes(plans[i]); });
    if (winner == order.end() && !settings_.keep_failed) {
      const CandidatePlan& best = plans[order.front()].plan;
      throw GateRefused(*best.gate, refusal(best) + " on the GPU; no engine is written (--max-drop may help)");
    }
    const std::size_t best = winner == order.end() ? order.front() : *winner;
    BuiltEngine built = std::move(made[best]);
    plans[best].plan.chosen = true;
    built.vendor["gate_ran_on"] = kVendor;
    built.result.gate = plans[best].plan.gate;
    built.result.candidates.clear();
    for (std::size_t i = 0; i < plans.size(); ++i) {
      CandidatePlan& plan = plans[i].plan;
      plan.chosen = i == best;
      if (!plan.chosen && plan.reason.empty()) plan.reason = "another that passes is faster";
      built.result.candidates.push_back(std::move(plan));
    }
    return built;
  }

  static CandidatePlan chosen_of(const OptimizeResult& result) {
    const auto found = std::ranges::find(result.candidates, true, &CandidatePlan::chosen);
    return found == result.candidates.end() ? result.candidates.back() : *found;
  }

  const SourceModel& source_;
  const DataIn* data_;
  const BuildSettings& settings_;
  int threads_;
  std::string fingerprint_, reason_;
};

}  // namespace

BuiltEngine build_vendor_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings,
                                int threads) {
  return VendorBuild(source, data, settings, threads).run();
}

Engine refit_vendor_engine(const Engine& engine, const SourceModel& source, int threads) {
  backend_by_name(kVendor).open(Isa::kBaseline, 0);
  const std::string& precision = engine.info.precision;
  const nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  const bool widened = report.is_object() && report.contains("fallbacks") && !report.at("fallbacks").empty();
  require((precision == "fp32" || precision == "fp16" || precision == "bf16") && !widened, ErrorKind::kUnsupported,
          "[refit] TensorRT's plan is {}{}: its types and scales belong to the old weights, build the engine again",
          precision, widened ? " with wider nodes" : "");
  BuildSettings settings;
  settings.device = "cpu";
  settings.input = "tensor";
  settings.precision = precision;
  const ExportedModel exported = export_model(source, nullptr, settings, {kVendor, {1, 1, 1}}, threads);
  const Model network = whole_network(exported, source.spec, engine.info.pixel_input);
  Engine made = engine;
  made.blobs = Blobs();
  made.blobs.push_back(plan_builder(kVendor).refit(engine.blobs[0], export_onnx(network)));
  return made;
}

}  // namespace fovea
