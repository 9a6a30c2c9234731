#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "image/image.h"

namespace fovea {

struct SynthOptions {
  std::filesystem::path out;
  int images = 1000;  ///< at least one per class; shared out evenly, the first classes get the remainder
  int size = 224;     ///< side in pixels, 32–2048
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: the default
};

struct SynthResult {
  std::vector<std::string> classes;
  int images = 0;
};

/// Draws the demo's data set: OUT/<class>/<class>_0001.jpg and so on. The files are a pure function of the options, for
/// any number of threads. Files of the same name are replaced. Error{kInvalidArgument} for options out of range or a
/// folder that cannot be written, Error{kCancelled} on Ctrl-C.
SynthResult synthesize(const SynthOptions& options);

const std::vector<std::string>& synth_classes();  ///< bird, cat, dog: sorted, as a folder data set numbers them

/// One picture, size × size; a pure function of its arguments. Posture, coat, place, light, what stands in front and
/// the camera vary with `index`; places, colours, positions and light are drawn alike for all classes. Thread-safe.
Image synth_image(int class_index, int size, std::uint64_t seed, std::uint64_t index);

}  // namespace fovea
