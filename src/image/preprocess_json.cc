// Three dialects of "how the photo becomes the input": Fovea's own, timm's and Hugging Face's.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/io/file.h"
#include "image/preprocess.h"

namespace fovea {
namespace {

using nlohmann::json;

template <typename Enum>
struct Named {
  std::string_view name;
  Enum value;
};
constexpr Named<ResizeMode> kModes[] = {
    {"short_side", ResizeMode::kShortSide}, {"exact", ResizeMode::kExact}, {"letterbox", ResizeMode::kLetterbox}};
constexpr Named<ResizeFilter> kFilters[] = {{"nearest", ResizeFilter::kNearest},
                                            {"bilinear", ResizeFilter::kBilinear},
                                            {"bicubic", ResizeFilter::kBicubic},
                                            {"lanczos", ResizeFilter::kLanczos}};
constexpr Named<ColorOrder> kColors[] = {
    {"rgb", ColorOrder::kRgb}, {"bgr", ColorOrder::kBgr}, {"gray", ColorOrder::kGray}};

template <typename Enum, std::size_t kCount>
std::string text_of(const Named<Enum> (&table)[kCount], Enum value) {
  return std::string(std::ranges::find(table, value, &Named<Enum>::value)->name);
}

[[noreturn]] void bad(std::string_view field, const std::string& expected) {
  fail(ErrorKind::kInvalidArgument, "[preprocess] {}: expected {}", field, expected);
}

template <typename Enum, std::size_t kCount>
Enum value_of(const json& spec, const char* field, const Named<Enum> (&table)[kCount], Enum otherwise) {
  if (!spec.contains(field)) return otherwise;
  std::string names;
  for (const Named<Enum>& row : table) {
    if (spec[field].is_string() && spec[field].get<std::string>() == row.name) return row.value;
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  bad(field, names);
}

double number(const json& spec, const char* field, double otherwise, double least, double most) {
  if (!spec.contains(field) || spec[field].is_null()) return otherwise;
  if (!spec[field].is_number()) bad(field, "a number");
  const double value = spec[field].get<double>();
  if (!(value >= least && value <= most)) bad(field, fmt::format("a number from {} to {}, got {}", least, most, value));
  return value;
}

bool truth(const json& spec, const char* field, bool otherwise) {
  if (!spec.contains(field) || spec[field].is_null()) return otherwise;
  if (!spec[field].is_boolean()) bad(field, "true or false");
  return spec[field].get<bool>();
}

/// One number for all channels, or one to three.
std::array<float, 3> triple(const json& spec, const char* field, std::array<float, 3> otherwise) {
  if (!spec.contains(field) || spec[field].is_null()) return otherwise;
  const json list = spec[field].is_array() ? spec[field] : json::array({spec[field]});
  if (list.empty() || list.size() == 2 || list.size() > 3) bad(field, "one or three numbers");
  std::array<float, 3> values = {};
  for (std::size_t i = 0; i < 3; ++i) {
    const json& entry = list[list.size() == 1 ? 0 : i];
    if (!entry.is_number()) bad(field, "one or three numbers");
    values[i] = entry.get<float>();
  }
  return values;
}

constexpr double kMostSide = kMostInputSide;

int whole(const json& value, const char* field) {
  const double side = value.is_number_integer() ? value.get<double>() : 0;
  if (side < 1 || side > kMostSide) bad(field, fmt::format("a whole number from 1 to {}", kMostSide));
  return static_cast<int>(side);
}

PreprocessSpec from_own(const json& spec) {
  static const std::set<std::string> kFields = {"height",        "width", "mode",  "filter", "antialias",
                                                "crop_fraction", "color", "scale", "mean",   "std",
                                                "scaled_decode", "fill",  "schema"};
  for (const auto& [key, value] : spec.items())
    require(kFields.contains(key), ErrorKind::kInvalidArgument, "[preprocess] unknown field \"{}\"", key);
  PreprocessSpec made;
  made.height = spec.contains("height") ? whole(spec["height"], "height") : 224;
  made.width = spec.contains("width") ? whole(spec["width"], "width") : made.height;
  made.mode = value_of(spec, "mode", kModes, made.mode);
  made.filter = value_of(spec, "filter", kFilters, made.filter);
  made.antialias = truth(spec, "antialias", made.antialias);
  made.crop_fraction = number(spec, "crop_fraction", made.crop_fraction, 0.05, 1);
  made.color = value_of(spec, "color", kColors, made.color);
  made.scale = static_cast<float>(number(spec, "scale", static_cast<double>(made.scale), 1e-9, 1e9));
  made.mean = triple(spec, "mean", made.mean);
  made.std = triple(spec, "std", made.std);
  made.scaled_decode = truth(spec, "scaled_decode", made.scaled_decode);
  const std::array<float, 3> fill = triple(spec, "fill", {0, 0, 0});
  for (std::size_t i = 0; i < 3; ++i) made.fill[i] = static_cast<std::uint8_t>(std::clamp(fill[i], 0.0F, 255.0F));
  return made;
}

/// timm: {"input_size": [3, 224, 224], "interpolation": "bicubic", "mean", "std", "crop_pct", "crop_mode"}, as its
/// transforms_factory.py reads them: "center" is short side and crop, "squash" both sides and crop, "border" the long
/// side and a crop or a border of the mean's colour.
PreprocessSpec from_timm(const json& outer) {
  const json& spec = outer.contains("pretrained_cfg") ? outer["pretrained_cfg"] : outer;
  PreprocessSpec made = PreprocessSpec::imagenet(224);
  if (spec.contains("input_size")) {
    const json& size = spec["input_size"];
    if (!size.is_array() || size.size() != 3 || !size[1].is_number_integer() || !size[2].is_number_integer())
      bad("input_size", "[channels, height, width]");
    made.height = whole(size[1], "input_size");
    made.width = whole(size[2], "input_size");
    if (size[0] == 1) made.color = ColorOrder::kGray;
  }
  json named = spec;
  if (spec.value("interpolation", "") == "random") named["interpolation"] = "bilinear";
  made.filter = value_of(named, "interpolation", kFilters, ResizeFilter::kBilinear);
  made.crop_fraction = number(spec, "crop_pct", 0.875, 0.05, 1);
  made.mean = triple(spec, "mean", made.mean);
  made.std = triple(spec, "std", made.std);
  const std::string mode = spec.value("crop_mode", "center");
  if (mode == "squash") made.mode = ResizeMode::kExact;
  if (mode == "border") {
    made.mode = ResizeMode::kLetterbox;
    for (std::size_t i = 0; i < 3; ++i)
      made.fill[i] = static_cast<std::uint8_t>(std::clamp(std::nearbyint(made.mean[i] * 255.0F), 0.0F, 255.0F));
  }
  if (mode != "center" && mode != "squash" && mode != "border") bad("crop_mode", "center, squash, border");
  return made;
}

int side(const json& size, const char* field, const char* otherwise) {
  if (size.is_number_integer()) return whole(size, "size");
  if (size.is_object())
    for (const char* key : {field, otherwise})
      if (size.contains(key) && size[key].is_number_integer()) return whole(size[key], key);
  bad("size", "a number, {height, width} or {shortest_edge}");
}

/// What a processor of Hugging Face does beyond what its JSON says, by the beginning of its name.
struct Processor {
  std::string_view name;
  bool square;          ///< "size": N is N × N, else the short side
  double crop_percent;  ///< crops without do_center_crop, the short side being size / this; 0: does not
};
constexpr int kWarpedFrom = 384;  ///< sides from which ConvNeXT squashes instead of cropping
constexpr Processor kProcessors[] = {
    {"ConvNext", false, 0.875}, {"Levit", false, 0.875}, {"PoolFormer", false, 0.9}, {"CLIP", false, 0},
    {"ChineseCLIP", false, 0},  {"Bit", false, 0},       {"MobileNetV1", false, 0},  {"MobileNetV2", false, 0},
    {"MobileViT", false, 0},    {"", true, 0},  // ViT, DeiT, BEiT, Swin, EfficientNet and the library's own default
};

const Processor& processor_of(const json& spec) {
  std::string type;
  for (const char* key : {"feature_extractor_type", "image_processor_type"})
    if (spec.contains(key) && spec[key].is_string()) type = spec[key].get<std::string>();
  return *std::ranges::find_if(kProcessors, [&](const Processor& row) { return type.starts_with(row.name); });
}

/// The crop after a resize to `resized` on the short side, or to made.height × made.width.
void crop_hugging_face(const json& spec, int resized, PreprocessSpec& made) {
  const int height = spec.contains("crop_size") ? side(spec["crop_size"], "height", "shortest_edge") : 224;
  const int width = spec.contains("crop_size") ? side(spec["crop_size"], "width", "shortest_edge") : 224;
  const bool exact = made.mode == ResizeMode::kExact;
  const bool fits = exact ? std::int64_t{height} * made.width == std::int64_t{width} * made.height : height == width;
  if (height > resized || !fits || height * 20 < resized)
    bad("crop_size",
        fmt::format("the resized photo's shape and at most its side of {}, got {} × {}", resized, height, width));
  made.height = height;
  made.width = width;
  made.crop_fraction = static_cast<double>(height) / resized;
}

/// Size, mode and crop. A short side alone leaves photos in many shapes: that is no network's input.
void size_hugging_face(const json& spec, PreprocessSpec& made) {
  const Processor& processor = processor_of(spec);
  const json size = spec.value("size", json(224));
  made.height = side(size, "height", "shortest_edge");
  made.width = side(size, "width", "shortest_edge");
  const bool crop = truth(spec, "do_center_crop", spec.contains("crop_size"));
  const double percent = number(spec, "crop_pct", processor.crop_percent, 0.05, 1);
  const bool square = processor.square && percent == 0 &&
                      !(crop && !spec.contains("image_processor_type") && !spec.contains("feature_extractor_type"));
  const bool exact = size.is_object() ? size.contains("height") : square;
  made.mode = exact ? ResizeMode::kExact : ResizeMode::kShortSide;
  const auto resized = static_cast<int>(percent > 0 && !exact ? made.height / percent + 1e-9 : made.height);
  if (crop) return crop_hugging_face(spec, resized, made);
  if (exact) return;
  if (percent == 0)
    bad("size", "a crop too (do_center_crop, crop_size), as the short side alone leaves the other open");
  if (processor.name == "ConvNext" && made.height >= kWarpedFrom)
    made.mode = ResizeMode::kExact;
  else
    made.crop_fraction = percent;
}

/// Hugging Face: do_resize, size, resample (PIL's number), do_center_crop, crop_size, crop_pct, rescale_factor,
/// image_mean, image_std, and the processor's type, by which `"size": 224` is a square or a short side.
PreprocessSpec from_hugging_face(const json& spec) {
  PreprocessSpec made;
  if (!truth(spec, "do_resize", true)) bad("do_resize", "true: photos come in all sizes, a network takes one");
  size_hugging_face(spec, made);
  constexpr std::array<ResizeFilter, 4> kPillow = {ResizeFilter::kNearest, ResizeFilter::kLanczos,
                                                   ResizeFilter::kBilinear, ResizeFilter::kBicubic};
  const auto resample = static_cast<std::size_t>(number(spec, "resample", 2, 0, 3));
  made.filter = kPillow.at(resample);
  made.scale =
      truth(spec, "do_rescale", true) ? static_cast<float>(number(spec, "rescale_factor", 1.0 / 255, 1e-9, 1e9)) : 1;
  if (truth(spec, "do_normalize", true)) {
    made.mean = triple(spec, "image_mean", {0, 0, 0});
    made.std = triple(spec, "image_std", {1, 1, 1});
  }
  return made;
}

}  // namespace

json to_json(const PreprocessSpec& spec) {
  return {{"height", spec.height},
          {"width", spec.width},
          {"mode", text_of(kModes, spec.mode)},
          {"filter", text_of(kFilters, spec.filter)},
          {"antialias", spec.antialias},
          {"crop_fraction", spec.crop_fraction},
          {"color", text_of(kColors, spec.color)},
          {"scale", spec.scale},
          {"mean", spec.mean},
          {"std", spec.std},
          {"scaled_decode", spec.scaled_decode},
          {"fill", spec.fill}};
}

PreprocessSpec preprocess_from_json(const json& spec) {
  if (!spec.is_object()) bad("file", "a JSON object");
  PreprocessSpec made;
  try {
    const bool timm = spec.contains("pretrained_cfg") || spec.contains("input_size") || spec.contains("crop_pct");
    const bool hugging_face =
        spec.contains("image_mean") || spec.contains("do_resize") || spec.contains("image_processor_type");
    made = hugging_face ? from_hugging_face(spec) : timm ? from_timm(spec) : from_own(spec);
  } catch (const json::exception& error) {
    bad("file", std::string("other types: ") + error.what());
  }
  for (const float deviation : made.std) require(deviation != 0, ErrorKind::kInvalidArgument, "[preprocess] std is 0");
  return made;
}

PreprocessSpec preprocess_from_argument(const std::string& argument, int size) {
  if (argument == "unit") return PreprocessSpec::unit(size);
  if (argument == "imagenet") return PreprocessSpec::imagenet(size);
  require(argument.ends_with(".json"), ErrorKind::kInvalidArgument,
          "[preprocess] \"{}\": expected imagenet, unit or FILE.json", argument);
  const json spec = json::parse(read_text(argument), nullptr, false);
  require(!spec.is_discarded(), ErrorKind::kInvalidArgument, "[preprocess] {} is no JSON", argument);
  return preprocess_from_json(spec);
}

}  // namespace fovea
