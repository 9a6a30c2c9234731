#include "option_groups.h"

namespace fovea::apps {

void declare_limits(Arguments& arguments, DataSettings& data) {
  arguments.option("--max-image-bytes", data.limits.max_bytes, "Larger image files are skipped");
  arguments.option("--max-image-pixels", data.limits.max_pixels, "Images of more pixels are skipped");
}

void declare_data(Arguments& arguments, DataSettings& data, bool required) {
  arguments.option("--data", data.root, "Folder of photos: DIR/<class>/<image> (train/ and val/ above are honoured)");
  if (required) arguments.required();
  arguments.option("--val", data.val, "Fraction of each class that validates").between(0, 0.95);
  arguments.option("--seed", data.seed, "Seed of split, weights, shuffling and augmentation").at_least(0);
  declare_limits(arguments, data);
}

void declare_preprocess(Arguments& arguments, std::string& preprocess) {
  arguments.option("--preprocess", preprocess,
                   "imagenet, unit or FILE.json (own format, timm or Hugging Face); default: what the model says");
}

void declare_size(Arguments& arguments, int& size) {
  arguments.option("--size", size, "Height and width for models that leave them open").between(0, 4096);
}

void declare_device(Arguments& arguments, std::string& device) {
  arguments.option("--device", device, "auto, cpu, cuda[:N] or tensorrt").matches("auto|cpu|cuda(:[0-9]+)?|tensorrt");
}

void declare_train(Arguments& arguments, TrainSettings& train) {
  arguments.option("--net", train.net, "Net of the zoo to train from scratch")
      .one_of({"small", "resnet18", "resnet50", "mobilenet_v2"});
  arguments
      .option("--from", train.from, "Fine-tune this ONNX model instead: its head is made anew for the data's classes")
      .excludes("--net");
  arguments.flag("--freeze", train.freeze, "With --from: train the head only");
  arguments.flag("--qat", train.qat, "With --from: train through 8-bit rounding; the result holds Q/DQ nodes");
  arguments.option("--size", train.size, "Side of the input image").between(16, 2048);
  arguments.option("--epochs", train.epochs, "Passes over the training images").between(1, 10000);
  arguments.option("--train-batch", train.batch, "Images per gradient step").between(1, 4096);
  arguments
      .option("--views", train.views,
              "Changed views of every training image per epoch (0: more where a model is fine-tuned on few)")
      .between(0, 100);
  arguments.option("--lr", train.lr, "Peak learning rate (0: by net and batch)").at_least(0);
  arguments.option("--weight-decay", train.weight_decay, "Weight decay (below 0: the default)");
  arguments.option("--augment", train.augment, "Random changes of training images")
      .one_of({"auto", "none", "light", "standard", "strong"});
  arguments.flag("--resume", train.resume, "Go on from the checkpoint of an interrupted training");
  arguments.needs({"--freeze", "--qat"}, {"--from"});
}

void declare_form(Arguments& arguments, std::string& weights, std::string& activations) {
  arguments.option("--weights", weights, "INT8 weights: a scale per output channel, or one for all")
      .one_of({"per-channel", "per-tensor"});
  arguments
      .option("--activations", activations, "INT8 activations with negative values: symmetric, or with a zero point")
      .one_of({"symmetric", "asymmetric"});
}

void declare_class_map(Arguments& arguments, DataSettings& data) {
  arguments.option("--class-map", data.class_map, "Which class each folder is: index<TAB>folder<TAB>name");
}

void declare_gate(Arguments& arguments, BuildSettings& build) {
  arguments.option("--max-drop", build.max_drop, "Points of top-1 accuracy that may be lost").between(0, 100);
  arguments.option("--gate", build.gate, "strict: the 95 % interval must be within the limit")
      .one_of({"normal", "strict"});
  arguments.flag("--keep-failed", build.keep_failed, "Write the result although the gate refuses it");
}

void declare_accuracy(Arguments& arguments, BuildSettings& build) {
  arguments
      .option("--calibration", build.calibration,
              "How INT8 ranges are chosen (auto: the best on the calibration images)")
      .one_of({"auto", "max", "entropy", "percentile", "mse"});
  arguments.option("--calib", build.calib, "Calibration images: a folder, or how many training images");
  arguments.option("--calib-cache", build.calib_cache, "File that keeps ranges, repairs and sensitivities");
  declare_gate(arguments, build);
  arguments.option("--against", build.against,
                   "Model whose accuracy the gate compares with (default: the model itself)");
  arguments.option("--keep", build.keep, "NODE=fp32: this node stays in fp32 (repeatable)").matches(".+=fp32");
}

void idle_without_data(Arguments& arguments) {
  arguments.idle_without({"--val", "--max-drop", "--gate", "--against", "--keep-failed"}, {"--data"});
  arguments.idle_without({"--calibration"}, {"--data", "--calib"});
}

void declare_build(Arguments& arguments, BuildSettings& build) {
  arguments.option("--precision", build.precision, "auto: the fastest that passes the gate")
      .one_of({"auto", "fp32", "tf32", "bf16", "fp16", "fp8", "int8"});
  arguments.list("--batch", build.batches, "Batch sizes to tune for, e.g. 1,8").between(1, 4096);
  arguments.option("--input", build.input, "pixels: u8 images; tensor: the model's own float input")
      .one_of({"pixels", "tensor"});
  declare_accuracy(arguments, build);
  declare_form(arguments, build.weights, build.activations);
  arguments.option("--timing-cache", build.timing_cache, "File that keeps what was timed");
  arguments.option("--opt-level", build.opt_level, "0: nothing is timed … 5: everything is tried").between(0, 5);
  arguments.option("--isa", build.isa, "Cap the instruction set")
      .one_of({"x86-64", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"});
  arguments
      .option("--workspace", build.workspace_mb, "TensorRT: most scratch memory of a layer in MiB (0: its default)")
      .between(0, 1 << 20);
  arguments.flag("--refittable", build.refittable, "TensorRT: weights of its plan can be replaced");
  arguments.flag("--portable", build.portable, "Carry the model too, so that another machine can rebuild");
}

}  // namespace fovea::apps
