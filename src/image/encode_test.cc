#include "image/encode.h"

#include "image/contact_sheet.h"
#include "image/decode.h"
#include "image/heatmap.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

TEST(Encode, JpegAndPngComeBack) {
  const Image photo = smooth(50, 40);
  EXPECT_LT(mean_difference(decode(encode_jpeg(photo, 95)), photo), 3);
  EXPECT_GT(encode_jpeg(photo, 95).size(), encode_jpeg(photo, 20).size());
  EXPECT_EQ(decode(encode_png(photo)).pixels, photo.pixels);
  EXPECT_EQ(kind_of([&] { encode_jpeg(photo, 0); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([] { encode_jpeg(Image()); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([] { encode_png(Image()); }), ErrorKind::kInvalidArgument);
}

TEST(Encode, DataUriAsRfc4648) {
  EXPECT_EQ(data_uri("text/plain", as_bytes("")), "data:text/plain;base64,");
  EXPECT_EQ(data_uri("text/plain", as_bytes("f")), "data:text/plain;base64,Zg==");
  EXPECT_EQ(data_uri("text/plain", as_bytes("fo")), "data:text/plain;base64,Zm8=");
  EXPECT_EQ(data_uri("text/plain", as_bytes("foo")), "data:text/plain;base64,Zm9v");
  EXPECT_EQ(data_uri("image/png", as_bytes("foobar\xFF")), "data:image/png;base64,Zm9vYmFy/w==");
}

TEST(ContactSheet, CellsInRows) {
  std::vector<Image> images;
  for (int i = 0; i < 3; ++i) {
    images.emplace_back(10, 20);
    std::ranges::fill(images.back().pixels, static_cast<std::uint8_t>(50 * i));
  }
  Image sheet = contact_sheet(images, 2, 8);
  EXPECT_EQ(sheet.width, 16);
  EXPECT_EQ(sheet.height, 16);
  EXPECT_EQ(sheet.at(7, 7)[0], 0);
  EXPECT_EQ(sheet.at(8, 0)[0], 50);
  EXPECT_EQ(sheet.at(0, 8)[0], 100);
  EXPECT_EQ(sheet.at(15, 15)[0], 255);  // no picture: white
  EXPECT_EQ(contact_sheet(images, 9, 8).width, 24);
  EXPECT_EQ(kind_of([&] { contact_sheet(images, 2, 0); }), ErrorKind::kInvalidArgument);
}

TEST(Heatmap, ColorsGrowLighter) {
  double before = -1;
  for (int i = 0; i <= 100; ++i) {
    const auto color = map_color(static_cast<float>(i) / 100);
    const double light = 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2];
    EXPECT_GT(light, before) << i;
    before = light;
  }
  EXPECT_EQ(map_color(-3), map_color(0));
  EXPECT_EQ(map_color(3), map_color(1));
  EXPECT_EQ(map_color(std::numeric_limits<float>::quiet_NaN()), map_color(0));
}

TEST(Heatmap, FeatureMapIsStretched) {
  const float map[] = {-2, 0, 2, 1};
  const Image picture = feature_map_picture(map, 2, 2);
  const auto color_at = [&](std::size_t i) {
    return std::array<std::uint8_t, 3>{picture.pixels[i * 3], picture.pixels[i * 3 + 1], picture.pixels[i * 3 + 2]};
  };
  EXPECT_EQ(color_at(0), map_color(0));
  EXPECT_EQ(color_at(1), map_color(0.5F));
  EXPECT_EQ(color_at(2), map_color(1));
  const float flat[] = {3, 3};
  EXPECT_EQ(feature_map_picture(flat, 2, 1).pixels[0], map_color(0)[0]);
  EXPECT_EQ(kind_of([&] { feature_map_picture(map, 3, 2); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { feature_map_picture({}, 0, 0); }), ErrorKind::kInvalidArgument);
}

TEST(Heatmap, OverlayIsStrongestWhereTheMapIs) {
  Image photo(20, 10);
  std::ranges::fill(photo.pixels, std::uint8_t{100});
  const float map[] = {0, 1};
  Image made = overlay_heatmap(photo, map, 2, 1);
  EXPECT_EQ(made.width, 20);
  EXPECT_EQ(made.height, 10);
  EXPECT_NEAR(made.at(19, 5)[0], 100 + 0.65 * (map_color(1)[0] - 100), 1);
  EXPECT_NEAR(made.at(0, 5)[0], 100 + 0.25 * (map_color(0)[0] - 100), 1);
  EXPECT_EQ(kind_of([&] { overlay_heatmap(photo, map, 2, 2); }), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace fovea
