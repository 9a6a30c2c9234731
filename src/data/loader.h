#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"

namespace fovea {

/// u8 pixels n × h × w × c with their labels. An image that failed to decode is left out, so n may be below the batch
/// size.
struct Batch {
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
  std::vector<int> samples;  ///< indices into the dataset
  int size() const { return static_cast<int>(labels.size()); }
};

struct LoaderOptions {
  PreprocessSpec spec;
  DecodeLimits limits;
  int batch = 32;
  std::vector<int> order;  ///< samples in the order wanted; see shuffled()
  std::optional<Augmentation> augmentation;
  std::uint64_t seed = 1;
  int epoch = 0;
  int threads = 0;  ///< decoding threads ahead of the consumer; 0: the default
  int ahead = 3;    ///< batches kept ready
};

/// Reads, decodes and preprocesses on its own threads, in order, ahead of the consumer. One consumer.
class Loader {
 public:
  /// The dataset must outlive the loader. kInvalidArgument; kOutOfMemory when not one thread can be started.
  Loader(const Dataset& dataset, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  std::optional<Batch>
  next();  ///< empty at the end; kCancelled after an interrupt; batches of no image are passed over
  const std::vector<SkippedImage>& skipped() const;  ///< so far; a line was logged for each

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `samples` shuffled by seed and epoch.
std::vector<int> shuffled(std::vector<int> samples, std::uint64_t seed, int epoch);

}  // namespace fovea
