#include "classifier/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backend/registry/registry.h"
#include "base/parallel/parallel.h"
#include "classifier/context_pool.h"

namespace fovea {

struct Classifier::State {
  State(std::shared_ptr<const Executor> executor, const ClassifierOptions& given)
      : options(given),
        classes(output_classes(executor->engine())),
        labels(
            std::make_shared<const std::vector<std::string>>(unique_labels(executor->engine().info.labels, classes))),
        pool(std::move(executor), given.limits, given.decode, given.threads) {
    ContextPool::Lease first(pool);  // the first call finds a context, and a misfit is said at load
    device_decodes = first->on_device();
  }
  ClassifierOptions options;
  int classes;
  std::shared_ptr<const std::vector<std::string>> labels;
  mutable ContextPool pool;
  bool device_decodes = false;
};

namespace {

/// Images that one run takes together: bounds the memory of a long list.
constexpr std::size_t kMostTogether = 32;

}  // namespace

std::vector<ClassProbability> Prediction::top(int most) const {
  std::vector<int> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const auto p = [&](int k) {
    const float value = probabilities[static_cast<std::size_t>(k)];
    return std::isnan(value) ? -1.0F : value;  // last: comparing with it would order nothing
  };
  const std::size_t wanted = most <= 0 ? order.size() : std::min(order.size(), static_cast<std::size_t>(most));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(),
                    [&](int a, int b) { return p(a) != p(b) ? p(a) > p(b) : a < b; });
  std::vector<ClassProbability> best;
  for (std::size_t i = 0; i < wanted; ++i)
    best.push_back(
        {order[i], labels->at(static_cast<std::size_t>(order[i])), probabilities[static_cast<std::size_t>(order[i])]});
  return best;
}

Classifier Classifier::load(const std::filesystem::path& engine_file, const ClassifierOptions& options) {
  return from_engine(load_engine(engine_file, options.map), options);
}

Classifier Classifier::from_engine(Engine engine, const ClassifierOptions& options) {
  const Backend& backend = backend_by_name(engine.info.backend);
  auto executor = make_executor(std::move(engine), backend, options.device_index);
  return Classifier(std::make_shared<const State>(std::move(executor), options));
}

Prediction Classifier::predict(std::span<const std::byte> encoded) const {
  return predict(std::span<const std::span<const std::byte>>(&encoded, 1)).front();
}

Prediction Classifier::predict(const ImageView& image) const {
  return predict(std::span<const ImageView>(&image, 1)).front();
}

namespace {

/// Chunk by chunk: preprocesses in parallel, runs the images that came through together.
template <typename Input>
std::vector<Outcome> outcomes(const Classifier& classifier, std::span<const Input> inputs) {
  const std::size_t bytes = classifier.pixel_bytes(), classes = static_cast<std::size_t>(classifier.classes());
  std::vector<Outcome> results(inputs.size());
  std::vector<std::uint8_t> pixels;
  std::vector<float> probabilities;
  for (std::size_t begin = 0; begin < inputs.size(); begin += kMostTogether) {
    const std::size_t count = std::min(kMostTogether, inputs.size() - begin);
    pixels.resize(count * bytes);
    const auto prepare = [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      try {
        classifier.preprocess(inputs[begin + at], std::span(pixels).subspan(at * bytes, bytes));
      } catch (const Error& error) {
        results[begin + at].error = error;
      }
    };
    count == 1 ? prepare(0) : parallel_for(static_cast<std::int64_t>(count), prepare);
    std::vector<std::size_t> good;
    for (std::size_t i = 0; i < count; ++i) {
      if (results[begin + i].error) continue;
      if (good.size() != i)
        std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(i * bytes), bytes,
                    pixels.begin() + static_cast<std::ptrdiff_t>(good.size() * bytes));
      good.push_back(begin + i);
    }
    if (good.empty()) continue;
    probabilities.resize(good.size() * classes);
    classifier.run(std::span(pixels).first(good.size() * bytes), static_cast<int>(good.size()), probabilities);
    for (std::size_t i = 0; i < good.size(); ++i)
      results[good[i]].prediction = classifier.prediction(std::span(probabilities).subspan(i * classes, classes));
  }
  return results;
}

std::vector<Prediction> all_or_throw(std::vector<Outcome> results) {
  std::vector<Prediction> predictions;
  for (Outcome& result : results) {
    if (result.error) throw *result.error;
    predictions.push_back(std::move(result.prediction));
  }
  return predictions;
}

}  // namespace

std::vector<Prediction> Classifier::predict(std::span<const std::span<const std::byte>> encoded) const {
  return all_or_throw(predict_each(encoded));
}

std::vector<Prediction> Classifier::predict(std::span<const ImageView> images) const {
  return all_or_throw(predict_each(images));
}

std::vector<Outcome> Classifier::predict_each(std::span<const std::span<const std::byte>> encoded) const {
  if (!state_->device_decodes) return outcomes(*this, encoded);
  constexpr std::size_t kMostOnDevice = 256;
  const auto width = static_cast<std::size_t>(classes());
  std::vector<Outcome> results(encoded.size());
  std::vector<float> probabilities;
  ContextPool::Lease context(state_->pool);
  for (std::size_t begin = 0; begin < encoded.size(); begin += kMostOnDevice) {
    const auto part = encoded.subspan(begin, std::min(kMostOnDevice, encoded.size() - begin));
    probabilities.resize(part.size() * width);
    const std::vector<std::optional<Error>> errors = context->run(part, probabilities);
    for (std::size_t i = 0; i < part.size(); ++i) {
      results[begin + i].error = errors[i];
      if (!errors[i]) results[begin + i].prediction = prediction(std::span(probabilities).subspan(i * width, width));
    }
  }
  return results;
}

std::vector<Outcome> Classifier::predict_each(std::span<const ImageView> images) const {
  return outcomes(*this, images);
}

void Classifier::preprocess(std::span<const std::byte> encoded, std::span<std::uint8_t> pixels) const {
  preprocess_encoded(encoded, info().preprocess, state_->options.limits, pixels);
}

void Classifier::preprocess(const ImageView& image, std::span<std::uint8_t> pixels) const {
  require(image.data != nullptr && image.width > 0 && image.height > 0 &&
              image.stride >= std::ptrdiff_t{image.width} * channels(image.format),
          ErrorKind::kInvalidArgument, "[classifier] image view of {} x {} pixels with a stride of {}", image.width,
          image.height, image.stride);
  fovea::preprocess(image, info().preprocess, pixels);
}

void Classifier::run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) const {
  ContextPool::Lease context(state_->pool);
  context->pixels().run(pixels, n, probabilities);
}

Prediction Classifier::prediction(std::span<const float> probabilities) const {
  require(probabilities.size() == static_cast<std::size_t>(state_->classes), ErrorKind::kInvalidArgument,
          "[classifier] {} probabilities for {} classes", probabilities.size(), state_->classes);
  return {{probabilities.begin(), probabilities.end()}, state_->labels};
}

int Classifier::classes() const { return state_->classes; }
std::size_t Classifier::pixel_bytes() const { return info().preprocess.pixel_bytes(); }
const std::vector<std::string>& Classifier::labels() const { return *state_->labels; }
const EngineInfo& Classifier::info() const { return executor()->engine().info; }
const std::shared_ptr<const Executor>& Classifier::executor() const { return state_->pool.executor(); }

}  // namespace fovea
