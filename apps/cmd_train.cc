#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/log/progress.h"
#include "common.h"
#include "interop/onnx_export.h"
#include "interop/onnx_import.h"
#include "option_groups.h"
#include "pipeline/training.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  DataSettings data;
  TrainSettings train;
  std::filesystem::path out;
  Common common;
};

int run(Options& options) {
  options.common.apply();
  // What the base model trained on must not validate its successor.
  const DataIn data = read_data(options.data, known_split(options.train));
  if (options.train.checkpoint.empty()) options.train.checkpoint = options.out.string() + ".checkpoint";
  std::fputs(epoch_table_head().c_str(), stderr);
  const Trained trained =
      train_model(data, options.train, options.data.seed, options.data.limits, [](const train::EpochFigures& epoch) {
        Progress::hide_all();
        std::fputs(epoch_table_row(epoch).c_str(), stderr);
      });
  std::fputs(loss_bars(trained.epochs).c_str(), stderr);
  save_onnx(trained.model, options.out);
  std::error_code code;
  std::filesystem::remove(options.train.checkpoint, code);
  nlohmann::json epochs = nlohmann::json::array();
  for (const train::EpochFigures& epoch : trained.epochs) epochs.push_back(to_json(epoch));
  options.common.say(fmt::format("{}: {} of {}, validation accuracy {:.3f}\n", options.out.string(), trained.net,
                                 describe(data), trained.epochs.empty() ? 0.0 : trained.epochs.back().val_accuracy));
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"epochs", epochs},
                                       {"classes", data.dataset.classes},
                                       {"images", data.dataset.samples.size()},
                                       {"train_images", data.train.size()},
                                       {"val_images", data.val.size()},
                                       {"skipped", data.dataset.skipped.size() + trained.skipped.size()},
                                       {"device", trained.device},
                                       {"seconds", trained.seconds}});
  return 0;
}

}  // namespace

std::function<int()> define_train(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  declare_data(arguments, options->data, true);
  arguments.option("--out", options->out, "The model to write (ONNX)").required();
  declare_train(arguments, options->train);
  declare_preprocess(arguments, options->train.preprocess);
  declare_device(arguments, options->train.device);
  declare_form(arguments, options->train.weights, options->train.activations);
  arguments.needs({"--weights", "--activations"}, {"--qat"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea train --data photos --out model.onnx\n"
      "  fovea train --data photos --out model.onnx --net resnet18 --epochs 20 --augment standard\n"
      "  fovea train --data photos --out model.onnx --from mobilenetv2.onnx --preprocess imagenet\n"
      "  fovea train --data photos --out qat.onnx --from model.onnx --qat --epochs 3\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
