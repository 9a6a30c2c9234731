#include <nlohmann/json.hpp>

#include "build_inputs.h"
#include "common.h"
#include "evidence_text.h"
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
  std::string text = candidates_text(exported.evidence) + calibration_text(exported.evidence);
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
  require_other_file(options.model, options.out);
  const BuildInputs inputs = read_build_inputs(options.model, options.size, options.data, options.build);
  options.build.input = "tensor";
  options.build.device = "cpu";  // judges here, whatever the model is for
  const ExportedModel exported = export_or_report(inputs.source, inputs.data(), options);
  write_atomic(options.out, exported.onnx);
  if (!options.plan.empty()) save_engine(exported.evidence.engine, options.plan);
  options.common.say(summary(exported, options));
  nlohmann::json report = export_report(exported, options.wanted);
  if (!options.vendor.out.empty()) {
    report["plan"] = build_vendor_plan(exported, options.wanted, options.vendor);
    options.common.say(describe_plan(report.at("plan"), options.vendor.out));
  }
  options.common.finish(report);
  return exported.evidence.gate && !exported.evidence.gate->passed ? exit_status(ErrorKind::kGateFailed) : 0;
}

void declare_vendor(Arguments& arguments, VendorPlanSettings& vendor) {
  arguments.option("--tensorrt-plan", vendor.out, "Also have TensorRT build its plan of the exported model into FILE");
  arguments.option("--timing-cache", vendor.timing_cache, "TensorRT's timing cache, read and written");
  arguments.option("--opt-level", vendor.opt_level, "TensorRT's builder optimisation level").between(0, 5);
  arguments.option("--workspace", vendor.workspace_mb, "Most scratch memory of a layer in MiB (0: TensorRT's default)")
      .between(0, 1 << 20);
  arguments.flag("--refittable", vendor.refit, "Weights in TensorRT's plan can be replaced");
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
  declare_class_map(arguments, options->data);
  arguments
      .option("--precision", options->build.precision,
              "auto: the narrowest that passes the gate (int8, mixed, fp16, fp32)")
      .one_of({"auto", "fp32", "fp16", "bf16", "int8", "fp8"});
  declare_accuracy(arguments, options->build);
  arguments.list("--batch", options->wanted.batches, "Least, usual and most images at once: the profile hint")
      .between(1, 4096);
  declare_preprocess(arguments, options->build.preprocess);
  declare_size(arguments, options->size);
  arguments.option("--plan", options->plan, "Also write the engine that the gate judged: the same typed network here");
  declare_vendor(arguments, options->vendor);
  idle_without_data(arguments);
  arguments.idle_without({"--timing-cache", "--opt-level", "--workspace", "--refittable"}, {"--tensorrt-plan"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea export --model model.onnx --data photos --for tensorrt --out typed.onnx\n"
      "  fovea export --model model.onnx --for tensorrt --precision fp16 --out half.onnx --tensorrt-plan half.plan\n"
      "  fovea export --model model.onnx --data photos --for onnxruntime --precision int8 --out quantised.onnx\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
