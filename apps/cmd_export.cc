#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log/log.h"
#include "common.h"
#include "option_groups.h"
#include "pipeline/export.h"
#include "quantize/gate.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  DataSettings data;
  BuildSettings build;
  ExportSettings wanted;
  std::filesystem::path model, out, plan;
  VendorPlanSettings vendor;
  int size = 0;
  Common common;
};

std::string summary(const ExportedModel& exported, const Options& options) {
  std::string text;
  for (const CandidatePlan& plan : exported.evidence.candidates) {
    text += fmt::format("{} {:<10}", plan.chosen ? "→" : " ", plan.label);
    if (plan.gate) text += fmt::format("  top-1 {:.2f} % → {:.2f} %", 100 * plan.gate->before, 100 * plan.gate->after);
    text += plan.chosen ? "  chosen\n" : fmt::format("  {}\n", plan.reason);
  }
  const CalibrationReport& calibration = exported.evidence.calibration;
  if (!calibration.method.empty())
    text += fmt::format("calibration: {} on {} images\n", calibration.method, calibration.images);
  constexpr std::size_t kMost = 10;
  const std::vector<Fallback>& wider = exported.evidence.fallbacks;
  for (std::size_t i = 0; i < std::min(kMost, wider.size()); ++i)
    text += fmt::format("{} in {}: {}\n", wider[i].node, wider[i].precision, wider[i].reason);
  if (wider.size() > kMost) text += fmt::format("… {} wider nodes in all\n", wider.size());
  if (!exported.evidence.gate) text += "gate: no validation images, nothing is proven\n";
  return text + fmt::format("{}: for {}, {}, {:.2f} MB, {:.1f} s\n", options.out.string(), options.wanted.runtime,
                            name(exported.evidence.chosen), static_cast<double>(exported.onnx.size()) / 1e6,
                            exported.seconds);
}

ExportedModel export_or_report(const SourceModel& source, const DataIn* data, const Options& options) {
  try {
    return export_model(source, data, options.build, options.wanted, options.common.threads);
  } catch (const GateRefused& refused) {
    options.common.finish(
        nlohmann::json{{"schema", 1}, {"gate", to_json(refused.gate())}, {"error", refused.message()}});
    throw;
  }
}

std::string describe_plan(const nlohmann::json& plan, const std::filesystem::path& out) {
  std::string text;
  for (const auto& warning : plan.at("warnings")) text += fmt::format("tensorrt: {}\n", warning.get<std::string>());
  return text + fmt::format("{}: {:.2f} MB, {} layers, {:.1f} s, {}\n", out.string(),
                            plan.at("bytes").get<double>() / 1e6, plan.at("layers").size(),
                            plan.at("seconds").get<double>(), plan.at("runtime").get<std::string>());
}

int run(Options& options) {
  options.common.apply();
  require(options.vendor.out.empty() || options.wanted.runtime == "tensorrt", ErrorKind::kUsage,
          "--tensorrt-plan goes with --for tensorrt");
  require_vendor(options.vendor);
  std::error_code code;
  require(!std::filesystem::equivalent(options.model, options.out, code), ErrorKind::kUsage,
          "--out {} would replace the model", options.out.string());
  SourceModel source = load_source(options.model, options.build.preprocess, options.size);
  if (!options.data.class_map.empty()) source.model.class_map = to_json_text(read_class_map(options.data.class_map));
  std::optional<DataIn> data;
  if (!options.data.root.empty()) {
    data = read_data(options.data, source.model.split);
    align_labels(data->dataset, source.model.labels, source.classes, source.model.class_map);
    if (data->val.empty()) log_warning("no validation images: nothing is proven about this model");
  }
  options.build.seed = options.data.seed;
  options.build.limits = options.data.limits;
  options.build.input = "tensor";
  options.build.device = "cpu";  // judges here, whatever the model is for
  const ExportedModel exported = export_or_report(source, data ? &*data : nullptr, options);
  write_atomic(options.out, exported.onnx);
  if (!options.plan.empty()) save_engine(exported.evidence.engine, options.plan);
  options.common.say(summary(exported, options));
  nlohmann::json report = export_report(exported, options.wanted);
  if (!options.vendor.out.empty()) {
    report["plan"] = build_vendor_plan(exported, options.wanted, options.vendor);
    options.common.say(describe_plan(report.at("plan"), options.vendor.out));
  }
  options.common.finish(report);
  return exported.evidence.gate && !exported.evidence.gate->passed ? 5 : 0;
}

void declare_vendor(Arguments& arguments, VendorPlanSettings& vendor) {
  arguments.option("--tensorrt-plan", vendor.out, "Also have TensorRT build its plan of the exported model into FILE");
  arguments.option("--timing-cache", vendor.timing_cache, "TensorRT's timing cache, read and written");
  arguments.option("--opt-level", vendor.opt_level, "TensorRT's builder optimisation level").between(0, 5);
  arguments.option("--workspace", vendor.workspace_mb, "Most scratch memory of a layer in MiB (0: TensorRT's default)")
      .between(0, 1 << 20);
  arguments.flag("--refittable", vendor.refit, "Weights in TensorRT's plan can be replaced");
}

void declare_precision(Arguments& arguments, BuildSettings& build) {
  arguments.option("--precision", build.precision, "auto: the narrowest that passes the gate (int8, mixed, fp16, fp32)")
      .one_of({"auto", "fp32", "fp16", "bf16", "int8", "fp8"});
  arguments.option("--max-drop", build.max_drop, "Points of top-1 accuracy that the model may lose").between(0, 100);
  arguments.option("--gate", build.gate, "strict: the 95 % interval must be within the limit")
      .one_of({"normal", "strict"});
  arguments.flag("--keep-failed", build.keep_failed, "Write the model although the gate refuses it");
  arguments
      .option("--calibration", build.calibration,
              "How INT8 ranges are chosen (auto: the best on the calibration images)")
      .one_of({"auto", "max", "entropy", "percentile", "mse"});
  arguments.option("--calib", build.calib, "Calibration images: a folder, or how many training images");
  arguments.option("--calib-cache", build.calib_cache, "File that keeps ranges, repairs and sensitivities");
  arguments.option("--against", build.against,
                   "Model whose accuracy the gate compares with (default: the model itself)");
  arguments.option("--keep", build.keep, "NODE=fp32: this node stays in fp32 (repeatable)").matches(".+=fp32");
}

}  // namespace

std::function<int()> define_export(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--model", options->model, "The model (ONNX, floating point)").required();
  arguments.option("--out", options->out, "The ONNX file to write").required();
  arguments.option("--for", options->wanted.runtime, "The runtime that is to take it")
      .required()
      .one_of({"tensorrt", "onnxruntime", "openvino"});
  declare_data(arguments, options->data, false);
  arguments.option("--class-map", options->data.class_map, "Which class each folder is: index<TAB>folder<TAB>name");
  declare_precision(arguments, options->build);
  arguments.list("--batch", options->wanted.batches, "Least, usual and most images at once: the profile hint")
      .between(1, 4096);
  declare_preprocess(arguments, options->build.preprocess);
  declare_size(arguments, options->size);
  arguments.option("--plan", options->plan, "Also write the engine that the gate judged: the same typed network here");
  declare_vendor(arguments, options->vendor);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea export --model model.onnx --data photos --for tensorrt --out typed.onnx\n"
      "  fovea export --model model.onnx --for tensorrt --precision fp16 --out half.onnx --tensorrt-plan half.plan\n"
      "  fovea export --model model.onnx --data photos --for onnxruntime --precision int8 --out quantised.onnx\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
