#include <cmath>
#include <nlohmann/json.hpp>

#include "image/preprocess.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

PreprocessSpec from(const char* text) { return preprocess_from_json(nlohmann::json::parse(text)); }

std::string message_of(const char* text) {
  try {
    from(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.message();
  }
  return "no error";
}

TEST(PreprocessJson, OwnDialectSurvivesATrip) {
  PreprocessSpec spec = PreprocessSpec::imagenet(160);
  spec.width = 128;
  spec.mode = ResizeMode::kLetterbox;
  spec.filter = ResizeFilter::kLanczos;
  spec.antialias = false;
  spec.color = ColorOrder::kBgr;
  spec.scale = 1;
  spec.scaled_decode = true;
  spec.fill = {114, 113, 112};
  EXPECT_EQ(preprocess_from_json(to_json(spec)), spec);
  EXPECT_EQ(preprocess_from_json(nlohmann::json::parse(to_json(spec).dump())), spec);
  EXPECT_EQ(from(R"({"height": 96})").width, 96);
}

TEST(PreprocessJson, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"heigth": 3})", "heigth"},
      {R"({"height": "224"})", "height"},
      {R"({"height": 224.5})", "height"},
      {R"({"height": 0})", "height"},
      {R"({"height": 99999999999})", "height"},
      {R"({"mode": "stretch"})", "mode"},
      {R"({"mode": 3})", "mode"},
      {R"({"filter": "area"})", "filter"},
      {R"({"antialias": 1})", "antialias"},
      {R"({"mean": [1, 2]})", "mean"},
      {R"({"mean": ["a", 1, 2]})", "mean"},
      {R"({"std": [1, 0, 1]})", "std"},
      {R"({"crop_fraction": 2})", "crop_fraction"},
      {R"({"scale": 0})", "scale"},
      {R"([1])", "object"},
      {R"({"input_size": [3, 224]})", "input_size"},
      {R"({"input_size": [3, 224, 99999]})", "input_size"},
      {R"({"input_size": [3, 8, 8], "crop_mode": "left"})", "crop_mode"},
      {R"({"do_resize": false})", "do_resize"},
      {R"({"do_resize": true, "size": {"longest_edge": 9}})", "size"},
      {R"({"do_resize": true, "size": 0})", "size"},
      {R"({"do_resize": true, "size": {"shortest_edge": 224}})", "size"},
      {R"({"do_resize": true, "size": {"shortest_edge": 200}, "crop_size": 224})", "crop_size"},
      {R"({"do_resize": true, "size": {"height": 256, "width": 320}, "crop_size": 224})", "crop_size"},
      {R"({"do_resize": true, "resample": 9})", "resample"}};
  for (const auto& [text, field] : cases) {
    const std::string message = message_of(text);
    EXPECT_NE(message.find(field), std::string::npos) << text << ": " << message;
    EXPECT_TRUE(message.starts_with("[preprocess]")) << message;
  }
}

TEST(PreprocessJson, Timm) {
  const PreprocessSpec spec = from(R"({"architecture": "resnet50", "pretrained_cfg": {"input_size": [3, 160, 192],
      "interpolation": "bicubic", "crop_pct": 0.95, "crop_mode": "center", "mean": [0.5, 0.4, 0.3],
      "std": [0.2, 0.3, 0.4], "num_classes": 1000, "pool_size": [7, 7]}})");
  EXPECT_EQ(spec.height, 160);
  EXPECT_EQ(spec.width, 192);
  EXPECT_EQ(spec.filter, ResizeFilter::kBicubic);
  EXPECT_EQ(spec.crop_fraction, 0.95);
  EXPECT_EQ(spec.mode, ResizeMode::kShortSide);
  EXPECT_EQ(spec.mean, (std::array<float, 3>{0.5F, 0.4F, 0.3F}));
  EXPECT_EQ(spec.std, (std::array<float, 3>{0.2F, 0.3F, 0.4F}));
  EXPECT_EQ(from(R"({"input_size": [1, 28, 28], "crop_mode": "squash"})").color, ColorOrder::kGray);
}

TEST(PreprocessJson, HuggingFaceShortestEdgeAndCrop) {
  const PreprocessSpec spec = from(R"({"do_resize": true, "size": {"shortest_edge": 256}, "do_center_crop": true,
      "crop_size": {"height": 224, "width": 224}, "resample": 3, "do_rescale": true, "rescale_factor": 0.00392156862745098,
      "do_normalize": true, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]})");
  PreprocessSpec expected = PreprocessSpec::imagenet(224);
  expected.filter = ResizeFilter::kBicubic;
  EXPECT_EQ(spec, expected);
}

