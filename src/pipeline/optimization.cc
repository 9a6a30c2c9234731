#include "pipeline/optimization.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "compiler/frontend.h"
#include "compiler/structure.h"
#include "interop/onnx_export.h"
#include "pipeline/version.h"
#include "pipeline/why.h"

namespace fovea {
namespace {

constexpr int kCalibrationImages = 200;

std::set<std::string> kept_nodes(const std::vector<std::string>& keep, const Graph& graph) {
  std::set<std::string> names;
  for (const std::string& entry : keep) {
    const std::size_t equals = entry.rfind('=');
    require(equals != std::string::npos && entry.substr(equals + 1) == "fp32", ErrorKind::kInvalidArgument,
            "--keep {}: expected NODE=fp32", entry);
    const std::string node = entry.substr(0, equals);
    require(graph.find_node(node) != nullptr, ErrorKind::kInvalidArgument,
            "--keep {}: the model has no node of that name (fovea inspect lists them)", entry);
    names.insert(node);
  }
  return names;
}

/// --calib: a folder of its own, or how many training images.
struct CalibrationImages {
  Dataset own;
  const Dataset* set = nullptr;
  std::vector<int> samples;
};

/// A folder's images by content; what the gate judges by must not be calibrated with.
void take_folder(const DataIn* data, const BuildSettings& settings, CalibrationImages& images) {
  std::set<std::string> judged;
  if (data != nullptr) judged.insert(data->split.val.begin(), data->split.val.end());
  int dropped = 0;
  images.own.root = settings.calib;
  for (const std::filesystem::path& file : image_files(settings.calib)) {
    const Bytes bytes = read_file(file, settings.limits.max_bytes);
    Sample sample{file, 0, bytes.size(), content_hash(bytes)};
    if (judged.contains(sample.hash))
      ++dropped;
    else
      images.own.samples.push_back(std::move(sample));
  }
  if (dropped > 0) log_warning("--calib {}: {} of its images validate and are left out", settings.calib, dropped);
  require(!images.own.samples.empty(), ErrorKind::kInvalidArgument, "--calib {}: {}", settings.calib,
          dropped > 0 ? "every image in it validates" : "a folder with images or a number expected");
  images.own.classes = {"calibration"};
  images.set = &images.own;
  images.samples = part_of(images.own, {}, Part::kAll);
}

void choose_calibration(const DataIn* data, const BuildSettings& settings, CalibrationImages& images) {
  int count = kCalibrationImages;
  const char* end = settings.calib.data() + settings.calib.size();
  const bool number = !settings.calib.empty() && std::from_chars(settings.calib.data(), end, count).ptr == end;
  if (!settings.calib.empty() && !number) {
    take_folder(data, settings, images);
    return;
  }
  require(count > 0, ErrorKind::kInvalidArgument, "--calib {}: at least one image is needed", settings.calib);
  if (data == nullptr) return;
  images.set = &data->dataset;
  images.samples = draw(data->dataset, data->train, count, settings.seed);
}

OptimizeOptions options_of(const BuildSettings& settings, const Graph& graph, int threads) {
  OptimizeOptions options;
  options.precision = precision_from_name(settings.precision);
  if (settings.calibration != "auto") options.calibration = calibration_from_name(settings.calibration);
  options.gate = {settings.max_drop, settings.gate == "strict"};
  options.compile.opt_level = settings.opt_level;
  options.compile.threads = threads;
  options.compile.batches = settings.batches;
  std::ranges::sort(options.compile.batches);
  const auto repeated = std::ranges::unique(options.compile.batches);
  options.compile.batches.erase(repeated.begin(), repeated.end());
  options.keep = kept_nodes(settings.keep, graph);
  options.form = {settings.weights != "per-tensor", settings.activations == "asymmetric"};
  options.calib_cache = settings.calib_cache;
  options.keep_failed = settings.keep_failed;
  options.limits = settings.limits;
  return options;
}

EngineInfo info_of(const SourceModel& source, const DataIn* data, const BuildSettings& settings) {
  EngineInfo info;
  info.fovea_version = kVersion;
  info.pixel_input = settings.input == "pixels";
  info.preprocess = source.spec;
  info.labels = source.model.labels;
  if (info.labels.empty() && data != nullptr) info.labels = data->dataset.classes;
  info.split = data != nullptr ? to_json_text(data->split) : source.model.split;
  info.class_map = source.model.class_map;
  if (settings.portable) info.model = std::string(as_text(export_onnx(source.model)));
  return info;
}

nlohmann::json describe_nodes(const Graph& graph) {
  nlohmann::json layers = nlohmann::json::array();
  for (const Node& node : graph.nodes())
    layers.push_back(
        {{"name", node.name}, {"op", display_name(node.op)}, {"shape", graph.value(node.outputs.front()).shape.str()}});
  return {{"nodes", graph.nodes().size()}, {"layers", layers}};
}

/// One row per step of the first plan.
nlohmann::json describe_steps(const OptimizeResult& result, bool with_times) {
  const Plan& plan = result.engine.plans.front();
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(plan.steps[i].node)];
    nlohmann::json row = {{"name", node.name},
                          {"op", display_name(node.op)},
                          {"precision", node_precision(plan.graph, node)},
                          {"tactic", plan.steps[i].tactic},
                          {"config", plan.steps[i].config.str()},
                          {"shape", plan.graph.value(node.outputs.front()).shape.str()}};
    if (with_times && i < result.compiled.tactics.size()) row["microseconds"] = result.compiled.tactics[i].microseconds;
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_passes(const std::vector<PassReport>& passes, bool with_times) {
  nlohmann::json rows = nlohmann::json::array();
  for (const PassReport& pass : passes) {
    nlohmann::json row = {{"name", pass.name},
                          {"changed", pass.changed},
                          {"nodes_before", pass.nodes_before},
                          {"nodes_after", pass.nodes_after}};
    if (with_times) row["milliseconds"] = pass.milliseconds;
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_fallbacks(const std::vector<Fallback>& fallbacks) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Fallback& fallback : fallbacks)
    rows.push_back({{"node", fallback.node}, {"precision", fallback.precision}, {"reason", fallback.reason}});
  return rows;
}

nlohmann::json describe_candidates(const OptimizeResult& result) {
  nlohmann::json rows = nlohmann::json::array();
  for (const CandidatePlan& plan : result.candidates) {
    nlohmann::json row = {{"precision", std::string(name(plan.precision))},
                          {"label", plan.label},
                          {"latency_ms", plan.latency_ms},
                          {"bytes", plan.bytes},
                          {"chosen", plan.chosen},
                          {"reason", plan.reason}};
    if (plan.precision == Precision::kMixed) {
      row["widened"] = plan.widened;
      row["predicted_divergence"] = plan.predicted_divergence;
    }
    if (plan.gate) {
      row["top1"] = plan.gate->after;
      row["drop_points"] = plan.gate->difference.drop_points;
      row["passed"] = plan.gate->passed;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_gate(const OptimizeResult& result) {
  if (!result.gate) return nullptr;
  nlohmann::json gate = to_json(*result.gate);
  gate["fallbacks"] = describe_fallbacks(result.fallbacks);
  return gate;
}

nlohmann::json describe_repairs(const CalibrationReport& calibration) {
  nlohmann::json rows = nlohmann::json::array();
  for (const RepairReport& repair : calibration.repairs)
    rows.push_back({{"name", repair.name},
                    {"paper", repair.paper},
                    {"applied", repair.applied},
                    {"divergence_before", repair.before},
                    {"divergence_after", repair.after}});
  return rows;
}

nlohmann::json describe_calibration(const OptimizeResult& result) {
  const CalibrationReport& found = result.calibration;
  nlohmann::json ranges = nlohmann::json::array();
  for (const auto& [value, range] : found.ranges)
    ranges.push_back({{"value", value}, {"low", range.low}, {"high", range.high}});
  return {{"method", found.method},
          {"images", found.images},
          {"divergence", found.divergence},
          {"repairs", describe_repairs(found)},
          {"equalized", result.equalized},
          {"sensitivity", found.sensitivity},
          {"ranges", ranges}};
}

nlohmann::json describe_memory(const Plan& plan) {
  const MemoryFigures figures = memory_figures(plan);
  return {{"arena_bytes", figures.arena_bytes},
          {"sum_of_values", figures.sum_of_values},
          {"largest_live_set", figures.largest_live_set}};
}

/// The part that the engine stores: the same input, options and cache give the same bytes.
nlohmann::json stored_report(const OptimizeResult& result) {
  return {{"precision", std::string(name(result.chosen))},
          {"passes", describe_passes(result.passes, false)},
          {"nodes", describe_steps(result, false)},
          {"candidates", describe_candidates(result)},
          {"calibration", describe_calibration(result)},
          {"memory", describe_memory(result.engine.plans.front())},
          {"why", describe_why(result.compiled.tactics)},
          {"fallbacks", describe_fallbacks(result.fallbacks)},
          {"gate", describe_gate(result)}};
}

/// What was timed is kept, also when the gate refuses or somebody interrupts.
struct CacheSaver {
  const TimingCache& cache;
  const std::filesystem::path& path;
  ~CacheSaver() {
    if (path.empty()) return;
    try {
      cache.save(path);
    } catch (const Error& error) {
      log_warning("the timing cache was not written: {}", error.message());
    }
  }
};

}  // namespace

std::shared_ptr<Device> open_device(const BuildSettings& settings) {
  const Backend& backend = backend_by_name(settings.device);
  return backend.open(settings.isa.empty() ? Isa::kAmx : isa_from_name(settings.isa), 0);
}

BuiltEngine build_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings, int threads) {
  const Stopwatch watch;
  BuiltEngine built;
  built.model_bytes = export_onnx(source.model).size();
  const bool pixels = settings.input == "pixels";
  const FrontEnd front = add_front_end(source.model.graph, source.spec, pixels);
  std::optional<FrontEnd> against;
  if (!settings.against.empty()) {
    const SourceModel other = load_source(settings.against, settings.preprocess, 0);
    against = add_front_end(other.model.graph, source.spec, pixels);
  }
  CalibrationImages calibration;
  choose_calibration(data, settings, calibration);
  OptimizeData images;
  images.calibration_set = calibration.set;
  images.calibration = calibration.samples;
  if (data != nullptr) {
    images.validation_set = &data->dataset;
    images.validation = data->val;
  }
  TimingCache cache = settings.timing_cache.empty() ? TimingCache() : TimingCache::load(settings.timing_cache);
  const CacheSaver saver{cache, settings.timing_cache};
  built.result =
      optimize(front, against ? &*against : nullptr, info_of(source, data, settings), backend_by_name(settings.device),
               open_device(settings), images, options_of(settings, source.model.graph, threads), cache);
  nlohmann::json report = stored_report(built.result);
  report["structure"] = structure_of(front.graph);
  built.result.engine.info.report = report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  built.seconds = watch.seconds();
  return built;
}

nlohmann::json build_report(const BuiltEngine& built) {
  nlohmann::json json = stored_report(built.result);
  json["schema"] = 1;
  json["passes"] = describe_passes(built.result.passes, true);
  json["nodes"] = describe_steps(built.result, true);
  json["bytes"] = serialize(built.result.engine).size();
  json["model_bytes"] = built.model_bytes;
  json["seconds"] = built.seconds;
  return json;
}

StageTrace trace_optimization(const BuiltEngine& built, const SourceModel& source) {
  const OptimizeResult& result = built.result;
  const Plan& plan = result.engine.plans.front();
  const std::size_t bytes = serialize(result.engine).size();
  StageTrace stage;
  stage.id = "optimization";
  stage.title = "Optimisation";
  stage.input = fmt::format("model.onnx, {} nodes, {:.2f} MB", source.model.graph.nodes().size(),
                            static_cast<double>(built.model_bytes) / 1e6);
  stage.operation = "passes, calibration, choice of precision and tactics, memory plan";
  stage.output = fmt::format("model.engine, {} steps, {}, {:.2f} MB", plan.steps.size(), name(result.chosen),
                             static_cast<double>(bytes) / 1e6);
  stage.example = fmt::format("{} nodes → {} steps", source.model.graph.nodes().size(), plan.steps.size());
  stage.seconds = built.seconds;
  stage.details = {{"precision", std::string(name(result.chosen))},
                   {"passes", describe_passes(result.passes, true)},
                   {"graph_before", describe_nodes(source.model.graph)},
                   {"graph_after", describe_nodes(plan.graph)},
                   {"nodes", describe_steps(result, true)},
                   {"candidates", describe_candidates(result)},
                   {"calibration", describe_calibration(result)},
                   {"memory", describe_memory(plan)},
                   {"bytes", {{"model", built.model_bytes}, {"engine", bytes}}},
                   {"fallbacks", describe_fallbacks(result.fallbacks)},
                   {"gate", describe_gate(result)}};
  return stage;
}

}  // namespace fovea
