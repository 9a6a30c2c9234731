#include <nlohmann/json.hpp>

#include "base/log/log.h"
#include "base/log/progress.h"
#include "common.h"
#include "eval/evaluate.h"
#include "eval/latency.h"
#include "evaluated.h"
#include "option_groups.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  SubjectOptions subject;
  DataSettings data;
  std::string split;
  Common common;
};

int run(Options& options) {
  options.common.apply();
  const Subject subject = load_subject(options.subject, options.common.threads);
  const SplitImages images = split_images(subject, options.data, options.split);
  const std::unique_ptr<Runner> runner = make_runner(subject, options.common.threads);
  EvalOptions evaluating;
  evaluating.limits = options.data.limits;
  Progress progress("evaluating", static_cast<std::int64_t>(images.samples.size()), "images");
  int seen = 0;
  evaluating.progress = [&](int done, int) {
    progress.advance(done - seen);
    seen = done;
  };
  const EvalResult result = evaluate(*runner, images.dataset, images.samples, evaluating);
  std::vector<std::uint8_t> pixels(runner->preprocess().pixel_bytes(), 128);
  std::vector<float> output(static_cast<std::size_t>(runner->classes()));
  const LatencySummary latency = measure_latency([&] { runner->run(pixels, 1, output); });
  warn_near_chance(result, subject.name);
  options.common.say(fmt::format("{}: top-1 {:.2f} %, top-5 {:.2f} % on {} images ({}), {:.3f} ms per image\n",
                                 subject.name, 100 * result.top1, 100 * result.top5, result.images.size(), images.split,
                                 latency.p50));
  nlohmann::json json = to_json(result);
  json["schema"] = 1;
  json["split"] = images.split;
  json["labels"] = images.dataset.classes;
  json["latency_ms"] = to_json(latency);
  json["images_per_second"] = 1000 / latency.p50;
  options.common.finish(json);
  return 0;
}

}  // namespace

std::function<int()> define_eval(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--engine", options->subject.engine, "The engine");
  arguments.option("--model", options->subject.model, "Or a model: its fp32 plan is measured").excludes("--engine");
  declare_data(arguments, options->data, true);
  arguments.option("--split", options->split, "Which images (default: val where they are known, else all)")
      .one_of({"val", "train", "all"});
  declare_class_map(arguments, options->data);
  declare_preprocess(arguments, options->subject.preprocess);
  declare_device(arguments, options->subject.device);
  arguments.idle_without({"--preprocess", "--device"}, {"--model"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea eval --engine model.engine --data photos\n"
      "  fovea eval --model mobilenetv2.onnx --data imagenet --class-map labels.tsv --json -\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
