#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/executor.h"
#include "engine/photo_context.h"
#include "image/decode.h"
#include "image/image.h"

namespace fovea {

struct ClassProbability {
  int index = 0;
  std::string label;
  float p = 0;
};

/// What the engine says of one image.
struct Prediction {
  std::vector<float> probabilities;                        ///< by class index; they sum to 1
  std::shared_ptr<const std::vector<std::string>> labels;  ///< by class index, each unique
  /// The `most` most probable classes (0: all), in descending order; among equals the lower index first.
  std::vector<ClassProbability> top(int most = 5) const;
};

/// A prediction, or why that image has none.
struct Outcome {
  Prediction prediction;
  std::optional<Error> error;
};

struct ClassifierOptions {
  int threads = 0;       ///< per prediction; 0: as many as the engine was tuned for
  int device_index = 0;  ///< which device of the engine's backend
  bool map = false;      ///< leave the weights in a mapping of the file (see load_engine)
  DecodeLimits limits;
  DecodeOn decode = DecodeOn::kCpu;  ///< of whole photos (predict); a device's decoder takes most of a second to make
};

/// An engine file in, predictions out: decoding, preprocessing, the engine, labels.
///
/// Thread-safety: every method is const and may be called from any number of threads at once; each call in progress has
/// an execution context of its own, which is kept for later calls. Copies share everything and are cheap.
/// Errors: Error{kind, message}; a file's fault (kCorruptFile, kUnsupported, kWrongDevice), an image's (kCorruptFile,
/// kUnsupported, kInvalidArgument over a limit).
class Classifier {
 public:
  static Classifier load(const std::filesystem::path& engine_file, const ClassifierOptions& options = {});
  static Classifier from_engine(Engine engine, const ClassifierOptions& options = {});

  /// A JPEG, PNG, WebP or BMP as it lies in a file.
  Prediction predict(std::span<const std::byte> encoded) const;
  /// Pixels of the caller, e.g. a cv::Mat, without copying.
  Prediction predict(const ImageView& image) const;
  /// Many at once, in the engine's batch profiles; decoded and preprocessed on all cores. The first image that fails
  /// throws; predict_each() says it per image instead.
  std::vector<Prediction> predict(std::span<const std::span<const std::byte>> encoded) const;
  std::vector<Prediction> predict(std::span<const ImageView> images) const;
  std::vector<Outcome> predict_each(std::span<const std::span<const std::byte>> encoded) const;
  std::vector<Outcome> predict_each(std::span<const ImageView> images) const;

  /// The two halves of predict(), for callers that batch by themselves: preprocess() writes pixel_bytes() bytes, run()
  /// takes n × pixel_bytes() and writes n × classes().
  void preprocess(std::span<const std::byte> encoded, std::span<std::uint8_t> pixels) const;
  void preprocess(const ImageView& image, std::span<std::uint8_t> pixels) const;
  void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) const;
  Prediction prediction(std::span<const float> probabilities) const;

  int classes() const;
  std::size_t pixel_bytes() const;
  const std::vector<std::string>& labels() const;  ///< unique: a label that occurs twice got " (index)"
  const EngineInfo& info() const;
  const std::shared_ptr<const Executor>& executor() const;

 private:
  struct State;
  explicit Classifier(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// One label per class, each unique: missing ones become "class INDEX"; those that occur twice, and "rest" where a
/// short list of probabilities has an entry of that name (more than 10 classes), get " (index)".
std::vector<std::string> unique_labels(const std::vector<std::string>& labels, int classes);

}  // namespace fovea
