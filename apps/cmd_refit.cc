#include <nlohmann/json.hpp>

#include "common.h"
#include "option_groups.h"
#include "pipeline/refit.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path engine, model, out;
  DataSettings data;
  std::string preprocess;
  double max_drop = 0.5;
  std::string gate = "normal";
  bool keep_failed = false;
  Common common;
};

std::string summary(const RefitResult& result, const std::filesystem::path& out) {
  std::string text;
  if (result.gate)
    text += fmt::format("gate: drop {:.2f} points on {} images, limit {:.2f}: {}\n",
                        result.gate->difference.drop_points, result.gate->difference.images,
                        result.gate->max_drop_points, result.gate->passed ? "passed" : "failed");
  return text + fmt::format("{}: new weights, {:.2f} s\n", out.string(), result.seconds);
}

int run(Options& options) {
  options.common.apply();
  const Engine engine = load_engine(options.engine);
  const SourceModel source = load_source(options.model, options.preprocess);
  std::optional<DataIn> data;
  if (!options.data.root.empty()) {
    data = read_data(options.data, source.model.split.empty() ? engine.info.split : source.model.split);
    const std::string& classes = source.model.class_map.empty() ? engine.info.class_map : source.model.class_map;
    align_labels(data->dataset, engine.info.labels, source.classes, classes);
  }
  const RefitResult result = refit_engine(engine, source, data ? &*data : nullptr,
                                          {options.max_drop, options.gate == "strict"}, options.common.threads);
  const bool passed = !result.gate || result.gate->passed;
  if (passed || options.keep_failed) save_engine(result.engine, options.out);
  options.common.say(passed || options.keep_failed ? summary(result, options.out)
                                                   : "gate failed: no engine is written (--keep-failed)\n");
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"precision", result.engine.info.precision},
                                       {"bytes", serialize(result.engine).size()},
                                       {"gate", result.gate ? to_json(*result.gate) : nlohmann::json()},
                                       {"seconds", result.seconds}});
  return passed ? 0 : 5;
}

}  // namespace

std::function<int()> define_refit(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--engine", options->engine, "The engine whose tactics and scales stay").required();
  arguments.option("--model", options->model, "The retrained model, of the same structure (ONNX)").required();
  arguments.option("--out", options->out, "The engine to write").required();
  declare_data(arguments, options->data, false);
  arguments.option("--max-drop", options->max_drop, "Points of top-1 accuracy that the engine may lose")
      .between(0, 100);
  arguments.option("--gate", options->gate, "strict: the 95 % interval must be within the limit")
      .one_of({"normal", "strict"});
  arguments.flag("--keep-failed", options->keep_failed, "Write the engine although the gate refuses it");
  declare_preprocess(arguments, options->preprocess);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea refit --engine model.engine --model retrained.onnx --out new.engine\n"
      "  fovea refit --engine model.engine --model retrained.onnx --out new.engine --data photos\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
