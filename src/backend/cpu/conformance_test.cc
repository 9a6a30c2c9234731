#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/detect.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/random.h"
#include "graph/reference.h"
#include "testing/conformance_cases.h"
#include "testing/environment.h"

namespace fovea::cpu {
namespace {

using Case = ConformanceCase;
using Role = ConformanceCase::Role;

/// All combinations take minutes: one in twenty is run, by a fixed hash of its name, and the
/// first of every tactic, unless FOVEA_TEST_FULL is set.
bool chosen(const std::string& what) {
  static const bool full = full_tests() || std::getenv("FOVEA_TEST_CASE") != nullptr;
  return full || hash64(as_bytes(what)) % 20 == 0;
}

struct Types {
  DType in, out;
  int zero_point;   ///< of 8-bit inputs
  bool keep_quant;  ///< the output has the input's quantisation
};
constexpr std::array kTypes = {
    Types{DType::kF32, DType::kF32, 0, false},  Types{DType::kBF16, DType::kBF16, 0, false},
    Types{DType::kBF16, DType::kF32, 0, false}, Types{DType::kF32, DType::kBF16, 0, false},
    Types{DType::kU8, DType::kU8, 0, false},    Types{DType::kS8, DType::kS8, 0, false},
    Types{DType::kU8, DType::kU8, 0, true},     Types{DType::kS8, DType::kS8, 0, true},
    Types{DType::kU8, DType::kS8, 100, false},  Types{DType::kS8, DType::kU8, 0, false},
    Types{DType::kU8, DType::kU8, 100, true},   Types{DType::kU8, DType::kF32, 0, false},
    Types{DType::kS8, DType::kBF16, 0, false},  Types{DType::kU8, DType::kF32, 100, false},
    Types{DType::kF32, DType::kS8, 0, false},   Types{DType::kF32, DType::kU8, 0, false},
    Types{DType::kBF16, DType::kU8, 0, false},
};

Quantization per_tensor(float scale, int zero_point) { return {{scale}, {zero_point}, -1}; }

Tensor random_reals(const Case::Operand& operand, Random& random) {
  Tensor made(DType::kF32, operand.shape);
  for (float& v : made.data<float>()) v = static_cast<float>(random.uniform(operand.low, operand.high));
  return made;
}

/// Rounded to bf16, so that tactics that compute in bf16 see what the reference sees.
Tensor representable(const Tensor& reals) { return to_f32(from_f32(reals, DType::kBF16)); }

Tensor random_filter(const Case::Operand& operand, Random& random, Value& type) {
  Tensor stored(DType::kS8, operand.shape);
  for (auto& v : stored.data<std::int8_t>()) v = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  Quantization quant;
  quant.axis = operand.channel_axis;
  for (std::int64_t i = 0; i < operand.shape[quant.axis]; ++i) {
    quant.scale.push_back(static_cast<float>(random.uniform(0.002, 0.008)));
    quant.zero_point.push_back(0);
  }
  type.dtype = DType::kS8;
  type.quant = quant;
  return stored;
}

/// A case made concrete: a graph of one node, the stored inputs, and what the reference says.
struct Problem {
  Graph graph;
  std::vector<Tensor> inputs;  ///< stored, by the node's inputs; constants too
  std::vector<Tensor> expected;
  const Node& node() const { return graph.nodes().front(); }
};

void add_operand(Problem& problem, std::vector<ValueId>& ids, const Case::Operand& operand, const Types& types,
                 Random& random) {
  Graph& graph = problem.graph;
  const std::string name = "v" + std::to_string(ids.size());
  if (operand.role == Role::kAbsent) {
    ids.push_back(kNoValue);
    problem.inputs.emplace_back();
    return;
  }
  if (operand.role == Role::kPixels) {
    Tensor pixels(DType::kU8, operand.shape);
    for (auto& p : pixels.data<std::uint8_t>()) p = static_cast<std::uint8_t>(random.below(256));
    ids.push_back(graph.add_input(name, DType::kU8, operand.shape));
    problem.inputs.push_back(pixels);
    return;
  }
  if (operand.role == Role::kFilter && is_8bit(types.in)) {
    Value type;
    const Tensor stored = random_filter(operand, random, type);
    ids.push_back(graph.add_constant(name, stored));
    graph.value(ids.back()).quant = type.quant;
    problem.inputs.push_back(stored);
    return;
  }
  const Tensor reals = representable(random_reals(operand, random));
  if (operand.role != Role::kActivation) {
    ids.push_back(graph.add_constant(name, reals));
    problem.inputs.push_back(reals);
    return;
  }
  ids.push_back(graph.add_input(name, types.in, operand.shape));
  Value& value = graph.value(ids.back());
  const float reach = std::max(std::fabs(operand.low), std::fabs(operand.high));
  if (types.in == DType::kS8) value.quant = per_tensor(reach / 127, 0);
  if (types.in == DType::kU8)
    value.quant = per_tensor(types.zero_point == 0 ? reach / 255 : 2 * reach / 255, types.zero_point);
  problem.inputs.push_back(from_real(value, reals));
}

/// A scale with which the reference's range fills the 8 bits.
Quantization fitted(const Tensor& reals, DType dtype) {
  float low = 0, high = 0.01F;
  for (const float v : reals.data<float>()) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (dtype == DType::kS8) return per_tensor(std::max(high, -low) / 127, 0);
  const float scale = (high - low) / 255;
  return per_tensor(scale, static_cast<int>(std::lround(-low / scale)));
}

Problem concrete(const Case& test, const Types& types) {
  Problem problem;
  Random random({hash64(as_bytes(test.name))});
  std::vector<ValueId> ids;
  for (const Case::Operand& operand : test.operands) add_operand(problem, ids, operand, types, random);
  problem.graph.add_node(test.op, ids, "node");
  const std::vector<ValueId> outputs = problem.node().outputs;
  problem.graph.set_outputs(outputs);
  for (const ValueId id : outputs) {
    problem.graph.value(id).dtype = DType::kF32;
    problem.graph.value(id).quant.reset();
  }
  const std::vector<Tensor> reals = run_reference(problem.graph, problem.node(), problem.inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Value& value = problem.graph.value(outputs[i]);
    value.dtype = types.out;
    if (!is_8bit(types.out)) continue;
    value.quant = types.keep_quant ? problem.graph.value(ids[0]).quant : fitted(reals[i], types.out);
    if (!value.quant) value.quant = fitted(reals[i], types.out);
  }
  problem.expected = run_reference(problem.graph, problem.node(), problem.inputs);
  return problem;
}

/// Byte offset of an element by its logical index, for rank 4.
std::size_t offset(const Shape& s, Layout layout, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  const std::int64_t blocks = (s[1] + 15) / 16;
  switch (layout) {
    case Layout::kNhwc:
      return static_cast<std::size_t>(((n * s[2] + h) * s[3] + w) * s[1] + c);
    case Layout::kBlocked16:
      return static_cast<std::size_t>((((n * blocks + c / 16) * s[2] + h) * s[3] + w) * 16 + c % 16);
    case Layout::kPlain:
      break;
  }
  return static_cast<std::size_t>(((n * s[1] + c) * s[2] + h) * s[3] + w);
}

/// Copies between a tensor and memory in a layout; `visit(tensor bytes, memory bytes)` per element.
template <typename Visit>
void each_element(const Shape& shape, DType dtype, Layout layout, const Visit& visit) {
  const std::size_t size = size_of(dtype);
  if (layout == Layout::kPlain) return visit(0, 0, static_cast<std::size_t>(shape.elements()) * size);
  std::size_t at = 0;
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t c = 0; c < shape[1]; ++c) {
      for (std::int64_t h = 0; h < shape[2]; ++h) {
        for (std::int64_t w = 0; w < shape[3]; ++w) visit(size * at++, size * offset(shape, layout, n, c, h, w), size);
      }
    }
  }
}

