#include "compiler/refit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/structure.h"
#include "compiler/target.h"
#include "graph/builder.h"
#include "passes/join_siblings.h"
#include "passes/lower_precision.h"
#include "passes/pass.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

std::shared_ptr<Device> cpu() {
  static const std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  return device;
}

/// A small network; every weight depends on `seed`.
Graph network(std::uint64_t seed, int channels = 16) {
  GraphBuilder build;
  ValueId x = build.input("x", {1, 3, 12, 12});
  x = build.conv("first", x, channels, {});
  x = build.relu("relu", x);
  x = build.conv("second", x, 8, {.kernel = 1});
  Graph graph = build.finish({build.linear("fc", build.flatten("flat", build.global_average_pool("pool", x)), 4)});
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    Value& value = graph.value(id);
    if (value.is_constant() && value.dtype == DType::kF32)
      value.constant = random_tensor(DType::kF32, value.shape, seed + static_cast<std::uint64_t>(id));
  }
  return graph;
}

Graph base_of(Graph graph) {
  run_passes(graph, passes_before_calibration(), target_context(cpu_backend_for_tests(), cpu()->info(), 1));
  return graph;
}

Engine built(const Graph& typed) {
  CompileOptions options;
  options.opt_level = 0;
  options.threads = 1;
  TimingCache cache;
  CompileResult compiled = compile(typed, cpu_backend_for_tests(), *cpu(), options, cache);
  EngineInfo info;
  info.pixel_input = false;
  return engine_of(compiled, info, cpu()->info());
}

Engine refitted(const Engine& engine, const Graph& model) {
  return refit(deserialize(serialize(engine)), base_of(model), cpu_backend_for_tests(), *cpu());
}

TEST(Refit, GivesTheEngineThatABuildOfTheNewModelGives) {
  const Engine old = built(base_of(network(1)));
  EXPECT_EQ(serialize(refitted(old, network(2))), serialize(built(base_of(network(2)))));
  EXPECT_EQ(serialize(refitted(old, network(1))), serialize(old));
  EXPECT_NE(serialize(built(base_of(network(2)))), serialize(old));
}

TEST(Refit, RoundsToTheTypesOfThePlan) {
  const auto narrow = [](const Graph& model) {
    Graph typed = base_of(model);
    const PassContext context = target_context(cpu_backend_for_tests(), cpu()->info(), 1);
    lower_precision(typed, {"first", "second"}, DType::kBF16, context);
    run_passes(typed, passes_after_precision(), context);
    return typed;
  };
  const Engine old = built(narrow(network(1)));
  EXPECT_EQ(serialize(refitted(old, network(2))), serialize(built(narrow(network(2)))));
}

/// Two convolutions that can run as one.
Graph fork(std::uint64_t seed) {
  GraphBuilder build;
  const ValueId x = build.input("x", {1, 8, 12, 12});
  const ValueId a = build.conv("a", x, 16, {.kernel = 1, .bias = true}),
                b = build.conv("b", x, 16, {.kernel = 1, .bias = true});
  const ValueId y = build.add("sum", build.max_pool("left", a, 3, 1, 1), build.max_pool("right", b, 3, 1, 1));
  Graph graph = build.finish({build.linear("fc", build.flatten("flat", build.global_average_pool("pool", y)), 4)});
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id)
    if (Value& value = graph.value(id); value.is_constant())
      value.constant = random_tensor(DType::kF32, value.shape, seed + static_cast<std::uint64_t>(id));
  return graph;
}

TEST(Refit, FindsTheWeightsOfConvolutionsThatWereJoined) {
  const auto joined = [](const Graph& model, const std::set<std::string>& narrow) {
    Graph typed = base_of(model);
    const PassContext context = target_context(cpu_backend_for_tests(), cpu()->info(), 1);
    lower_precision(typed, narrow, DType::kBF16, context);
    run_passes(typed, passes_after_precision(), context);
    EXPECT_TRUE(join_siblings(typed, context));
    return typed;
  };
  for (const std::set<std::string>& narrow :
       {std::set<std::string>{}, std::set<std::string>{"a", "b", "left", "right"}})
    EXPECT_EQ(serialize(refitted(built(joined(fork(1), narrow)), fork(2))), serialize(built(joined(fork(2), narrow))));
}

TEST(Refit, RefusesAnotherStructureNamingTheNode) {
  const Engine old = built(base_of(network(1)));
  try {
    refitted(old, network(1, 32));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(error.message().find("node first"), std::string::npos) << error.message();
  }
}

TEST(Structure, IsWithoutWeightsAndNamesTheNodeThatDiffers) {
  const Structure known = structure_of(network(1));
  EXPECT_EQ(structural_difference(known, network(2)), "");
  EXPECT_NE(structural_difference(known, network(1, 32)).find("node first differs"), std::string::npos);
  Graph longer = network(1);
  longer.add_node(Unary{}, {longer.outputs()[0]}, "extra");
  EXPECT_NE(structural_difference(known, longer).find("node extra is not in"), std::string::npos);
  EXPECT_NE(structural_difference(structure_of(longer), network(1)).find("node extra of the engine"),
            std::string::npos);
}

}  // namespace
}  // namespace fovea
