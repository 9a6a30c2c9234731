#include <nlohmann/json.hpp>

#include "common.h"
#include "evidence_text.h"
#include "option_groups.h"
#include "pipeline/refit.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path engine, model, out;
  DataSettings data;
  BuildSettings build;  ///< preprocess and gate
  Common common;
};

std::string summary(const RefitResult& result, const std::filesystem::path& out, bool written) {
  const std::string gate = result.gate ? gate_text(*result.gate) : "";
  if (!written) return gate + "no engine is written (--keep-failed writes it)\n";
  return gate + fmt::format("{}: new weights, {:.2f} s\n", out.string(), result.seconds);
}

int run(Options& options) {
  options.common.apply();
  const Engine engine = load_engine(options.engine);
  SourceModel source = load_source(options.model, options.build.preprocess);
  if (source.model.split.empty()) source.model.split = engine.info.split;
  if (source.model.labels.empty()) source.model.labels = engine.info.labels;
  if (source.model.class_map.empty()) source.model.class_map = engine.info.class_map;
  const std::optional<DataIn> data = read_data_of(source, options.data);
  const RefitOptions refitting{
      {options.build.max_drop, options.build.gate == "strict"}, options.data.limits, options.common.threads};
  const RefitResult result = refit_engine(engine, source, data ? &*data : nullptr, refitting);
  const bool passed = !result.gate || result.gate->passed;
  const bool written = passed || options.build.keep_failed;
  if (written) save_engine(result.engine, options.out);
  options.common.say(summary(result, options.out, written));
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"precision", result.engine.info.precision},
                                       {"bytes", serialize(result.engine).size()},
                                       {"gate", result.gate ? to_json(*result.gate) : nlohmann::json()},
                                       {"seconds", result.seconds}});
  return passed ? 0 : exit_status(ErrorKind::kGateFailed);
}

}  // namespace

std::function<int()> define_refit(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--engine", options->engine, "The engine whose tactics and scales stay").required();
  arguments.option("--model", options->model, "The retrained model, of the same structure (ONNX)").required();
  arguments.option("--out", options->out, "The engine to write").required();
  declare_data(arguments, options->data, false);
  declare_class_map(arguments, options->data);
  declare_gate(arguments, options->build);
  declare_preprocess(arguments, options->build.preprocess);
  arguments.idle_without({"--val", "--max-drop", "--gate", "--keep-failed"}, {"--data"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea refit --engine model.engine --model retrained.onnx --out new.engine\n"
      "  fovea refit --engine model.engine --model retrained.onnx --out new.engine --data photos\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