AlignedBuffer stored_in(const Tensor& tensor, Layout layout) {
  AlignedBuffer memory(byte_size(tensor.dtype(), tensor.shape(), layout));
  std::memset(memory.data(), 0, memory.size());
  each_element(tensor.shape(), tensor.dtype(), layout, [&](std::size_t from, std::size_t to, std::size_t bytes) {
    std::memcpy(memory.data() + to, tensor.bytes().data() + from, bytes);
  });
  return memory;
}

/// Back to a tensor; whatever else the memory holds must be zero.
Tensor taken_from(AlignedBuffer& memory, const OperandView& view) {
  Tensor made(view.dtype, view.shape);
  each_element(view.shape, view.dtype, view.layout, [&](std::size_t to, std::size_t from, std::size_t bytes) {
    std::memcpy(made.bytes().data() + to, memory.data() + from, bytes);
    std::memset(memory.data() + from, 0, bytes);
  });
  for (std::size_t i = 0; i < byte_size(view); ++i) {
    if (memory.data()[i] != std::byte{0}) {
      ADD_FAILURE() << "padding of channels is not zero";
      break;
    }
  }
  return made;
}

std::vector<Tensor> run_step(const Step& step, const NodeView& view, const Problem& problem, Stream& stream) {
  std::vector<AlignedBuffer> memory;
  std::vector<const std::byte*> inputs;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const OperandView& input = view.inputs[i];
    const bool given = input.present && !input.constant;
    memory.push_back(given ? stored_in(problem.inputs[i], input.layout) : AlignedBuffer());
    inputs.push_back(given ? memory.back().data() : nullptr);
  }
  std::vector<AlignedBuffer> made;
  std::vector<std::byte*> outputs;
  for (const OperandView& output : view.outputs) {
    made.emplace_back(byte_size(output));
    std::memset(made.back().data(), 0xAB, made.back().size());
    outputs.push_back(made.back().data());
  }
  AlignedBuffer scratch(step.scratch_bytes() + 64);
  std::memset(scratch.data(), 0xAB, scratch.size());
  step.run({inputs, outputs, scratch.data()}, stream);
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < made.size(); ++i) results.push_back(taken_from(made[i], view.outputs[i]));
  return results;
}

