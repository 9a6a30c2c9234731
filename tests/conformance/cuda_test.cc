#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/io/hash.h"
#include "base/random.h"
#include "cuda_steps.h"
#include "graph/reference.h"
#include "testing/conformance_cases.h"

namespace fovea {
namespace {

using Case = ConformanceCase;
using Role = ConformanceCase::Role;

constexpr std::size_t kMostConfigs = 2;

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

/// The same in 8 bits: s8 filters (of f8 images f8) by channel, an image of `in`, results in `out` (a float, or 8 bits
/// with the range that the reference fills).
Problem concrete8(const Case& test, DType in, int zero, DType out) {
  Problem problem;
  Graph& graph = problem.graph;
  Random random({hash64(as_bytes(test.name)), 8});
  std::vector<ValueId> ids;
  for (const Case::Operand& operand : test.operands) {
    const std::string name = "v" + std::to_string(ids.size());
    if (operand.role == Role::kAbsent) {
      ids.push_back(kNoValue);
      problem.inputs.emplace_back();
      continue;
    }
    Tensor made = random_tensor(operand, random);
    if (operand.role == Role::kFilter) {
      for (float& v : made.data<float>()) v = std::round(v * 127);
      ids.push_back(graph.add_constant(name, from_f32(made, in == DType::kF8 ? in : DType::kS8)));
      Quantization quant{{}, {}, operand.channel_axis};
      for (std::int64_t k = 0; k < operand.shape[operand.channel_axis]; ++k) {
        quant.scale.push_back(static_cast<float>(random.uniform(0.002, 0.008)));
        quant.zero_point.push_back(0);
      }
      graph.value(ids.back()).quant = quant;
      problem.inputs.push_back(graph.value(ids.back()).constant);
    } else if (operand.role == Role::kActivation) {
      ids.push_back(graph.add_input(name, in, made.shape()));
      Value& value = graph.value(ids.back());
      value.quant = range_of(made, in, zero);
      problem.inputs.push_back(from_real(value, made));
    } else {
      ids.push_back(graph.add_constant(name, made));
      problem.inputs.push_back(std::move(made));
    }
  }
  graph.add_node(test.op, ids, "node");
  graph.set_outputs(problem.node().outputs);
  for (const ValueId id : problem.node().outputs) graph.value(id).dtype = DType::kF32, graph.value(id).quant.reset();
  const std::vector<Tensor> reals = run_reference(graph, problem.node(), problem.inputs);
  for (std::size_t i = 0; i < reals.size(); ++i) {
    Value& value = graph.value(problem.node().outputs[i]);
    value.dtype = out;
    if (is_scaled8(out)) value.quant = range_of(reals[i], out, out == DType::kU8 ? 100 : 0);
  }
  problem.expected = run_reference(graph, problem.node(), problem.inputs);
  return problem;
}

/// Every convolution, fully connected layer, pooling and copy of the table, in the pairs of types that 8 bits come in.
void each_8bit_problem(const std::function<void(const Case&, const Problem&, const std::string&)>& run) {
  struct Types {
    DType in;
    int zero;
    DType out;
  };
  constexpr std::array kTypes = {Types{DType::kS8, 0, DType::kS8},   Types{DType::kS8, 0, DType::kF16},
                                 Types{DType::kU8, 100, DType::kU8}, Types{DType::kU8, 0, DType::kF32},
                                 Types{DType::kF8, 0, DType::kF8},   Types{DType::kF8, 0, DType::kF16}};
  for (const Case& test : conformance_cases()) {
    const bool weighted = std::holds_alternative<Conv2d>(test.op) || std::holds_alternative<Gemm>(test.op);
    const bool other = std::holds_alternative<Pool>(test.op) || std::holds_alternative<GlobalPool>(test.op) ||
                       std::holds_alternative<Identity>(test.op);
    if (!weighted && !other) continue;
    for (const Types& types : kTypes)
      run(test, concrete8(test, types.in, types.zero, types.out),
          fmt::format("{} (zero {}) -> {}", name(types.in), types.zero, name(types.out)));
  }
}

NodeView laid_out(const Case& test, const Problem& problem, Layout layout) {
  NodeView view = plain_view(problem.graph, problem.node(), 1);
  for (auto* operands : {&view.inputs, &view.outputs})
    for (OperandView& operand : *operands)
      if (operand.shape.rank() == 4 && !operand.constant && operand.present) operand.layout = layout;
  for (std::size_t i = 0; i < test.operands.size(); ++i)
    if (test.operands[i].role == Role::kPixels) view.inputs[i].layout = Layout::kPlain;
  return view;
}

class CudaConformance : public CudaTest {
 protected:
  void check(const Case& test, const Problem& problem, const std::string& types) {
    for (const Layout layout : {Layout::kPlain, Layout::kNhwc}) {
      const NodeView view = laid_out(test, problem, layout);
      for (const Tactic& tactic : tested_backend()->tactics())
        if (wanted(tactic.name) && tactic.supports(view, device_->info())) check(tactic, test, view, problem, types);
    }
  }

