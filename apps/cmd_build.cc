#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log/log.h"
#include "common.h"
#include "engine/engine.h"
#include "option_groups.h"
#include "pipeline/optimization.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

std::string decision_of(const GateResult& gate) {
  if (gate.decided) return "";
  if (gate.images_needed == 0) return " (not decided: the drop lies on the limit)";
  return fmt::format(" (not decided: about {} images would)", gate.images_needed);
}

struct Options {
  DataSettings data;
  BuildSettings build;
  std::filesystem::path model, rebuild, out;
  int size = 0;
  bool precision_given = false;
  Common common;
};

/// Calibration, repairs, and the nodes that are wider than asked.
std::string describe_precision(const OptimizeResult& result) {
  constexpr std::size_t kMost = 10;
  std::string text;
  const CalibrationReport& calibration = result.calibration;
  if (!calibration.method.empty())
    text += fmt::format("calibration: {} on {} images\n", calibration.method, calibration.images);
  for (const RepairReport& repair : calibration.repairs)
    text += fmt::format("{}: divergence {:.5f} → {:.5f}, {} ({})\n", repair.name, repair.before, repair.after,
                        repair.applied ? "applied" : "left", repair.paper);
  for (std::size_t i = 0; i < std::min(kMost, result.fallbacks.size()); ++i)
    text += fmt::format("{} in {}: {}\n", result.fallbacks[i].node, result.fallbacks[i].precision,
                        result.fallbacks[i].reason);
  if (result.fallbacks.size() > kMost) text += fmt::format("… {} wider nodes in all\n", result.fallbacks.size());
  return text;
}

std::string summary(const BuiltEngine& built, const std::filesystem::path& out, std::size_t bytes) {
  std::string text;
  for (const CandidatePlan& plan : built.result.candidates) {
    text += fmt::format("{} {:<10}", plan.chosen ? "→" : " ", plan.label);
    if (plan.latency_ms > 0) text += fmt::format(" {:>9.3f} ms", plan.latency_ms);
    if (plan.gate) text += fmt::format("  top-1 {:.2f} % → {:.2f} %", 100 * plan.gate->before, 100 * plan.gate->after);
    text += plan.chosen ? "  chosen\n" : fmt::format("  {}\n", plan.reason);
  }
  text += describe_precision(built.result);
  if (built.result.gate)
    text += fmt::format("gate: drop {:.2f} points on {} images, limit {:.2f}: {}{}\n",
                        built.result.gate->difference.drop_points, built.result.gate->difference.images,
                        built.result.gate->max_drop_points, built.result.gate->passed ? "passed" : "failed",
                        decision_of(*built.result.gate));
  return text + fmt::format("{}: {:.2f} MB, {} steps, {:.1f} s\n", out.string(), static_cast<double>(bytes) / 1e6,
                            built.result.engine.plans.front().steps.size(), built.seconds);
}

/// The model that the engine carries, as it was built: what the command line leaves open is taken from there.
void take_from_engine(Options& options) {
  const EngineInfo info = load_engine_info(options.rebuild);
  options.model = options.rebuild;
  options.build.portable = true;
  if (!options.precision_given && info.precision != "mixed") options.build.precision = info.precision;
}

/// A refusal is a result too: a script reads from the JSON how far off the engine was.
BuiltEngine build_or_report(const SourceModel& source, const DataIn* data, const Options& options) {
  try {
    return build_engine(source, data, options.build, options.common.threads);
  } catch (const GateRefused& refused) {
    nlohmann::json gate = to_json(refused.gate());
    gate["fallbacks"] = nlohmann::json::array();
    options.common.finish(nlohmann::json{{"schema", 1}, {"gate", gate}, {"error", refused.message()}});
    throw;
  }
}

int run(Options& options) {
  options.common.apply();
  if (!options.rebuild.empty()) take_from_engine(options);
  require(!options.model.empty(), ErrorKind::kUsage, "--model or --rebuild is required");
  std::error_code code;
  require(!std::filesystem::equivalent(options.model, options.out, code), ErrorKind::kUsage,
          "--out {} would replace the model", options.out.string());
  require(!std::filesystem::is_directory(options.out, code), ErrorKind::kUsage, "--out {} is a folder",
          options.out.string());
  SourceModel source = load_source(options.model, options.build.preprocess, options.size);
  if (!options.data.class_map.empty()) source.model.class_map = to_json_text(read_class_map(options.data.class_map));
  std::optional<DataIn> data;
  if (!options.data.root.empty()) {
    data = read_data(options.data, source.model.split);
    align_labels(data->dataset, source.model.labels, source.classes, source.model.class_map);
    if (data->val.empty()) log_warning("no validation images: nothing is proven about this engine");
  }
  options.build.seed = options.data.seed;
  options.build.limits = options.data.limits;
  const BuiltEngine built = build_or_report(source, data ? &*data : nullptr, options);
  save_engine(built.result.engine, options.out);
  const nlohmann::json report = build_report(built);
  options.common.say(summary(built, options.out, report.at("bytes").get<std::size_t>()));
  options.common.finish(report);
  return built.result.gate && !built.result.gate->passed ? 5 : 0;
}

}  // namespace

std::function<int()> define_build(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--model", options->model, "The model (ONNX)");
  arguments
      .option("--rebuild", options->rebuild, "Or a portable engine of another machine: its model, built for this one")
      .excludes("--model");
  arguments.option("--out", options->out, "The engine to write").required();
  declare_data(arguments, options->data, false);
  arguments.option("--class-map", options->data.class_map, "Which class each folder is: index<TAB>folder<TAB>name");
  declare_build(arguments, options->build);
  declare_preprocess(arguments, options->build.preprocess);
  declare_device(arguments, options->build.device);
  declare_size(arguments, options->size);
  arguments.idle_without({"--val", "--max-drop", "--gate", "--against", "--keep-failed"}, {"--data"});
  arguments.idle_without({"--calibration"}, {"--data", "--calib"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea build --model model.onnx --data photos --out model.engine\n"
      "  fovea build --model model.onnx --data photos --out model.engine --precision int8 --max-drop 1\n"
      "  fovea build --model resnet50.onnx --out resnet50.engine --batch 1,8 --timing-cache timing.txt\n"
      "  fovea build --rebuild portable.engine --out here.engine\n");
  return [options, arguments] {
    options->precision_given = arguments.given("--precision");
    return run(*options);
  };
}

}  // namespace fovea::apps
