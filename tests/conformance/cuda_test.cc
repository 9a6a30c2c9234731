#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/io/hash.h"
#include "base/random.h"
#include "engine/layout.h"
#include "graph/reference.h"
#include "testing/conformance_cases.h"

namespace fovea {
namespace {

using Case = ConformanceCase;
using Role = ConformanceCase::Role;

constexpr std::size_t kMostConfigs = 2;

/// A case made concrete: a graph of one node in one float type, its inputs and what the reference says.
struct Problem {
  Graph graph;
  std::vector<Tensor> inputs, expected;
  const Node& node() const { return graph.nodes().front(); }
};

Tensor random_tensor(const Case::Operand& operand, Random& random) {
  Tensor made(operand.role == Role::kPixels ? DType::kU8 : DType::kF32, operand.shape);
  if (operand.role == Role::kPixels)
    for (auto& v : made.data<std::uint8_t>()) v = static_cast<std::uint8_t>(random.below(256));
  else
    for (float& v : made.data<float>()) v = static_cast<float>(random.uniform(operand.low, operand.high));
  return made;
}

Problem concrete(const Case& test, DType dtype) {
  Problem problem;
  Random random({hash64(as_bytes(test.name))});
  std::vector<ValueId> ids;
  for (const Case::Operand& operand : test.operands) {
    const std::string name = "v" + std::to_string(ids.size());
    if (operand.role == Role::kAbsent) {
      ids.push_back(kNoValue);
      problem.inputs.emplace_back();
      continue;
    }
    Tensor made = random_tensor(operand, random);
    if (operand.role == Role::kActivation || operand.role == Role::kFilter) made = from_f32(made, dtype);
    const bool given = operand.role == Role::kActivation || operand.role == Role::kPixels;
    ids.push_back(given ? problem.graph.add_input(name, made.dtype(), made.shape())
                        : problem.graph.add_constant(name, made));
    problem.inputs.push_back(std::move(made));
  }
  problem.graph.add_node(test.op, ids, "node");
  problem.graph.set_outputs(problem.node().outputs);
  for (const ValueId id : problem.node().outputs)
    if (is_float(problem.graph.value(id).dtype)) problem.graph.value(id).dtype = dtype;
  problem.expected = run_reference(problem.graph, problem.node(), problem.inputs);
  return problem;
}

/// A device's copy of bytes.
std::unique_ptr<Buffer> on_device(Device& device, Stream& stream, const Bytes& bytes) {
  auto buffer = device.allocate(std::max<std::size_t>(bytes.size(), 1));
  device.upload(buffer->data(), bytes, stream);
  return buffer;
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

/// Rounding of the type, and of sums in f32 of so many terms.
double allowed(DType dtype, double expected, double largest, double depth) {
  const double digits = dtype == DType::kF16 ? 10 : dtype == DType::kBF16 ? 7 : 20;
  const double type = std::ldexp(std::fabs(expected), static_cast<int>(-digits)) +
                      std::ldexp(largest + 0.1, -static_cast<int>(digits) - 2);
  return type + std::ldexp(1, -23) * (depth + 8) * (largest + 1) + 1e-5 * (largest + 1);
}

std::string difference(const Tensor& got, const Tensor& expected, double depth) {
  const Tensor a = to_f32(got), b = to_f32(expected);
  double largest = 0;
  for (const float v : b.data<float>()) largest = std::max(largest, std::isfinite(v) ? std::fabs(double{v}) : 0.0);
  for (std::size_t i = 0; i < a.data<float>().size(); ++i) {
    const double x = a.data<float>()[i], y = b.data<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!(std::fabs(x - y) <= allowed(expected.dtype(), y, largest, depth)))
      return fmt::format("element {}: {} instead of {} (largest {})", i, x, y, largest);
  }
  return {};
}

const Backend* cuda_backend() {
  for (const Backend* backend : all_backends())
    if (backend->name() == "cuda") return backend;
  return nullptr;
}

class CudaConformance : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
    if (!cuda_backend()->available()) GTEST_SKIP() << "no CUDA device";
    device_ = cuda_backend()->open(Isa::kBaseline, 0);
    stream_ = device_->make_stream(1);
  }

  void check(const Case& test, DType dtype) {
    const Problem problem = concrete(test, dtype);
    for (const Layout layout : {Layout::kPlain, Layout::kNhwc}) {
      NodeView view = plain_view(problem.graph, problem.node(), 1);
      for (auto* operands : {&view.inputs, &view.outputs})
        for (OperandView& operand : *operands)
          if (operand.shape.rank() == 4 && !operand.constant && operand.present) operand.layout = layout;
      for (std::size_t i = 0; i < test.operands.size(); ++i)
        if (test.operands[i].role == Role::kPixels) view.inputs[i].layout = Layout::kPlain;
      for (const Tactic& tactic : cuda_backend()->tactics())
        if (tactic.supports(view, device_->info())) check(tactic, test, view, problem, dtype);
    }
  }

  void check(const Tactic& tactic, const Case& test, const NodeView& view, const Problem& problem, DType dtype) {
    const Weights weights = weights_of(problem.graph, problem.node());
    std::vector<Config> configs = tactic.configs(view, device_->info());
    configs.resize(std::min(configs.size(), kMostConfigs));  // a library takes a moment to compile each
    for (const Config& config : configs) {
      const std::string what = fmt::format("{} {} {} {} {}", tactic.name, config.str(), test.name, name(dtype),
                                           name(view.outputs[0].layout));
      std::unique_ptr<Step> step;
      const Bytes packed = tactic.pack(view, config, weights);
      try {
        step = tactic.make(view, config, packed, *device_);
      } catch (const Error& error) {  // a library's guess that does not run: the compiler passes it over as well
        ++not_made_[tactic.name];
        continue;
      }
      const std::vector<Tensor> got = run_step(*step, view, problem, *device_, *stream_);
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(difference(got[i], problem.expected[i], test.depth), "") << what;
      ++count_[tactic.name];
    }
  }

  std::shared_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
  std::map<std::string_view, int> count_, not_made_;
};

TEST_F(CudaConformance, EveryTacticAgreesWithTheReference) {
  for (const Case& test : conformance_cases()) {
    const bool pixels = test.operands[0].role == Role::kPixels;
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
      if (pixels && dtype != DType::kF32) continue;
      check(test, dtype);
    }
  }
  for (const Tactic& tactic : cuda_backend()->tactics()) {
    EXPECT_GT(count_[tactic.name], 0) << tactic.name << " has no case in the table";
    std::printf("%-12s %5d runs, %d could not be made\n", std::string(tactic.name).c_str(), count_[tactic.name],
                not_made_[tactic.name]);
  }
}

TEST(CudaBackend, SaysThatThereIsNoDevice) {
  if (cuda_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
  if (cuda_backend()->available()) GTEST_SKIP() << "there is one";
  try {
    cuda_backend()->open(Isa::kBaseline, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kWrongDevice);
    EXPECT_NE(error.message().find("no CUDA device"), std::string::npos);
  }
}

}  // namespace
}  // namespace fovea
