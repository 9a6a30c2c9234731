#include "pipeline/data_in.h"

#include <algorithm>
#include <map>

#include "base/io/file.h"
#include "base/log/log.h"
#include "image/contact_sheet.h"
#include "image/encode.h"

namespace fovea {
namespace {

constexpr int kSheetColumns = 8;
constexpr int kSheetRows = 4;
constexpr int kCell = 96;

/// A few images of every class in turn, as one picture with the class of each tile.
void add_sheet(const DataIn& data, const DecodeLimits& limits, nlohmann::ordered_json& details) {
  std::map<int, std::vector<int>> by_class;
  for (std::size_t i = 0; i < data.dataset.samples.size(); ++i)
    by_class[data.dataset.samples[i].label].push_back(static_cast<int>(i));
  std::vector<int> chosen;
  for (std::size_t round = 0; chosen.size() < kSheetColumns * kSheetRows; ++round) {
    const std::size_t before = chosen.size();
    for (const auto& [label, samples] : by_class)
      if (round < samples.size() && chosen.size() < kSheetColumns * kSheetRows) chosen.push_back(samples[round]);
    if (chosen.size() == before) break;
  }
  std::vector<Image> tiles;
  nlohmann::json labels = nlohmann::json::array();
  for (const int i : chosen) {
    const Sample& sample = data.dataset.samples[static_cast<std::size_t>(i)];
    tiles.push_back(thumbnail(decode(read_file(sample.file, limits.max_bytes), limits), kCell));
    labels.push_back(data.dataset.classes[static_cast<std::size_t>(sample.label)]);
  }
  details["sheet"] = data_uri("image/jpeg", encode_jpeg(contact_sheet(tiles, kSheetColumns, kCell), 82));
  details["sheet_labels"] = labels;
}

nlohmann::json class_figures(const DataIn& data) {
  std::vector<std::array<int, 3>> counts(data.dataset.classes.size(), {0, 0, 0});
  for (const Sample& sample : data.dataset.samples) ++counts[static_cast<std::size_t>(sample.label)][0];
  for (const int i : data.train)
    ++counts[static_cast<std::size_t>(data.dataset.samples[static_cast<std::size_t>(i)].label)][1];
  for (const int i : data.val)
    ++counts[static_cast<std::size_t>(data.dataset.samples[static_cast<std::size_t>(i)].label)][2];
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c][0] > 0)
      list.push_back({{"name", data.dataset.classes[c]},
                      {"images", counts[c][0]},
                      {"train", counts[c][1]},
                      {"val", counts[c][2]}});
  return list;
}

std::string size_text(const ImageFigures& figures) {
  if (figures.smallest_width == figures.largest_width && figures.smallest_height == figures.largest_height)
    return fmt::format("{} × {}", figures.largest_height, figures.largest_width);
  return fmt::format("{}–{} × {}–{}", figures.smallest_height, figures.largest_height, figures.smallest_width,
                     figures.largest_width);
}

}  // namespace

std::string folder_name(const std::filesystem::path& folder) {
  std::error_code code;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(folder, code);
  const std::filesystem::path& path = code ? folder : whole;
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

DataIn read_data(const DataSettings& settings, const std::string& known_split) {
  DataIn data;
  DatasetOptions options;
  options.limits = settings.limits;
  data.dataset = open_folder(settings.root, options);
  data.figures = drop_undecodable(data.dataset, settings.limits);
  const DataSplit known = known_split.empty() ? DataSplit{} : split_from_json_text(known_split);
  if (knows_any(data.dataset, known)) {
    data.split = extend_split(data.dataset, known, settings.val, settings.seed);
    const std::size_t added = data.split.train.size() + data.split.val.size() - known.train.size() - known.val.size();
    log_info("split: the model's own (seed {}); {} images are new to it", known.seed, added);
  } else {
    data.split = make_split(data.dataset, settings.val, settings.seed);
  }
  data.train = part_of(data.dataset, data.split, Part::kTrain);
  data.val = part_of(data.dataset, data.split, Part::kVal);
  return data;
}

std::optional<DataIn> read_data_of(SourceModel& source, const DataSettings& settings) {
  if (!settings.class_map.empty()) source.model.class_map = to_json_text(read_class_map(settings.class_map));
  if (settings.root.empty()) return std::nullopt;
  DataIn data = read_data(settings, source.model.split);
  align_labels(data.dataset, source.model.labels, source.classes, source.model.class_map);
  return data;
}

std::string describe(const DataIn& data) {
  return fmt::format("{} images of {} classes", data.dataset.samples.size(), class_figures(data).size());
}

StageTrace trace_data_in(const DataIn& data, const DataSettings& settings, bool made_here, double seconds) {
  StageTrace stage;
  const std::size_t images = data.dataset.samples.size();
  stage.id = "data_in";
  stage.title = "Data in";
  stage.input = made_here ? "drawn by fovea synth" : fmt::format("folder {}", folder_name(settings.root));
  stage.operation = fmt::format("decode, check, split {} training + {} validation", data.train.size(), data.val.size());
  stage.output =
      fmt::format("{} × {} × 3 u8 0–255, {} classes", images, size_text(data.figures), class_figures(data).size());
  stage.example = fmt::format("{} → {}", data.dataset.samples.front().file.filename().string(),
                              data.dataset.classes[static_cast<std::size_t>(data.dataset.samples.front().label)]);
  stage.seconds = seconds;
  nlohmann::json skipped = nlohmann::json::array();
  for (const SkippedImage& image : data.dataset.skipped)
    skipped.push_back({{"file", image.file.string()}, {"reason", image.reason}});
  stage.details = {{"source", made_here ? "synthetic" : "folder"},
                   {"images", images},
                   {"classes", class_figures(data)},
                   {"skipped", skipped},
                   {"split",
                    {{"train", data.train.size()},
                     {"val", data.val.size()},
                     {"seed", data.split.seed},
                     {"fraction", data.split.fraction}}}};
  add_sheet(data, settings.limits, stage.details);
  return stage;
}

}  // namespace fovea