TEST(PreprocessJson, HuggingFaceExactWithoutCrop) {
  const PreprocessSpec spec = from(R"({"do_resize": true, "size": {"height": 96, "width": 128}, "resample": 2,
      "do_rescale": false, "do_normalize": false, "image_mean": [9, 9, 9]})");
  EXPECT_EQ(spec.mode, ResizeMode::kExact);
  EXPECT_EQ(spec.height, 96);
  EXPECT_EQ(spec.width, 128);
  EXPECT_EQ(spec.crop_fraction, 1);
  EXPECT_EQ(spec.scale, 1);
  EXPECT_EQ(spec.mean, (std::array<float, 3>{0, 0, 0}));
}

TEST(PreprocessJson, TimmModes) {
  const PreprocessSpec border = from(R"({"input_size": [3, 224, 224], "crop_pct": 0.9, "crop_mode": "border",
      "mean": [0.5, 0.4, 1]})");
  EXPECT_EQ(border.mode, ResizeMode::kLetterbox);
  EXPECT_EQ(border.crop_fraction, 0.9);
  EXPECT_EQ(border.fill, (std::array<std::uint8_t, 3>{128, 102, 255}));  // round(255 · mean), halves to even
  const PreprocessSpec squash = from(R"({"input_size": [3, 224, 224], "crop_pct": 0.95, "crop_mode": "squash"})");
  EXPECT_EQ(squash.mode, ResizeMode::kExact);
  EXPECT_EQ(squash.crop_fraction, 0.95);
}

/// "size" without a crop, with one, and by processor, as transformers' image processors resize.
TEST(PreprocessJson, HuggingFaceSizes) {
  struct Case {
    const char* text;
    ResizeMode mode;
    int side;
    double resized;
  };
  constexpr auto kShort = ResizeMode::kShortSide, kExact = ResizeMode::kExact;
  const Case cases[] = {
      {R"({"do_resize": true, "size": 224})", kExact, 224, 224},
      {R"({"image_processor_type": "ViTImageProcessor", "size": 224})", kExact, 224, 224},
      {R"({"image_processor_type": "DeiTImageProcessor", "size": 256, "do_center_crop": true, "crop_size": 224})",
       kExact, 224, 256},
      {R"({"do_resize": true, "size": 256, "do_center_crop": true, "crop_size": 224})", kShort, 224, 256},
      {R"({"image_processor_type": "CLIPImageProcessor", "size": 224, "do_center_crop": true, "crop_size": 224})",
       kShort, 224, 224},
      {R"({"do_resize": true, "size": {"shortest_edge": 256}, "do_center_crop": true})", kShort, 224, 256},
      {R"({"feature_extractor_type": "ConvNextFeatureExtractor", "do_resize": true, "size": 224})", kShort, 224, 256},
      {R"({"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224}, "crop_pct": 0.95})",
       kShort, 224, 235},
      {R"({"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}})", kExact, 384, 384},
      {R"({"image_processor_type": "LevitImageProcessor", "size": {"shortest_edge": 224}, "do_center_crop": true,
          "crop_size": {"height": 224, "width": 224}})",
       kShort, 224, 256},
      {R"({"do_resize": true, "size": {"height": 256, "width": 256}, "do_center_crop": true, "crop_size": 224})",
       kExact, 224, 256}};
  for (const Case& c : cases) {
    const PreprocessSpec spec = from(c.text);
    EXPECT_EQ(spec.mode, c.mode) << c.text;
    EXPECT_EQ(spec.height, c.side) << c.text;
    EXPECT_EQ(spec.width, c.side) << c.text;
    EXPECT_EQ(std::floor(spec.height / spec.crop_fraction + 1e-9), c.resized) << c.text;
  }
}

TEST(PreprocessJson, Arguments) {
  EXPECT_EQ(preprocess_from_argument("unit", 64), PreprocessSpec::unit(64));
  EXPECT_EQ(preprocess_from_argument("imagenet", 64), PreprocessSpec::imagenet(64));
  EXPECT_EQ(kind_of([] { preprocess_from_argument("other", 64); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([] { preprocess_from_argument("/nowhere/spec.json", 64); }), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace fovea
