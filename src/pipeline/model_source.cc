#include "pipeline/model_source.h"

#include <algorithm>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "interop/onnx_import.h"

namespace fovea {
namespace {

/// Height and width of the model's image input; 0 where it has none.
std::pair<int, int> input_size(const Graph& graph) {
  if (graph.inputs().empty()) return {0, 0};
  const Shape& shape = graph.value(graph.inputs().front()).shape;
  if (shape.rank() != 4) return {0, 0};
  return {static_cast<int>(shape[2]), static_cast<int>(shape[3])};
}

}  // namespace

int class_count(const Graph& graph) {
  require(graph.outputs().size() == 1, ErrorKind::kUnsupported, "the model has {} outputs, a classifier has one",
          graph.outputs().size());
  const Shape& shape = graph.value(graph.outputs().front()).shape;
  std::int64_t classes = 1;
  for (int i = 1; i < shape.rank(); ++i) classes *= shape[i];
  require(shape.rank() >= 2 && classes >= 2 && classes <= 1 << 20, ErrorKind::kUnsupported,
          "the model's output has shape {}, a classifier's is n×classes", shape.str());
  return static_cast<int>(classes);
}

namespace {

/// An engine that carries its model stands for it.
Bytes model_bytes(const std::filesystem::path& path) {
  Bytes bytes = read_file(path);
  if (!as_text(bytes).starts_with(engine_format::kMagic)) return bytes;
  const std::string model = deserialize(bytes).info.model;
  require(!model.empty(), ErrorKind::kInvalidArgument, "{} does not carry its model (build --portable)", path.string());
  return {as_bytes(model).begin(), as_bytes(model).end()};
}

}  // namespace

SourceModel load_source(const std::filesystem::path& path, const std::string& preprocess, int size) {
  SourceModel source;
  const Bytes bytes = model_bytes(path);
  source.hash = content_hash(bytes);
  ImportOptions options;
  options.size = size;
  try {
    source.model = import_onnx(bytes, path.parent_path(), options);
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", path.string(), error.message());
  }
  source.classes = class_count(source.model.graph);
  const auto [height, width] = input_size(source.model.graph);
  const int side = height > 0 ? std::min(height, width) : 224;
  if (!preprocess.empty()) {
    source.spec = preprocess_from_argument(preprocess, side);
  } else if (source.model.preprocess) {
    source.spec = *source.model.preprocess;
  } else {
    source.spec = PreprocessSpec::imagenet(side);
    source.spec_guessed = true;
    log_warning("{} does not say how its images are prepared: using imagenet, which is a guess (--preprocess tells)",
                path.filename().string());
  }
  if (height > 0 && (preprocess.empty() || preprocess == "imagenet" || preprocess == "unit")) {
    source.spec.height = height;
    source.spec.width = width;
  }
  if (height > 0 && source.model.graph.value(source.model.graph.inputs().front()).shape[1] == 1)
    source.spec.color = ColorOrder::kGray;
  source.model.preprocess = source.spec;
  return source;
}

void align_labels(Dataset& dataset, const std::vector<std::string>& labels, int classes, const std::string& class_map) {
  if (!class_map.empty()) return apply_class_map(dataset, parse_class_map(class_map), classes);
  const auto index_of = [&](const std::string& folder) {
    return static_cast<int>(std::ranges::find(labels, folder) - labels.begin());
  };
  const bool by_name = !labels.empty() && std::ranges::all_of(dataset.classes, [&](const std::string& folder) {
    return index_of(folder) < static_cast<int>(labels.size());
  });
  if (by_name) {
    for (Sample& sample : dataset.samples)
      sample.label = index_of(dataset.classes[static_cast<std::size_t>(sample.label)]);
    dataset.classes = labels;
    return;
  }
  require(labels.empty() && static_cast<int>(dataset.classes.size()) == classes, ErrorKind::kInvalidArgument,
          "the model has {} classes{}, {} has {} ({}, …): give --class-map FILE", classes,
          labels.empty() ? "" : " (" + labels.front() + ", …)", dataset.root.string(), dataset.classes.size(),
          dataset.classes.front());
}

}  // namespace fovea
