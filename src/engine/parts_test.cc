#include "engine/parts.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "engine/executor.h"
#include "engine/liveness.h"
#include "engine/validate.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

using Offsets = std::optional<std::vector<std::uint64_t>>;

OperandView operand(Shape shape, Layout layout = Layout::kPlain, DType dtype = DType::kF32) {
  OperandView view;
  view.dtype = dtype;
  view.shape = std::move(shape);
  view.layout = layout;
  return view;
}

/// Of channels in images of `side` × `side` pixels.
Offsets concat(const std::vector<std::int64_t>& channels, Layout layout, std::int64_t side = 4, std::int64_t batch = 1,
               DType dtype = DType::kF32) {
  NodeView view;
  view.op = Concat{1};
  std::int64_t sum = 0;
  for (const std::int64_t c : channels) {
    view.inputs.push_back(operand({batch, c, side, side}, layout, dtype));
    sum += c;
  }
  view.outputs = {operand({batch, sum, side, side}, layout, dtype)};
  return part_offsets(view);
}

Offsets slice(std::int64_t from, std::int64_t to, Layout layout, std::int64_t channels = 48, std::int64_t step = 1) {
  NodeView view;
  view.op = Slice{{1}, {from}, {to}, {step}};
  view.inputs = {operand({1, channels, 4, 4}, layout)};
  view.outputs = {operand({1, (to - from) / step, 4, 4}, layout)};
  return part_offsets(view);
}

Offsets at(std::vector<std::uint64_t> offsets) { return offsets; }

TEST(Parts, OfOneImageStandOneAfterTheOther) {
  EXPECT_EQ(concat({16, 32, 5}, Layout::kPlain), at({0, 1024, 3072}));
  EXPECT_EQ(concat({16, 32, 5}, Layout::kBlocked16), at({0, 1024, 3072}));
  EXPECT_EQ(concat({16, 16}, Layout::kBlocked16, 4, 1, DType::kU8), at({0, 256}));
  EXPECT_EQ(slice(16, 48, Layout::kPlain), at({1024}));
  EXPECT_EQ(slice(0, 16, Layout::kBlocked16), at({0}));
  EXPECT_EQ(slice(16, 40, Layout::kBlocked16, 40), at({1024}));
}

TEST(Parts, ShareNoBlockNoRowAndNoCacheLine) {
  EXPECT_EQ(concat({16, 16}, Layout::kPlain, 4, 2), std::nullopt) << "other images stand between";
  EXPECT_EQ(concat({16, 16}, Layout::kNhwc), std::nullopt) << "other channels stand between";
  EXPECT_EQ(concat({24, 24}, Layout::kBlocked16), std::nullopt) << "the second block has channels of both";
  EXPECT_EQ(concat({1, 3}, Layout::kPlain, 3), std::nullopt) << "36 bytes";
  EXPECT_EQ(concat({16, 16}, Layout::kNhwc, 1), at({0, 64}));
  EXPECT_EQ(slice(8, 16, Layout::kBlocked16), std::nullopt);
  EXPECT_EQ(slice(0, 8, Layout::kBlocked16), std::nullopt) << "the rest of the block would have to be zero";
  EXPECT_EQ(slice(0, 48, Layout::kPlain, 48, 2), std::nullopt);
  EXPECT_EQ(slice(0, 16, Layout::kNhwc), std::nullopt);
}

TEST(Parts, HaveTheTypeOfTheWhole) {
  NodeView view;
  view.op = Concat{1};
  view.inputs = {operand({1, 16, 4, 4}), operand({1, 16, 4, 4})};
  view.outputs = {operand({1, 32, 4, 4})};
  ASSERT_TRUE(part_offsets(view));
  const auto changed = [&](const std::function<void(OperandView&)>& change) {
    NodeView other = view;
    change(other.inputs[1]);
    return part_offsets(other);
  };
  EXPECT_FALSE(changed([](OperandView& part) { part.constant = true; }));
  EXPECT_FALSE(changed([](OperandView& part) { part.dtype = DType::kBF16; }));
  EXPECT_FALSE(changed([](OperandView& part) { part.layout = Layout::kBlocked16; }));
  EXPECT_FALSE(changed([](OperandView& part) { part.quant = Quantization{{0.5F}, {0}, -1}; }));
  view.op = Binary{};
  EXPECT_FALSE(part_offsets(view));
  NodeView flat;
  flat.op = Concat{1};
  flat.inputs = {operand({1, 16}, Layout::kNhwc), operand({1, 16}, Layout::kNhwc)};  // as a damaged file may say
  flat.outputs = {operand({1, 32}, Layout::kNhwc)};
  EXPECT_FALSE(part_offsets(flat));
}

/// pixels → two convolutions of 16 channels → concat "both" → its second half → means → classes.
Graph two_branches(bool twice_the_same = false) {
  GraphBuilder build;
  const ValueId x = build.node(PixelsToTensor{}, {build.input("pixels", {1, 8, 8, 3}, DType::kU8)}, "front");
  const ValueId left = build.conv("left", x, 16, {}), right = build.conv("right", x, 16, {});
  const ValueId both = build.node(Concat{1}, {left, twice_the_same ? left : right}, "both");
  const ValueId half = build.node(Slice{{1}, {16}, {32}, {1}}, {both}, "half");
  const ValueId sum = build.add("sum", half, right);
  const ValueId means = build.flatten("flat", build.global_average_pool("gap", sum));
  Graph graph = build.finish({build.linear("fc", means, 3)});
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id)
    if (Value& value = graph.value(id); value.is_constant())
      value.constant = random_tensor(DType::kF32, value.shape, static_cast<std::uint64_t>(id));
  return graph;
}

