#include <nlohmann/json.hpp>

#include "base/log/log.h"
#include "common.h"
#include "evaluated.h"
#include "option_groups.h"
#include "pipeline/layer_metrics.h"
#include "pipeline/metrics.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path model, engine;
  DataSettings data;
  std::string split, preprocess;
  int size = 0;
  double seconds = 6;
  bool layers = false;
  bool no_ladder = false;
  Common common;
};

int run(Options& options) {
  options.common.apply();
  Subject subject;
  subject.engine = std::make_shared<const Engine>(load_engine(options.engine));
  subject.name = options.engine.string();
  SourceModel source = load_source(options.model, options.preprocess, options.size);
  if (!options.preprocess.empty() && to_json(source.spec) != to_json(subject.engine->info.preprocess))
    log_warning("--preprocess {} is not what the engine was built with: both run with the engine's",
                options.preprocess);
  source.spec = subject.engine->info.preprocess;
  const SplitImages images = split_images(subject, options.data, options.split);
  std::vector<Rung> rungs;
  if (!options.no_ladder) {
    DataIn data;
    data.dataset = images.dataset;
    if (!subject.engine->info.split.empty()) data.split = split_from_json_text(subject.engine->info.split);
    data.train = part_of(data.dataset, data.split, Part::kTrain);
    BuildSettings settings;
    settings.device = subject.engine->info.backend;
    settings.isa = name(subject.engine->info.isa);
    settings.opt_level = 1;
    rungs = complete_ladder({}, source, data, settings, options.common.threads);
  }
  CompareOptions comparing;
  comparing.samples = images.samples;
  comparing.limits = options.data.limits;
  comparing.threads = options.common.threads;
  comparing.seconds = options.seconds;
  nlohmann::json comparison = compare(source, subject.engine, rungs, images.dataset, comparing);
  comparison["split"] = images.split;
  std::string text = describe_comparison(comparison);
  if (options.layers) {
    const LayerComparison layers = compare_layers(source, subject.engine, images.dataset, images.samples,
                                                  options.data.limits, options.common.threads);
    add_layers(comparison, layers);
    text += describe_layers(layers);
  }
  options.common.say(text);
  options.common.finish(comparison);
  return 0;
}

}  // namespace

std::function<int()> define_compare(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--model", options->model, "The plain model (ONNX): before").required();
  arguments.option("--engine", options->engine, "Its engine: after").required();
  declare_data(arguments, options->data, true);
  arguments.option("--split", options->split, "Which images (default: val where they are known, else all)")
      .one_of({"val", "train", "all"});
  declare_class_map(arguments, options->data);
  arguments.option("--seconds", options->seconds, "How long to time, model only; as long again from JPEG")
      .between(0.1, 600);
  arguments.flag("--layers", options->layers, "Per node: how far it is from fp32");
  arguments.flag("--no-ladder", options->no_ladder, "Before and after only, nothing between");
  declare_preprocess(arguments, options->preprocess);
  declare_size(arguments, options->size);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea compare --model model.onnx --engine model.engine --data photos\n"
      "  fovea compare --model model.onnx --engine model.engine --data photos --split all --json report.json\n"
      "  fovea compare --model model.onnx --engine model.engine --data photos --layers --no-ladder\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
