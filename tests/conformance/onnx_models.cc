// Runs whole ONNX networks as fp32 plans at opt-level 0: onnx_models FOLDER [NAME]
// FOLDER holds NAME.onnx, NAME_output_0.pb and perhaps NAME_input_0.pb (else the input counts from 0 to 1, as for the
// `light` networks of ONNX's backend tests).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "compiler/build_bare.h"
#include "engine/executor.h"
#include "interop/onnx_import.h"
#include "interop/tensor_file.h"

namespace {

namespace fs = std::filesystem;
using fovea::Tensor;

Tensor input_of(const fs::path& model, const fovea::Shape& shape) {
  const fs::path file = model.parent_path() / (model.stem().string() + "_input_0.pb");
  if (fs::exists(file)) return fovea::read_tensor_file(file).tensor;
  Tensor made(fovea::DType::kF32, shape);
  const auto count = static_cast<double>(made.elements());
  for (std::size_t i = 0; i < made.data<float>().size(); ++i)
    made.data<float>()[i] = static_cast<float>(static_cast<double>(i) / count);
  return made;
}

Tensor run_plan(fovea::Graph graph, const Tensor& input) {
  const fovea::Backend& cpu = fovea::backend_by_name("cpu");
  const std::shared_ptr<fovea::Device> device = cpu.open(fovea::Isa::kAmx, 0);
  fovea::ValueId y = graph.outputs().at(0);
  if (graph.value(y).shape.rank() != 2) y = graph.add_node(fovea::Flatten{1}, {y}, "flat_output");
  graph.set_outputs({y});
  graph.compact();
  Tensor output(fovea::DType::kF32, graph.value(graph.outputs()[0]).shape);
  fovea::EngineInfo info;
  info.pixel_input = false;
  info.preprocess.height = static_cast<int>(input.shape()[2]);
  info.preprocess.width = static_cast<int>(input.shape()[3]);
  const auto engine = fovea::bare_engine(graph, info, cpu, *device, {1}, 1);
  fovea::ExecutionContext context(fovea::Executor::make(engine, cpu, device));
  context.run(input.bytes(), 1, output.data<float>());
  return output;
}

/// The largest difference, as a part of the largest magnitude.
double difference(const Tensor& got, const Tensor& expected) {
  if (got.elements() != expected.elements()) return INFINITY;
  const Tensor wanted = fovea::to_f32(expected);
  double most = 0, off = 0;
  for (std::size_t i = 0; i < got.data<float>().size(); ++i) {
    const auto a = static_cast<double>(got.data<float>()[i]), b = static_cast<double>(wanted.data<float>()[i]);
    if (std::isnan(a) != std::isnan(b)) return INFINITY;
    if (a == b || std::isnan(a)) continue;
    most = std::max(most, std::abs(b));
    off = std::max(off, std::abs(a - b));
  }
  return off == 0 ? 0 : off / most;
}

bool check(const fs::path& model) {
  constexpr double kTolerance = 1e-3;
  const std::string name = model.stem().string();
  try {
    fovea::ImportOptions options;
    options.max_filled = std::int64_t{1} << 28;  // their weights are one number and a shape
    const fovea::Graph graph = fovea::import_onnx(model, options).graph;
    const Tensor input = input_of(model, graph.value(graph.inputs().at(0)).shape);
    const Tensor expected = fovea::read_tensor_file(model.parent_path() / (name + "_output_0.pb")).tensor;
    const double off = difference(run_plan(graph, input), expected);
    std::printf("%s %-28s %5zu nodes, off by %.1e\n", off <= kTolerance ? "passed" : "FAILED", name.c_str(),
                graph.nodes().size(), off);
    return off <= kTolerance;
  } catch (const fovea::Error& error) {
    std::printf("FAILED %-28s %s\n", name.c_str(), error.what());
    return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: onnx_models FOLDER [NAME]\n"), 2;
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    const std::string stem = entry.path().stem().string();
    const bool wanted = argc < 3 || stem.find(argv[2]) != std::string::npos;
    if (entry.path().extension() == ".onnx" && wanted && fs::exists(fs::path(argv[1]) / (stem + "_output_0.pb")))
      models.push_back(entry.path());
  }
  std::ranges::sort(models);
  const auto passed = std::ranges::count_if(models, check);
  std::printf("onnx models: %td passed, %td failed\n", passed, static_cast<std::ptrdiff_t>(models.size()) - passed);
  return !models.empty() && passed == static_cast<std::ptrdiff_t>(models.size()) ? 0 : 1;
}
