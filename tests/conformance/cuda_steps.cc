#include "cuda_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "backend/registry/registry.h"
#include "engine/layout.h"
#include "graph/reference.h"

namespace fovea {
namespace {

/// A device's copy of bytes.
std::unique_ptr<Buffer> on_device(Device& device, Stream& stream, const Bytes& bytes) {
  auto buffer = device.allocate(std::max<std::size_t>(bytes.size(), 1));
  device.upload(buffer->data(), bytes, stream);
  return buffer;
}

/// Rounding of the type, and of sums in f32 of so many terms; one step of 8 bits (f8: of 3 behind the point, and of
/// sums that this GPU's tensor cores keep in 14 bits or so).
double allowed(DType dtype, double expected, double largest, double depth) {
  if (is_8bit(dtype)) return 1;
  if (dtype == DType::kF8) return std::ldexp(std::fabs(expected), -3) + std::ldexp(largest, -13) + std::ldexp(1, -9);
  const double digits = dtype == DType::kF16 ? 10 : dtype == DType::kBF16 ? 7 : 20;
  const double type = std::ldexp(std::fabs(expected), static_cast<int>(-digits)) +
                      std::ldexp(largest + 0.1, -static_cast<int>(digits) - 2);
  return type + std::ldexp(1, -23) * (depth + 8) * (largest + 1) + 1e-5 * (largest + 1);
}

}  // namespace

const Backend* tested_backend() {
  for (const Backend* backend : all_backends())
    if (backend->name() == "cuda") return backend;
  return nullptr;
}

void CudaTest::SetUp() {
  if (tested_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
  if (!tested_backend()->available()) GTEST_SKIP() << "no CUDA device";
  device_ = tested_backend()->open(Isa::kBaseline, 0);
  stream_ = device_->make_stream(1);
}

Quantization range_of(const Tensor& reals, DType dtype, int zero) {
  float most = 0.01F;
  for (const float v : reals.data<float>())
    if (std::isfinite(v)) most = std::max(most, std::fabs(v));
  const float steps = dtype == DType::kF8 ? kLargestF8 : dtype == DType::kS8 ? 127.0F : zero > 0 ? 100.0F : 255.0F;
  return {{most / steps}, {zero}, -1};
}

bool wanted(std::string_view tactic) {
  const char* only = std::getenv("FOVEA_TEST_TACTICS");
  return only == nullptr || fmt::format(",{},", only).find(fmt::format(",{},", tactic)) != std::string::npos;
}

std::vector<Tensor> run_step(const Step& step, const NodeView& view, const Problem& problem, Device& device,
                             Stream& stream) {
  std::vector<std::unique_ptr<Buffer>> memory;
  std::vector<const std::byte*> inputs;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const OperandView& input = view.inputs[i];
    if (!input.present || input.constant) {
      inputs.push_back(nullptr);
      continue;
    }
    Bytes stored(byte_size(input));
    from_plain(problem.inputs[i], input, stored);
    memory.push_back(on_device(device, stream, stored));
    inputs.push_back(memory.back()->data());
  }
  std::vector<std::byte*> outputs;
  for (const OperandView& output : view.outputs) {
    memory.push_back(on_device(device, stream, Bytes(byte_size(output), std::byte{0xAB})));
    outputs.push_back(memory.back()->data());
  }
  const auto scratch = device.allocate(step.scratch_bytes() + 64);
  step.run({inputs, outputs, scratch->data()}, stream);
  stream.synchronize();
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < view.outputs.size(); ++i) {
    Bytes stored(byte_size(view.outputs[i]));
    device.download(stored, outputs[i], stream);
    results.push_back(to_plain(stored, view.outputs[i]));
  }
  return results;
}

std::string difference(const Tensor& got, const Tensor& expected, double depth, bool tf32) {
  const Tensor a = to_f32(got), b = to_f32(expected);
  double largest = 0;
  for (const float v : b.data<float>()) largest = std::max(largest, std::isfinite(v) ? std::fabs(double{v}) : 0.0);
  for (std::size_t i = 0; i < a.data<float>().size(); ++i) {
    const double x = a.data<float>()[i], y = b.data<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const DType digits = tf32 ? DType::kF16 : expected.dtype();  // 10 bits both
    if (!(std::fabs(x - y) <= allowed(digits, y, largest, depth) + (tf32 ? largest * 0x1p-10 : 0)))
      return fmt::format("element {}: {} instead of {} (largest {})", i, x, y, largest);
  }
  return {};
}

}  // namespace fovea
