// Writes small valid files for the fuzzers to start from: DIR/ROOM/NAME.
#include <cstdio>
#include <filesystem>
#include <string>

#include "backend/api/device.h"
#include "base/error.h"
#include "base/io/file.h"
#include "engine/engine.h"
#include "graph/text.h"
#include "image/encode.h"
#include "interop/onnx_export.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"
#include "testing/zoo_graphs.h"

namespace {

namespace fs = std::filesystem;

void write_images(const fs::path& to) {
  fovea::Image image(17, 11);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 7);
  fovea::write_atomic(to / "photo.jpg", fovea::encode_jpeg(image));
  fovea::write_atomic(to / "photo.png", fovea::encode_png(image));
  // A 2 × 1 BMP of 24 bits, and an extended WebP header with an EXIF flag.
  fovea::write_atomic(
      to / "photo.bmp",
      std::string_view("BM\x3e\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\x18\0\0\0\0\0"
                       "\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03\x04\x05\x06\0\0",
                       62));
  fovea::write_atomic(to / "photo.webp",
                      std::string_view("RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11"
                                       "\x88\x88\xfe\x07\0",
                                       34));
}

void write_graphs(const fs::path& to) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const fovea::Graph graph = fovea::random_cnn(seed);
    fovea::write_atomic(to / "graph" / std::to_string(seed), fovea::print(graph));
    fovea::Model model;
    model.graph = graph;
    model.labels = {"cat", "dog"};
    fovea::write_atomic(to / "interop" / std::to_string(seed), fovea::export_onnx(model));
  }
  for (const fovea::ZooGraph& zoo : fovea::zoo_graphs()) {
    fovea::Model model;
    model.graph = zoo.make(64, 1);
    fovea::write_atomic(to / "graph" / zoo.name, fovea::print(model.graph));
    fovea::write_atomic(to / "interop" / zoo.name, fovea::export_onnx(model));
  }
}

void write_engines(const fs::path& to) {
  const fovea::Backend& cpu = fovea::cpu_backend_for_tests();
  const auto device = cpu.open(fovea::Isa::kBaseline, 0);
  for (const int classes : {2, 3}) {
    fovea::Engine engine = fovea::plain_engine(fovea::tiny_classifier(classes), cpu, *device, {{1, 2}, 1, "", {}});
    engine.compiled = {{"conv a", fovea::Bytes(7, std::byte{1})}, {"conv b", {}}};
    fovea::write_atomic(to / std::to_string(classes), fovea::serialize(engine));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const fs::path to = argv[1];
    write_images(to / "image");
    write_graphs(to);
    write_engines(to / "engine");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
