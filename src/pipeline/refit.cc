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
#include "pipeline/optimization.h"
#include "pipeline/vendor_engine.h"

namespace fovea {
namespace {

/// What a build found out by looking at images or at the old weights; ranges of activations stay, as the engine uses
/// them.
constexpr const char* kEvidence[] = {"gate", "candidates", "sensitivity"};

void check_structure(const nlohmann::json& report, const Graph& graph) {
  if (!report.contains("structure")) return;  // the weights' shapes are checked anyway
  Structure known;
  try {
    known = report.at("structure").get<Structure>();
  } catch (const nlohmann::json::exception&) {
    fail(ErrorKind::kCorruptFile, "[refit] the engine's report holds no structure where it should");
  }
  const std::string different = structural_difference(known, graph);
  require(different.empty(), ErrorKind::kInvalidArgument, "[refit] {}", different);
}

/// Ranges were found on channels that repair had divided by numbers of their own; new weights do not have that form.
void check_not_equalized(const EngineInfo& info) {
  const std::set<std::string> nodes = equalized_nodes(info);
  require(nodes.empty(), ErrorKind::kUnsupported,
          "[refit] node {}: its channels were equalised for 8 bits, which new weights undo: build the engine again",
          nodes.empty() ? "" : *nodes.begin());
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
                    const DataIn& data, const DecodeLimits& limits) {
  EngineRunner runner(Executor::make(std::move(engine), backend, device));
  EvalOptions evaluating;
  evaluating.limits = limits;
  return evaluate(runner, data.dataset, data.val, evaluating);
}

/// The new weights against the plain model, which runs on the CPU where the backend compiles whole networks only.
GateResult judge(const RefitResult& result, const Graph& model, const Backend& backend,
                 const std::shared_ptr<Device>& device, const DataIn& data, const RefitOptions& options) {
  const bool own = backend.name() != "tensorrt";
  const Backend& host = own ? backend : backend_by_name("cpu");
  const std::shared_ptr<Device> on = own ? device : host.open(Isa::kAmx, 0);
  const auto plain = bare_engine(model, result.engine.info, host, *on, {1}, options.threads);
  return check_gate(accuracy(plain, host, on, data, options.limits),
                    accuracy(std::make_shared<const Engine>(result.engine), backend, device, data, options.limits),
                    options.gate);
}

Engine refit_own_engine(const Engine& engine, const Graph& model, const Backend& backend, Device& device) {
  check_not_equalized(engine.info);
  Graph base = model;
  run_passes(base, passes_before_calibration(), target_context(backend, device.info(), engine.plans.front().threads));
  return refit(engine, base, backend, device);
}

}  // namespace

RefitResult refit_engine(const Engine& engine, const SourceModel& source, const DataIn* data,
                         const RefitOptions& options) {
  const Stopwatch watch;
  const Backend& backend = backend_by_name(engine.info.backend);
  const std::shared_ptr<Device> device = backend.open(engine.info.isa, 0);
  nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  if (!report.is_object()) report = nlohmann::json::object();
  const FrontEnd front = add_front_end(source.model.graph, common_spec(engine, source), engine.info.pixel_input);
  check_structure(report, front.graph);
  RefitResult result;
  result.engine = backend.name() == "tensorrt" ? refit_vendor_engine(engine, source, options.threads)
                                               : refit_own_engine(engine, front.graph, backend, *device);
  result.engine.info = info_of(engine, source, report);
  if (data != nullptr && !data->val.empty()) {
    result.gate = judge(result, front.graph, backend, device, *data, options);
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