/// What may differ from the reference at a value: one step of 8 bits; else rounding of the type and of sums.
double allowed(DType dtype, double expected, double largest, double depth) {
  if (is_8bit(dtype)) return 1;
  const double sums = std::ldexp(1, -23) * (depth + 8) * (largest + 1) + 1e-5 * (largest + 1);
  return dtype == DType::kBF16 ? std::ldexp(std::fabs(expected), -8) + 2e-3 * (largest + 0.1) : sums;
}

/// Empty when all agree, else the worst place.
std::string difference(const Tensor& got, const Tensor& expected, double depth) {
  const Tensor a = to_f32(got), b = to_f32(expected);
  double largest = 0;
  for (const float v : b.data<float>()) largest = std::max(largest, std::isfinite(v) ? std::fabs(double{v}) : 0.0);
  for (std::size_t i = 0; i < a.data<float>().size(); ++i) {
    const double x = a.data<float>()[i], y = b.data<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!(std::fabs(x - y) <= allowed(expected.dtype(), y, largest, depth))) {
      return fmt::format("element {}: {} instead of {} (largest {})", i, x, y, largest);
    }
  }
  return "";
}

class Conformance : public testing::Test {
 protected:
  void SetUp() override {
    if (isa_is_limited() && isa_limit() > detect_isa()) GTEST_SKIP() << "this machine has less";
    device = cpu_backend().open(isa_limit(), 0);
    stream = device->make_stream(1);
  }