  void check(const Tactic& tactic, const Case& test, const NodeView& view, const Problem& problem,
             const std::string& types) {
    const Weights weights = weights_of(problem.graph, problem.node());
    if (std::getenv("FOVEA_TEST_VERBOSE") != nullptr) fmt::print(stderr, "{} {} {}\n", tactic.name, test.name, types);
    std::vector<Config> configs = tactic.configs(view, device_->info());
    configs.resize(std::min(configs.size(), kMostConfigs));  // a library takes a moment to compile each
    for (const Config& config : configs) {
      const std::string what =
          fmt::format("{} {} {} {} {}", tactic.name, config.str(), test.name, types, name(view.outputs[0].layout));
      if (std::getenv("FOVEA_TEST_VERBOSE") != nullptr) fmt::print(stderr, "{}\n", what);
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
        EXPECT_EQ(difference(got[i], problem.expected[i], test.depth, takes_tf32(view.op)), "") << what;
      ++count_[tactic.name];
    }
  }

  void print_counts() {
    for (const Tactic& tactic : tested_backend()->tactics())
      std::printf("%-12s %5d runs, %d could not be made\n", std::string(tactic.name).c_str(), count_[tactic.name],
                  not_made_[tactic.name]);
  }

  std::map<std::string_view, int> count_, not_made_;
};

TEST_F(CudaConformance, EveryTacticAgreesWithTheReference) {
  for (const Case& test : conformance_cases()) {
    const bool pixels = test.operands[0].role == Role::kPixels;
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
      if (pixels && dtype != DType::kF32) continue;
      check(test, concrete(test, dtype), std::string(name(dtype)));
    }
  }
  constexpr std::array<std::string_view, 3> kElsewhere = {"window", "front", "bottleneck"};  // 8 bits only, regions
  for (const Tactic& tactic : tested_backend()->tactics())
    EXPECT_TRUE(count_[tactic.name] > 0 || !wanted(tactic.name) || std::ranges::count(kElsewhere, tactic.name) > 0)
        << tactic.name << " has no case in the table";
  print_counts();
}

/// Where factors may be rounded to TF32, 10 bits behind the point.
TEST_F(CudaConformance, ConvolutionsInTf32AreAsCloseAsTf32Is) {
  int runs = 0;
  for (const Case& test : conformance_cases()) {
    Problem problem = concrete(test, DType::kF32);
    Node& node = problem.graph.nodes()[0];
    if (!set_tf32(node.op)) continue;
    const NodeView view = laid_out(test, problem, Layout::kNhwc);
    for (const Tactic& tactic : tested_backend()->tactics()) {
      if (!wanted(tactic.name) || !tactic.supports(view, device_->info())) continue;
      EXPECT_EQ(tactic.name, "cudnn") << "multiplies in f32";
      check(tactic, test, view, problem, "tf32");
      ++runs;
    }
  }
  EXPECT_TRUE(runs > 0 || !wanted("cudnn"));
  print_counts();
}

TEST_F(CudaConformance, EveryTacticAgreesWithTheReferenceIn8Bits) {
  each_8bit_problem(
      [&](const Case& test, const Problem& problem, const std::string& types) { check(test, problem, types); });
  for (const std::string_view tactic :
       {"cudnn", "stem", "pointwise", "window", "product", "gather", "rows", "depthwise", "pool"})
    EXPECT_TRUE(count_[tactic] > 0 || !wanted(tactic)) << tactic << " has no case in 8 bits";
  print_counts();
}

/// What needs no device: whether a tactic takes a node, and its weights as it wants them.
TEST(CudaBackend, PacksWeightsOf8BitsWithoutADevice) {
  if (tested_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
  DeviceInfo device;
  device.compute_capability = 90;
  int packed = 0;
  each_8bit_problem([&](const Case& test, const Problem& problem, const std::string& types) {
    const NodeView view = laid_out(test, problem, Layout::kNhwc);
    const Weights weights = weights_of(problem.graph, problem.node());
    for (const Tactic& tactic : tested_backend()->tactics()) {
      if (!tactic.supports(view, device)) continue;
      const bool asks_library = tactic.name == "cudnn";  // whose knobs don't matter to the weights
      const Config config = asks_library ? Config{} : tactic.configs(view, device).at(0);
      const bool weighted = std::holds_alternative<Conv2d>(test.op) || std::holds_alternative<Gemm>(test.op);
      const std::size_t least = weighted ? static_cast<std::size_t>(view.inputs[1].shape.elements()) : 0;
      EXPECT_GE(tactic.pack(view, config, weights).size(), least) << tactic.name << ' ' << test.name << ' ' << types;
      ++packed;
    }
  });
  EXPECT_GT(packed, 100);
}

TEST(CudaBackend, SaysThatThereIsNoDevice) {
  if (tested_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
  if (tested_backend()->available()) GTEST_SKIP() << "there is one";
  try {
    tested_backend()->open(Isa::kBaseline, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kWrongDevice);
    EXPECT_NE(error.message().find("no CUDA device"), std::string::npos);
  }
}

}  // namespace
}  // namespace fovea
