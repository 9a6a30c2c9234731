#include "classifier/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "classifier/prediction_json.h"
#include "image/encode.h"
#include "image/preprocess.h"
#include "testing/photo_folder.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

Engine engine_of(const Graph& graph, const std::vector<std::string>& labels,
                 std::vector<std::int64_t> batches = {1, 4}) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  return plain_engine(graph, backend, *device, {std::move(batches), 1, "reference", labels});
}

/// Says the strongest colour: softmax over the channels' means of 8 × 8 pixels.
Classifier color_classifier() {
  PreprocessSpec spec = PreprocessSpec::unit(8);
  Engine engine = engine_of(pooling_classifier(spec, true), {"red", "green", "blue"});
  engine.info.preprocess = spec;
  return Classifier::from_engine(std::move(engine));
}

Bytes photo(int label, std::uint64_t seed = 1) { return encode_png(colored_photo(label, seed, 20, 16)); }

TEST(Classifier, PredictsFromEncodedBytesAndFromPixels) {
  const Classifier classifier = color_classifier();
  for (int label = 0; label < 3; ++label) {
    const Prediction prediction = classifier.predict(photo(label));
    EXPECT_EQ(prediction.top(1).front().index, label);
    EXPECT_EQ(prediction.top(1).front().label, classifier.labels()[static_cast<std::size_t>(label)]);
    EXPECT_NEAR(std::accumulate(prediction.probabilities.begin(), prediction.probabilities.end(), 0.0), 1, 1e-5);
    const Image image = colored_photo(label, 1, 20, 16);
    EXPECT_EQ(classifier.predict(image.view()).probabilities, prediction.probabilities);
  }
}

