#include <nlohmann/json.hpp>

#include "base/log/log.h"
#include "build_inputs.h"
#include "common.h"
#include "engine/engine.h"
#include "evidence_text.h"
#include "option_groups.h"
#include "pipeline/optimization.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  DataSettings data;
  BuildSettings build;
  std::filesystem::path model, rebuild, out;
  int size = 0;
  bool precision_given = false;
  Common common;
};

std::string summary(const BuiltEngine& built, const std::filesystem::path& out, std::size_t bytes) {
  std::string text = candidates_text(built.result) + calibration_text(built.result);
  if (built.result.gate) text += gate_text(*built.result.gate);
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
  require_other_file(options.model, options.out);
  if (const std::string reason = why_not_run(options.build); !reason.empty())
    log_warning("{}; the plan is built ahead of time, and the gate runs on the CPU", reason);
  const BuildInputs inputs = read_build_inputs(options.model, options.size, options.data, options.build);
  const BuiltEngine built = build_or_report(inputs.source, inputs.data(), options);
  save_engine(built.result.engine, options.out);
  const nlohmann::json report = build_report(built);
  options.common.say(summary(built, options.out, report.at("bytes").get<std::size_t>()));
  options.common.finish(report);
  return built.result.gate && !built.result.gate->passed ? exit_status(ErrorKind::kGateFailed) : 0;
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
  declare_class_map(arguments, options->data);
  declare_build(arguments, options->build);
  declare_preprocess(arguments, options->build.preprocess);
  declare_device(arguments, options->build.device);
  declare_size(arguments, options->size);
  idle_without_data(arguments);
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
