#include "evaluated.h"

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/log/log.h"
#include "compiler/build_bare.h"
#include "compiler/frontend.h"
#include "eval/engine_runner.h"

namespace fovea::apps {
namespace {

Subject from_model(const SubjectOptions& options, int threads) {
  Subject subject;
  subject.source = load_source(options.model, options.preprocess);
  subject.name = options.model.string();
  const FrontEnd front = add_front_end(subject.source->model.graph, subject.source->spec, true);
  const Backend& backend = backend_by_name(options.device);
  const std::shared_ptr<Device> device = backend.open(Isa::kAmx, device_index(options.device));
  EngineInfo info;
  info.preprocess = subject.source->spec;
  info.labels = subject.source->model.labels;
  info.split = subject.source->model.split;
  info.class_map = subject.source->model.class_map;
  info.model_output = front.model_output;
  subject.engine = bare_engine(front.graph, info, backend, *device, {1}, threads);
  return subject;
}

}  // namespace

Subject load_subject(const SubjectOptions& options, int threads) {
  require(options.engine.empty() != options.model.empty(), ErrorKind::kUsage,
          "give either --engine FILE or --model FILE");
  if (options.engine.empty()) return from_model(options, threads);
  Subject subject;
  subject.engine = std::make_shared<const Engine>(load_engine(options.engine));
  subject.name = options.engine.string();
  return subject;
}

std::unique_ptr<Runner> make_runner(const Subject& subject, int threads) {
  return std::make_unique<EngineRunner>(make_executor(*subject.engine, backend_by_name(subject.engine->info.backend)),
                                        threads);
}

SplitImages split_images(const Subject& subject, const DataSettings& data, const std::string& split) {
  SplitImages images;
  DatasetOptions opening;
  opening.limits = data.limits;
  opening.min_classes = 1;
  images.dataset = open_folder(data.root, opening);
  const EngineInfo& info = subject.engine->info;
  const std::string map = data.class_map.empty() ? info.class_map : to_json_text(read_class_map(data.class_map));
  align_labels(images.dataset, info.labels, output_classes(*subject.engine), map);
  const DataSplit known = info.split.empty() ? DataSplit{} : split_from_json_text(info.split);
  images.split = !split.empty() ? split : !part_of(images.dataset, known, Part::kVal).empty() ? "val" : "all";
  const Part part = images.split == "val" ? Part::kVal : images.split == "train" ? Part::kTrain : Part::kAll;
  images.samples = part_of(images.dataset, known, part);
  if (images.samples.empty() && images.dataset.has_own_split)
    images.samples = part_of(images.dataset, make_split(images.dataset, data.val, data.seed), part);
  require(!images.samples.empty(), ErrorKind::kInvalidArgument, "{} knows none of the images of {} as --split {}",
          subject.name, data.root.string(), images.split);
  log_info("split: {} ({} images)", images.split, images.samples.size());
  return images;
}

}  // namespace fovea::apps