TEST(Classifier, ReadsPixelsInOtherFormatsAndStrides) {
  const Classifier classifier = color_classifier();
  const Image image = colored_photo(0, 1, 20, 16);
  const std::ptrdiff_t stride = 20 * 4 + 12;
  std::vector<std::uint8_t> bgra(static_cast<std::size_t>(stride) * 16, 255);
  for (std::size_t y = 0; y < 16; ++y)
    for (std::size_t x = 0; x < 20; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        bgra[y * static_cast<std::size_t>(stride) + x * 4 + 2 - c] = image.pixels[(y * 20 + x) * 3 + c];
  const ImageView view{bgra.data(), 20, 16, stride, PixelFormat::kBgra};
  EXPECT_EQ(classifier.predict(view).probabilities, classifier.predict(image.view()).probabilities);
  EXPECT_THROW(classifier.predict(ImageView{}), Error);
  EXPECT_THROW(classifier.predict(ImageView{bgra.data(), 20, 16, 10, PixelFormat::kBgra}), Error);
}

TEST(Classifier, PredictsManyAndSaysPerImageWhatFailed) {
  const Classifier classifier = color_classifier();
  std::vector<Bytes> files;
  for (int i = 0; i < 40; ++i) files.push_back(photo(i % 3, static_cast<std::uint64_t>(i)));
  files[5] = {std::byte{1}, std::byte{2}};
  const std::vector<std::span<const std::byte>> views(files.begin(), files.end());
  const auto outcomes = classifier.predict_each(views);
  ASSERT_EQ(outcomes.size(), files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(outcomes[i].error.has_value(), i == 5);
    if (i == 5) continue;
    EXPECT_EQ(outcomes[i].prediction.probabilities, classifier.predict(files[i]).probabilities) << i;
  }
  EXPECT_THROW(classifier.predict(views), Error);
  EXPECT_EQ(classifier.predict(std::span(views).first(5)).size(), 5U);
  EXPECT_TRUE(classifier.predict_each(std::span(views).first(0)).empty());
}

TEST(Classifier, ServesManyThreadsAtOnce) {
  const Classifier classifier = color_classifier();
  std::vector<std::vector<float>> wanted;
  for (int label = 0; label < 3; ++label) wanted.push_back(classifier.predict(photo(label)).probabilities);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      const Classifier copy = classifier;
      for (int i = 0; i < 20; ++i) {
        const int label = (t + i) % 3;
        wrong += copy.predict(photo(label)).probabilities != wanted[static_cast<std::size_t>(label)] ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Classifier, LoadsFromAFileMappedOrNot) {
  const TempDir dir;
  Engine engine = engine_of(tiny_classifier(3), {"a", "b", "a"});
  save_engine(engine, dir / "m.engine");
  const auto direct = Classifier::from_engine(std::move(engine)).predict(photo(1)).probabilities;
  for (const bool map : {false, true}) {
    ClassifierOptions options;
    options.map = map;
    const Classifier loaded = Classifier::load(dir / "m.engine", options);
    EXPECT_EQ(loaded.predict(photo(1)).probabilities, direct);
    EXPECT_THAT(loaded.labels(), testing::ElementsAre("a (0)", "b", "a (2)"));
  }
  EXPECT_THROW(Classifier::load(dir / "none.engine"), Error);
}

TEST(Classifier, HonoursItsLimits) {
  ClassifierOptions options;
  options.limits.max_pixels = 100;
  const Classifier classifier = Classifier::from_engine(engine_of(tiny_classifier(3), {}), options);
  try {
    classifier.predict(photo(0));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
  }
}

TEST(Labels, AreMadeUnique) {
  using testing::ElementsAre;
  EXPECT_THAT(unique_labels({"a", "b"}, 2), ElementsAre("a", "b"));
  EXPECT_THAT(unique_labels({"crane", "b", "crane"}, 3), ElementsAre("crane (0)", "b", "crane (2)"));
  EXPECT_THAT(unique_labels({}, 2), ElementsAre("class 0", "class 1"));
  EXPECT_THAT(unique_labels({"a", "a", "a (1)"}, 3), ElementsAre("a (0)", "a (1) (1)", "a (1)"));
  EXPECT_THAT(unique_labels({"rest", "b"}, 2), ElementsAre("rest", "b"));
  std::vector<std::string> many = {"rest"};
  for (int i = 1; i < 12; ++i) many.push_back(std::to_string(i));
  EXPECT_EQ(unique_labels(many, 12).front(), "rest (0)");
}

Prediction prediction_of(std::vector<float> p, const std::vector<std::string>& labels) {
  const int classes = static_cast<int>(p.size());
  return {std::move(p), std::make_shared<const std::vector<std::string>>(unique_labels(labels, classes))};
}

TEST(Prediction, ListsClassesInDescendingOrder) {
  const Prediction prediction = prediction_of({0.05F, 0.85F, 0.1F}, {"bird", "cat", "dog"});
  EXPECT_EQ(probabilities_line(prediction), R"({"cat": 0.85, "dog": 0.1, "bird": 0.05})");
  const auto json = prediction_json("a.jpg", prediction, 2);
  EXPECT_EQ(json.at("schema"), 1);
  EXPECT_EQ(json.at("file"), "a.jpg");
  ASSERT_EQ(json.at("top").size(), 2U);
  EXPECT_EQ(json.at("top").at(0).at("index"), 1);
  EXPECT_EQ(json.at("top").at(1).at("label"), "dog");
  EXPECT_EQ(prediction_of({0.5F, 0.5F}, {}).top(1).front().index, 0);
  EXPECT_EQ(prediction.top(0).size(), 3U);
}

TEST(Prediction, SumsUpTheRestOfManyClasses) {
  std::vector<float> p(11, 0.05F);
  p[7] = 0.5F;
  const auto json = probabilities_json(prediction_of(p, {}));
  ASSERT_EQ(json.size(), 6U);
  EXPECT_EQ(json.begin().key(), "class 7");
  EXPECT_NEAR(json.at("rest").get<double>(), 0.3, 1e-9);
  double sum = 0;
  for (const auto& entry : json) sum += entry.get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(Prediction, KeepsJsonValidWhateverALabelIs) {
  const std::string line = probabilities_line(prediction_of({0.75F, 0.25F}, {"a\"\xff", "tab\t"}));
  EXPECT_EQ(nlohmann::json::parse(line).size(), 2U);
  const auto json = prediction_json("\xfe.jpg", Error(ErrorKind::kCorruptFile, "broken"));
  EXPECT_EQ(nlohmann::json::parse(json.dump()).size(), 3U);
  EXPECT_EQ(json.at("error"), "broken");
}

}  // namespace
}  // namespace fovea
