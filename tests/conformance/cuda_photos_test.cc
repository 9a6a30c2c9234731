#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "backend/api/photo_decoder.h"
#include "base/error.h"
#include "compiler/compile.h"
#include "cuda_steps.h"
#include "engine/photo_context.h"
#include "image/encode.h"
#include "image/test_pattern.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

/// The second decoder of every comparison is nvJPEG itself: a resize to the photo's own size gives what it decoded.
class CudaPhotos : public testing::Test {
 protected:
  void SetUp() override {
    const Backend* cuda = tested_backend();
    if (cuda == nullptr) GTEST_SKIP() << "built without CUDA";
    if (!cuda->available()) GTEST_SKIP() << "no CUDA device";
    backend_ = cuda;
    device_ = cuda->open(Isa::kBaseline, 0);
    stream_ = device_->make_stream(1);
    if (device_->make_photo_decoder(PreprocessSpec::unit(64), {}) == nullptr) GTEST_SKIP() << "no libnvjpeg";
  }

  /// Pixels of each photo; `expected`: how many the device decodes.
  std::vector<std::vector<std::uint8_t>> pixels(const std::vector<Bytes>& photos, const PreprocessSpec& spec,
                                                std::int64_t expected) {
    const auto decoder = device_->make_photo_decoder(spec, {});
    const auto buffer = device_->allocate(spec.batch_bytes(static_cast<std::int64_t>(photos.size())));
    const std::vector<Encoded> encoded(photos.begin(), photos.end());
    const std::vector<bool> done = decoder->run(encoded, buffer->data(), *stream_);
    EXPECT_EQ(std::count(done.begin(), done.end(), true), expected);
    std::vector<std::vector<std::uint8_t>> made(photos.size(), std::vector<std::uint8_t>(spec.pixel_bytes()));
    for (std::size_t i = 0; i < made.size(); ++i)
      device_->download(std::as_writable_bytes(std::span(made[i])), buffer->data() + i * spec.pixel_bytes(), *stream_);
    return made;
  }

  Image decoded(const Bytes& photo, int width, int height) {
    PreprocessSpec same;
    same.width = width;
    same.height = height;
    same.mode = ResizeMode::kExact;
    Image image(width, height);
    image.pixels = pixels({photo}, same, 1).front();
    return image;
  }

  const Backend* backend_ = nullptr;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
};

constexpr std::array<std::pair<int, int>, 4> kSizes = {{{500, 375}, {375, 500}, {97, 64}, {1211, 803}}};

std::vector<PreprocessSpec> specs() {
  std::vector<PreprocessSpec> all;
  for (const ResizeMode mode : {ResizeMode::kShortSide, ResizeMode::kExact, ResizeMode::kLetterbox})
    for (const ResizeFilter filter :
         {ResizeFilter::kNearest, ResizeFilter::kBilinear, ResizeFilter::kBicubic, ResizeFilter::kLanczos})
      for (const bool antialias : {true, false}) {
        PreprocessSpec spec = PreprocessSpec::imagenet(224);
        spec.mode = mode;
        spec.filter = filter;
        spec.antialias = antialias;
        spec.fill = {10, 20, 30};
        spec.width = antialias ? 224 : 160;
        spec.color = static_cast<ColorOrder>(all.size() % 3);
        all.push_back(spec);
      }
  return all;
}

TEST_F(CudaPhotos, PreprocessingEqualsTheCpusInEveryMode) {
  std::vector<Bytes> photos;
  std::vector<Image> images;
  for (const auto& [width, height] : kSizes) {
    photos.push_back(encode_jpeg(pattern(width, height)));
    images.push_back(decoded(photos.back(), width, height));
  }
  for (const PreprocessSpec& spec : specs()) {
    const auto made = pixels(photos, spec, static_cast<std::int64_t>(photos.size()));
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::vector<std::uint8_t> wanted(spec.pixel_bytes());
      preprocess(images[i].view(), spec, wanted);
      EXPECT_EQ(made[i], wanted) << "photo " << i << ", mode " << static_cast<int>(spec.mode) << ", filter "
                                 << static_cast<int>(spec.filter) << ", antialias " << spec.antialias;
    }
  }
}

TEST_F(CudaPhotos, DecodesNearlyAsTheCpuDoes) {
  for (const auto& [width, height] : kSizes) {
    const Bytes photo = encode_jpeg(smooth(width, height));
    EXPECT_LT(mean_difference(decoded(photo, width, height), decode(photo)), 1) << width << " × " << height;
  }
}

TEST_F(CudaPhotos, OtherFilesGoThroughTheCpuWithItsErrors) {
  CompileOptions options;
  options.opt_level = 0;
  options.batches = {1, 4};
  TimingCache cache;
  CompileResult compiled = compile(tiny_classifier(3, 1, 64), *backend_, *device_, options, cache);
  EngineInfo info;
  info.preprocess = PreprocessSpec::unit(64);
  info.precision = "fp32";
  const auto executor = Executor::make(
      std::make_shared<const Engine>(engine_of(compiled, std::move(info), device_->info())), *backend_, device_);
  PhotoContext here(executor, {}, DecodeOn::kDevice), there(executor, {}, DecodeOn::kCpu);
  const Image image = smooth(200, 100);
  const Bytes jpeg = encode_jpeg(image), png = encode_png(image);
  const Bytes cut(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2));
  const std::vector<Encoded> photos = {jpeg, png, cut, jpeg, jpeg, png, jpeg};
  std::vector<float> on_device(photos.size() * 3), on_host(photos.size() * 3);
  const auto errors = here.run(photos, on_device), wanted = there.run(photos, on_host);
  for (std::size_t i = 0; i < photos.size(); ++i) {
    ASSERT_EQ(errors[i].has_value(), i == 2);
    if (errors[i]) {
      EXPECT_EQ(errors[i]->message(), wanted[i]->message());
      continue;
    }
    for (std::size_t k = i * 3; k < i * 3 + 3; ++k) EXPECT_NEAR(on_device[k], on_host[k], 0.02) << i;
  }
}

}  // namespace
}  // namespace fovea
