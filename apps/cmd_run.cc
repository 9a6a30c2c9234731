#include <nlohmann/json.hpp>

#include "common.h"
#include "option_groups.h"
#include "pipeline/run.h"
#include "pipeline/version.h"
#include "subcommands.h"

namespace fovea::apps {

std::string version() { return version_text(); }

std::function<int()> define_run(Arguments& arguments) {
  struct Options {
    RunSettings run;
    Common common;
  };
  auto options = std::make_shared<Options>();
  RunSettings& run = options->run;
  declare_data(arguments, run.data, false);
  arguments.option("--out", run.out, "Folder for model, engine and report").required();
  declare_train(arguments, run.train);
  declare_preprocess(arguments, run.train.preprocess);
  declare_build(arguments, run.build);
  declare_device(arguments, run.build.device);
  arguments.option("--model", run.model, "A trained model (ONNX): stage 4 trains nothing");
  for (const char* training : {"--net", "--from", "--epochs", "--resume"}) arguments.excludes(training);
  declare_class_map(arguments, run.data);
  arguments.option("--images", run.synth_images, "Without --data: how many pictures to draw")
      .between(30, 1e6)
      .excludes("--data");
  arguments.needs({"--class-map"}, {"--model"});
  arguments.idle_with({"--train-batch", "--views", "--lr", "--weight-decay", "--augment"}, "--model");
  arguments.flag("--force", run.force, "Do stages again that finished with the same inputs and options");
  options->common.declare(arguments);
  arguments.examples(
      "  fovea run --out demo\n"
      "  fovea run --data photos --out result\n"
      "  fovea run --data photos --from mobilenetv2.onnx --preprocess imagenet --out result\n");
  return [options] {
    options->common.apply();
    options->run.threads = options->common.threads;
    options->run.train.device = options->run.build.device;
    options->run.train.weights = options->run.build.weights;
    options->run.train.activations = options->run.build.activations;
    options->run.build.seed = options->run.data.seed;
    options->run.build.limits = options->run.data.limits;
    const Trace trace = run_pipeline(options->run);
    options->common.say(stage_table(trace));
    options->common.say(trace.key_insight + "\n");
    if (!trace.note.empty()) options->common.say(trace.note + "\n");
    options->common.say(fmt::format("report: {}\n", (options->run.out / "report.html").string()));
    options->common.finish(to_json(trace));
    const std::string reason = trace.stages.at(5).details.value("not_run_because", "");
    require(reason.empty(), ErrorKind::kWrongDevice, "{} is built and was not run: {}",
            (options->run.out / "model.engine").string(), reason);
    const auto& gate = trace.stages.at(4).details["gate"];
    return gate.is_object() && !gate.value("passed", true) ? exit_status(ErrorKind::kGateFailed) : 0;
  };
}

}  // namespace fovea::apps
