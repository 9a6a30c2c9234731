// What a model file computes by the reference: model_logits MODEL.onnx FOLDER N INPUTS.f32 LOGITS.f32|-
// Takes the first N photos of FOLDER through the file's own preprocess spec (else ImageNet's); writes n × c × h × w
// inputs and n × classes outputs as raw floats, and prints both shapes. With "-" nothing is computed, there are inputs
// only.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/io/file.h"
#include "data/dataset.h"
#include "graph/reference.h"
#include "image/preprocess.h"
#include "interop/onnx_import.h"

namespace {

using namespace fovea;

Tensor to_tensor(const std::vector<std::uint8_t>& pixels, const PreprocessSpec& spec) {
  const std::int64_t channels = spec.channels();
  Tensor tensor(DType::kF32, Shape{1, channels, spec.height, spec.width});
  const std::span<float> values = tensor.data<float>();
  const std::size_t plane = values.size() / static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i / plane;
    const float pixel = pixels[i % plane * static_cast<std::size_t>(channels) + c];
    values[i] = (pixel * spec.scale - spec.mean[c]) / spec.std[c];
  }
  return tensor;
}

void write_logits(char** argv) {
  const Model model = import_onnx(argv[1]);
  const auto size = static_cast<int>(model.graph.value(model.graph.inputs().at(0)).shape[2]);
  const PreprocessSpec spec = model.preprocess.value_or(PreprocessSpec::imagenet(size));
  const std::vector<std::filesystem::path> photos = image_files(argv[2]);
  const std::size_t wanted = std::strtoul(argv[3], nullptr, 10);
  require(photos.size() >= wanted, ErrorKind::kInvalidArgument, "{} photos, {} wanted", photos.size(), wanted);
  const bool computes = std::string_view(argv[5]) != "-";
  std::vector<float> inputs;
  std::vector<float> logits;
  for (std::size_t i = 0; i < wanted; ++i) {
    std::vector<std::uint8_t> pixels(spec.pixel_bytes());
    preprocess_encoded(read_file(photos[i]), spec, {}, pixels);
    const Tensor input = to_tensor(pixels, spec);
    inputs.insert(inputs.end(), input.data<float>().begin(), input.data<float>().end());
    if (!computes) continue;
    const Tensor output = run_reference(model.graph, std::span(&input, 1)).front();
    logits.insert(logits.end(), output.data<float>().begin(), output.data<float>().end());
  }
  write_atomic(argv[4], std::as_bytes(std::span(inputs)));
  if (computes) write_atomic(argv[5], std::as_bytes(std::span(logits)));
  std::printf("%zu %d %d %d %zu\n", wanted, spec.channels(), spec.height, spec.width, logits.size() / wanted);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: model_logits MODEL.onnx FOLDER N INPUTS.f32 LOGITS.f32\n"), 2;
  try {
    write_logits(argv);
  } catch (const fovea::Error& error) {
    return std::fprintf(stderr, "error: %s\n", error.message().c_str()), 1;
  }
  return 0;
}