std::size_t value_of(const Plan& plan, const char* node) {
  return static_cast<std::size_t>(plan.graph.find_node(node)->outputs[0]);
}

void erase_step(Plan& plan, std::string_view node) {
  std::erase_if(plan.steps, [&](const PlanStep& step) {
    return plan.graph.nodes()[static_cast<std::size_t>(step.node)].name == node;
  });
}

/// The plan without steps for concat and slice.
Engine parted(const Graph& graph = two_branches()) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  Engine engine = plain_engine(graph, backend, *device, {{1}, 1, "reference", {}});
  Plan& plan = engine.plans[0];
  const std::uint64_t begin = plan.values[value_of(plan, "both")].offset, half = 16 * 8 * 8 * 4;
  plan.values[value_of(plan, "left")].offset = begin;
  plan.values[value_of(plan, "right")].offset = begin + half;
  plan.values[value_of(plan, "half")].offset = begin + half;
  erase_step(plan, "both");
  erase_step(plan, "half");
  return engine;
}

TEST(Parts, RunWithoutStepsAsTheReferenceDoes) {
  const Backend& backend = cpu_backend_for_tests();
  const auto executor = Executor::make(std::make_shared<Engine>(parted()), backend, backend.open(Isa::kAmx, 0));
  ExecutionContext context(executor);
  const Graph graph = two_branches();
  const Tensor pixels = random_tensor(DType::kU8, {1, 8, 8, 3}, 3, 0, 255);
  std::vector<std::string> shown;
  std::vector<Tensor> values(graph.values().size());
  context.observe([&](const Plan& plan, ValueId id, const Tensor& stored) {
    shown.push_back(plan.graph.value(id).name);
    values.at(static_cast<std::size_t>(id)) = stored.clone();
  });
  Tensor output(DType::kF32, {1, 3});
  context.run(pixels.bytes(), 1, output.data<float>());
  run_reference(graph, std::span(&pixels, 1), [&](ValueId id, const Tensor& value) {
    if (id != graph.inputs()[0]) expect_close(values.at(static_cast<std::size_t>(id)), value, 1e-4, 1e-4);
  });
  EXPECT_EQ(shown.size(), graph.nodes().size()) << "concat and slice are shown too, once all of them is there";
}

TEST(Parts, LiveAsLongAsTheWhole) {
  const Engine engine = parted();
  const Plan& plan = engine.plans[0];
  const Liveness live = liveness(plan);
  const std::size_t both = value_of(plan, "both"), left = value_of(plan, "left"), right = value_of(plan, "right");
  for (const std::size_t part : {left, right, value_of(plan, "half")})
    EXPECT_EQ(live.root[part], static_cast<ValueId>(both));
  EXPECT_EQ(live.offset[left], 0U);
  EXPECT_EQ(live.offset[value_of(plan, "half")], 16U * 8 * 8 * 4);
  EXPECT_EQ(live.range[both].made, 1);
  EXPECT_EQ(live.range[both].last, 3);
  EXPECT_EQ(live.ready[left], 1);
  EXPECT_EQ(live.ready[both], 2) << "the second convolution completes it";
}

TEST(Parts, OfDamagedPlansAreRefused) {
  validate(parted());
  struct Breakage {
    const char* what;
    void (*change)(Plan&);
  };
  constexpr Breakage kBreakages[] = {
      {"a part elsewhere", [](Plan& p) { p.values[value_of(p, "left")].offset = p.values[value_of(p, "sum")].offset; }},
      {"parts swapped",
       [](Plan& p) { std::swap(p.values[value_of(p, "left")].offset, p.values[value_of(p, "right")].offset); }},
      {"a slice elsewhere", [](Plan& p) { p.values[value_of(p, "half")].offset -= 64; }},
      {"a whole elsewhere", [](Plan& p) { p.values[value_of(p, "both")].offset += 64; }},
      {"a whole nowhere", [](Plan& p) { p.values[value_of(p, "both")].place = Place::kNone; }},
      {"another layout", [](Plan& p) { p.values[value_of(p, "both")].layout = Layout::kNhwc; }},
      {"another value in a part's bytes",
       [](Plan& p) { p.values[value_of(p, "sum")].offset = p.values[value_of(p, "right")].offset; }},
      {"a part that nobody makes", [](Plan& p) { erase_step(p, "left"); }},
      {"a whole read before its last part", [](Plan& p) { std::swap(p.steps[2], p.steps[3]); }},
      {"the end of the arena",
       [](Plan& p) {
         const std::uint64_t shift = p.arena_bytes - p.values[value_of(p, "both")].offset - 64;
         for (const char* node : {"left", "right", "both", "half"}) p.values[value_of(p, node)].offset += shift;
       }},
  };
  for (const Breakage& breakage : kBreakages) {
    Engine engine = parted();
    breakage.change(engine.plans[0]);
    EXPECT_THROW(validate(engine), Error) << breakage.what;
  }
  EXPECT_THROW(validate(parted(two_branches(true))), Error) << "one value in two places";
}

}  // namespace
}  // namespace fovea
