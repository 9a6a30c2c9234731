#include "pipeline/prediction.h"

#include <algorithm>

#include "base/io/file.h"
#include "base/log/clock.h"
#include "classifier/prediction_json.h"
#include "classifier/trace.h"
#include "image/contact_sheet.h"
#include "image/encode.h"

namespace fovea {

StageTrace trace_prediction_stage(const Engine& engine, const DataIn& data, const DecodeLimits& limits) {
  const Stopwatch watch;
  ClassifierOptions options;
  options.limits = limits;
  const Classifier classifier = Classifier::from_engine(engine, options);
  const Sample& sample = data.dataset.samples[static_cast<std::size_t>(data.val.empty() ? 0 : data.val.front())];
  const Bytes encoded = read_file(sample.file, limits.max_bytes);
  const PredictionTrace trace = trace_prediction(classifier, encoded);
  const std::vector<ClassProbability> top = trace.prediction.top(5);
  StageTrace stage;
  stage.id = "prediction";
  stage.title = "Prediction";
  stage.input = fmt::format("one photo, {}", sample.file.filename().string());
  stage.operation = fmt::format("{} steps in {:.2f} ms", trace.layers.size() - 1, trace.microseconds / 1e3);
  stage.output = probabilities_line(trace.prediction);
  stage.example = fmt::format("{} {:.2f}", top.front().label, top.front().p);
  stage.details = to_json(trace);
  const std::string& truth = data.dataset.classes[static_cast<std::size_t>(sample.label)];
  stage.details["file"] = sample.file.filename().string();
  stage.details["truth"] = truth;
  stage.details["correct"] = top.front().index == sample.label;
  stage.details["photo"] = data_uri("image/jpeg", encode_jpeg(thumbnail(decode(encoded, limits), 224), 85));
  stage.seconds = watch.seconds();
  return stage;
}

}  // namespace fovea
