#include "pipeline/refit.h"

#include <nlohmann/json.hpp>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "compiler/build_bare.h"
#include "compiler/frontend.h"
#include "compiler/refit.h"
#include "compiler/structure.h"
#include "compiler/target.h"
#include "eval/engine_runner.h"
#include "passes/pass.h"
#include "pipeline/vendor_engine.h"

namespace fovea {
namespace {

using namespace nlohmann::literals;

/// What a build found out by looking at images or at the old weights; ranges of activations stay, as the engine uses
/// them.
constexpr const char* kEvidence[] = {"gate", "candidates", "sensitivity"};

void check_structure(const nlohmann::json& report, const Graph& graph) {
  if (!report.is_object() || !report.contains("structure")) return;  // the weights' shapes are checked anyway
  const std::string different = structural_difference(report.at("structure").get<Structure>(), graph);
  require(different.empty(), ErrorKind::kInvalidArgument, "[refit] {}", different);
}

/// Ranges of activations stay, so channels must be of the size that they had.
void check_not_equalized(const nlohmann::json& report) {
  const nlohmann::json::json_pointer place("/calibration/equalized");
  require(!report.contains(place) || report.at(place).empty(), ErrorKind::kUnsupported,
          "[refit] the engine's channels were equalised across layers by its old weights: build it again");
}

/// Ranges were found on channels that repair had divided by numbers of their own; new weights do not have that form.
void check_repair(const Engine& engine, const nlohmann::json& report) {
  const bool in_8_bits = engine.info.precision == "int8" || engine.info.precision == "mixed";
  const nlohmann::json nodes = report.value("/calibration/equalized"_json_pointer, nlohmann::json::array());
  require(!in_8_bits || nodes.empty(), ErrorKind::kUnsupported,
          "[refit] node {}: its channels were equalised for 8 bits, which new weights undo: build the engine again",
          nodes.empty() ? "" : nodes.front().get<std::string>());
}

/// Normalisation is part of the plan, so it must be the engine's.
PreprocessSpec common_spec(const Engine& engine, const SourceModel& source) {
  const PreprocessSpec& kept = engine.info.preprocess;
  require(source.spec_guessed || to_json(source.spec) == to_json(kept), ErrorKind::kInvalidArgument,
          "[refit] the model's preprocessing is not the engine's: build the engine again");
  return kept;
}

EngineInfo info_of(const Engine& engine, const SourceModel& source, nlohmann::json report) {
  EngineInfo info = engine.info;
  const Model& model = source.model;
  require(model.labels.empty() || model.labels.size() == info.labels.size(), ErrorKind::kInvalidArgument,
          "[refit] the model has {} labels, the engine {}", model.labels.size(), info.labels.size());
  if (!model.labels.empty()) info.labels = model.labels;
  if (!model.split.empty()) info.split = model.split;
  if (!model.class_map.empty()) info.class_map = model.class_map;
  info.model.clear();  // the old weights: a rebuild from them would be another engine
  for (const char* key : kEvidence) report.erase(key);
  report["refit"] = true;
  info.report = report.dump();
  return info;
}

EvalResult accuracy(std::shared_ptr<const Engine> engine, const Backend& backend, const std::shared_ptr<Device>& device,
                    const DataIn& data) {
  EngineRunner runner(Executor::make(std::move(engine), backend, device));
  return evaluate(runner, data.dataset, data.val);
}

}  // namespace

namespace {

/// The float side of the gate runs on the CPU.
RefitResult refit_vendor(const Engine& engine, const SourceModel& source, const DataIn* data, const GateOptions& gate,
                         int threads) {
  const Stopwatch watch;
  const nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  const FrontEnd front = add_front_end(source.model.graph, common_spec(engine, source), engine.info.pixel_input);
  check_structure(report, front.graph);
  RefitResult result;
  result.engine = refit_vendor_engine(engine, source, threads);
  result.engine.info = info_of(result.engine, source, report.is_object() ? report : nlohmann::json::object());
  if (data != nullptr && !data->val.empty()) {
    const Backend &cpu = backend_by_name("cpu"), &backend = backend_by_name(engine.info.backend);
    const std::shared_ptr<Device> host = cpu.open(Isa::kAmx, 0);
    const auto plain = bare_engine(front.graph, result.engine.info, cpu, *host, {1}, threads);
    const EvalResult before = accuracy(plain, cpu, host, *data);
    const EvalResult after =
        accuracy(std::make_shared<const Engine>(result.engine), backend, backend.open(Isa::kBaseline, 0), *data);
    result.gate = check_gate(before, after, gate);
  } else {
    log_warning("no validation images: nothing is proven about the new weights (--data)");
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace

RefitResult refit_engine(const Engine& engine, const SourceModel& source, const DataIn* data, const GateOptions& gate,
                         int threads) {
  const Stopwatch watch;
  if (engine.info.backend == "tensorrt") return refit_vendor(engine, source, data, gate, threads);
  const Backend& backend = backend_by_name(engine.info.backend);
  const std::shared_ptr<Device> device = backend.open(engine.info.isa, 0);
  nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  if (!report.is_object()) report = nlohmann::json::object();
  check_not_equalized(report);
  const FrontEnd front = add_front_end(source.model.graph, common_spec(engine, source), engine.info.pixel_input);
  check_structure(report, front.graph);
  check_repair(engine, report);
  Graph base = front.graph;
  run_passes(base, passes_before_calibration(), target_context(backend, device->info(), engine.plans.front().threads));
  RefitResult result;
  result.engine = refit(engine, base, backend, *device);
  result.engine.info = info_of(engine, source, report);
  if (data != nullptr && !data->val.empty()) {
    const auto plain = bare_engine(front.graph, result.engine.info, backend, *device, {1}, threads);
    const EvalResult before = accuracy(plain, backend, device, *data);
    const EvalResult after = accuracy(std::make_shared<const Engine>(result.engine), backend, device, *data);
    result.gate = check_gate(before, after, gate);
    report = nlohmann::json::parse(result.engine.info.report);
    report["gate"] = to_json(*result.gate);
    result.engine.info.report = report.dump();
  } else {
    log_warning("no validation images: nothing is proven about the new weights (--data)");
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace fovea
