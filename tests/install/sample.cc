// Writes DIR/tiny.engine and DIR/photo.png for the program that uses an installed Fovea.
#include <cstdio>
#include <filesystem>

#include "backend/api/device.h"
#include "base/error.h"
#include "base/io/file.h"
#include "engine/engine.h"
#include "image/encode.h"
#include "testing/plain_engine.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const std::filesystem::path to = argv[1];
    const fovea::Backend& cpu = fovea::cpu_backend_for_tests();
    const auto device = cpu.open(fovea::Isa::kBaseline, 0);
    fovea::PlainEngineOptions options;
    options.labels = {"cat", "dog", "bird"};
    fovea::PreprocessSpec spec = fovea::PreprocessSpec::unit(8);
    fovea::Engine engine = fovea::plain_engine(fovea::tiny_classifier(3), cpu, *device, options);
    engine.info.preprocess = spec;
    fovea::write_atomic(to / "tiny.engine", fovea::serialize(engine));
    fovea::Image image(20, 15);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i % 251);
    fovea::write_atomic(to / "photo.png", fovea::encode_png(image));
  } catch (const fovea::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
