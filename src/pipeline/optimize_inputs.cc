#include "pipeline/optimize_inputs.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "interop/onnx_export.h"
#include "pipeline/version.h"

namespace fovea {
namespace {

std::set<std::string> kept_nodes(const std::vector<std::string>& keep, const Graph& graph) {
  std::set<std::string> names;
  for (const std::string& entry : keep) {
    const std::size_t equals = entry.rfind('=');
    require(equals != std::string::npos && entry.substr(equals + 1) == "fp32", ErrorKind::kInvalidArgument,
            "--keep {}: expected NODE=fp32", entry);
    const std::string node = entry.substr(0, equals);
    require(graph.find_node(node) != nullptr, ErrorKind::kInvalidArgument,
            "--keep {}: the model has no node of that name (fovea inspect lists them)", entry);
    names.insert(node);
  }
  return names;
}

/// A folder's images by content; what the gate judges by must not be calibrated with.
void take_folder(const DataIn* data, const BuildSettings& settings, CalibrationImages& images) {
  std::set<std::string> judged;
  if (data != nullptr) judged.insert(data->split.val.begin(), data->split.val.end());
  int dropped = 0;
  images.own.root = settings.calib;
  for (const std::filesystem::path& file : image_files(settings.calib)) {
    const Bytes bytes = read_file(file, settings.limits.max_bytes);
    Sample sample{file, 0, bytes.size(), content_hash(bytes)};
    if (judged.contains(sample.hash))
      ++dropped;
    else
      images.own.samples.push_back(std::move(sample));
  }
  if (dropped > 0) log_warning("--calib {}: {} of its images validate and are left out", settings.calib, dropped);
  require(!images.own.samples.empty(), ErrorKind::kInvalidArgument, "--calib {}: {}", settings.calib,
          dropped > 0 ? "every image in it validates" : "a folder with images or a number expected");
  images.own.classes = {"calibration"};
  images.set = &images.own;
  images.samples = part_of(images.own, {}, Part::kAll);
}

void choose_calibration(const DataIn* data, const BuildSettings& settings, CalibrationImages& images) {
  int count = kCalibrationImages;
  const char* end = settings.calib.data() + settings.calib.size();
  const bool number = !settings.calib.empty() && std::from_chars(settings.calib.data(), end, count).ptr == end;
  if (!settings.calib.empty() && !number) {
    take_folder(data, settings, images);
    return;
  }
  require(count > 0, ErrorKind::kInvalidArgument, "--calib {}: at least one image is needed", settings.calib);
  if (data == nullptr) return;
  images.set = &data->dataset;
  images.samples = draw(data->dataset, data->train, count, settings.seed);
}

OptimizeOptions options_of(const BuildSettings& settings, const Graph& graph, int threads) {
  OptimizeOptions options;
  options.precision = precision_from_name(settings.precision);
  if (settings.calibration != "auto") options.calibration = calibration_from_name(settings.calibration);
  options.gate = {settings.max_drop, settings.gate == "strict"};
  options.compile.opt_level = settings.opt_level;
  options.compile.threads = threads;
  options.compile.batches = sorted_batches(settings.batches);
  options.keep = kept_nodes(settings.keep, graph);
  options.form = {settings.weights != "per-tensor", settings.activations == "asymmetric"};
  options.calib_cache = settings.calib_cache;
  options.keep_failed = settings.keep_failed;
  options.limits = settings.limits;
  return options;
}

EngineInfo info_of(const SourceModel& source, const DataIn* data, const BuildSettings& settings) {
  EngineInfo info;
  info.fovea_version = kVersion;
  info.pixel_input = settings.input == "pixels";
  info.preprocess = source.spec;
  info.labels = source.model.labels;
  if (info.labels.empty() && data != nullptr) info.labels = data->dataset.classes;
  info.split = data != nullptr ? to_json_text(data->split) : source.model.split;
  info.class_map = source.model.class_map;
  if (settings.portable) info.model = std::string(as_text(export_onnx(source.model)));
  return info;
}

}  // namespace

OptimizeInputs::OptimizeInputs(const SourceModel& source, const DataIn* data, const BuildSettings& settings,
                               int threads)
    : info(info_of(source, data, settings)), options(options_of(settings, source.model.graph, threads)) {
  const bool pixels = settings.input == "pixels";
  front = add_front_end(source.model.graph, source.spec, pixels);
  if (!settings.against.empty()) {
    const SourceModel other = load_source(settings.against, settings.preprocess, 0);
    against = add_front_end(other.model.graph, source.spec, pixels);
  }
  choose_calibration(data, settings, calibration);
  images.calibration_set = calibration.set;
  images.calibration = calibration.samples;
  if (data == nullptr) return;
  images.validation_set = &data->dataset;
  images.validation = data->val;
}

}  // namespace fovea