  void check(const Tactic& tactic, const NodeView& given, const Problem& problem, const std::string& what,
             double depth) {
    if (!chosen(what) && count[tactic.name] > 2) return;
    // Two threads now and then only: joining them takes long where tests share the cores.
    NodeView view = given;
    stream->threads = view.threads = hash64(as_bytes(what), 1) % 8 == 0 ? 2 : 1;
    if (!tactic.supports(view, device->info())) return;
    if (std::getenv("FOVEA_TEST_VERBOSE") != nullptr) fmt::print(stderr, "{}\n", what);
    const std::vector<Config> configs = tactic.configs(view, device->info());
    ASSERT_FALSE(configs.empty()) << what;
    for (const Config& config : configs) {
      const Bytes packed = tactic.pack(view, config, weights_of(problem.graph, problem.node()));
      AlignedBuffer blob(packed.size());
      if (!packed.empty()) std::memcpy(blob.data(), packed.data(), packed.size());
      const auto step = tactic.make(view, config, blob.bytes().first(packed.size()), *device);
      for (int run = 0; run < 2; ++run) {
        const auto results = run_step(*step, view, problem, *stream);
        for (std::size_t i = 0; i < results.size(); ++i) {
          const std::string wrong = difference(results[i], problem.expected[i], depth);
          if (!wrong.empty()) ADD_FAILURE() << what << " " << config.str() << " output " << i << ": " << wrong;
        }
      }
      ++count[tactic.name];
    }
  }

  /// All layouts of one input and one output; further activations follow: a residual the output, others the input.
  void check_layouts(const Case& test, const Types& types, const Problem& problem) {
    for (const Layout in : {Layout::kPlain, Layout::kNhwc, Layout::kBlocked16}) {
      for (const Layout out : {Layout::kPlain, Layout::kNhwc, Layout::kBlocked16}) {
        NodeView view = plain_view(problem.graph, problem.node(), 1);
        bool changed_in = false, changed_out = false;
        for (std::size_t i = 0; i < view.inputs.size(); ++i) {
          if (view.inputs[i].constant || view.inputs[i].shape.rank() != 4) continue;
          view.inputs[i].layout = i == 3 ? out : in;
          changed_in = true;
        }
        for (OperandView& output : view.outputs) {
          if (output.shape.rank() != 4) continue;
          output.layout = out;
          changed_out = true;
        }
        if ((!changed_in && in != Layout::kPlain) || (!changed_out && out != Layout::kPlain)) continue;
        for (const Tactic& tactic : cpu_backend().tactics()) {
          check(tactic, view, problem,
                fmt::format("{}: {} {}(zp {}) {} -> {}{} {}", tactic.name, test.name, name(types.in), types.zero_point,
                            name(in), name(types.out), types.keep_quant ? " same scale" : "", name(out)),
                test.depth);
        }
      }
    }
  }

  std::shared_ptr<Device> device;
  std::unique_ptr<Stream> stream;
  std::map<std::string_view, int> count;
};

TEST_F(Conformance, EveryTacticAgreesWithTheReference) {
  const char* only = std::getenv("FOVEA_TEST_CASE");
  for (const Case& test : conformance_cases()) {
    if (only != nullptr && test.name.find(only) == std::string::npos) continue;
    const bool pixels = test.operands[0].role == Role::kPixels;
    for (const Types& types : kTypes) {
      if (pixels && (types.in != DType::kF32)) continue;
      check_layouts(test, types, concrete(test, types));
    }
  }
  for (const Tactic& tactic : cpu_backend().tactics()) {
    EXPECT_TRUE(count[tactic.name] > 0 || only != nullptr) << tactic.name << " has no case in the table";
    std::printf("%-24s %6d runs\n", std::string(tactic.name).c_str(), count[tactic.name]);
  }
}

/// The same suite with less than the machine has, each in a process of its own.
class Capped : public testing::TestWithParam<const char*> {};
TEST_P(Capped, RunsToo) {
  if (isa_is_limited()) GTEST_SKIP() << "is the capped process";
  if (isa_from_name(GetParam()) >= detect_isa()) GTEST_SKIP() << "this machine has no more than that";
  EXPECT_EQ(run_limited(GetParam(), "Conformance.*"), 0);
}
INSTANTIATE_TEST_SUITE_P(Isa, Capped, testing::Values("x86-64", "avx2"), [](const auto& given) {
  return given.param[0] == 'x' ? std::string("baseline") : std::string(given.param);
});

}  // namespace
}  // namespace fovea::cpu
