#include "testing/rewrite_case.h"

#include <gtest/gtest.h>

#include "graph/reference.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "testing/graph_random.h"

namespace fovea {
namespace {

std::string canonical(Graph graph) {
  graph.compact();
  return print(graph, {.inline_elements = 1 << 12});
}

}  // namespace

void expect_same_results(const Graph& a, const Graph& b, double tolerance) {
  std::vector<Tensor> inputs;
  for (const ValueId id : a.inputs()) {
    const Value& x = a.value(id);
    const bool real = is_float(x.dtype);
    inputs.push_back(random_tensor(x.dtype, x.shape, 7 + inputs.size(), real ? -2.0F : 0.0F, real ? 2.0F : 100.0F));
  }
  const std::vector<Tensor> expected = run_reference(a, inputs), actual = run_reference(b, inputs);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    expect_close(to_real(b.value(b.outputs()[i]), actual[i]), to_real(a.value(a.outputs()[i]), expected[i]), tolerance,
                 tolerance);
}

void expect_rewrite(PassFunction pass, std::string_view before, std::string_view after, const PassContext& context,
                    double tolerance) {
  const Graph original = parse_graph(before);
  verify(original);
  Graph graph = original;
  EXPECT_TRUE(pass(graph, context)) << "it says that nothing changed";
  verify(graph);
  EXPECT_EQ(canonical(graph), canonical(parse_graph(after)));
  expect_same_results(original, graph, tolerance);
}

void expect_untouched(PassFunction pass, std::string_view text, const PassContext& context) {
  Graph graph = parse_graph(text);
  graph.compact();
  const std::string before = canonical(graph);
  EXPECT_FALSE(pass(graph, context));
  EXPECT_EQ(canonical(graph), before);
}

PassContext without(std::string_view op) {
  return {[op](const Graph&, const Node& node) { return name(node.op) != op; }};
}

}  // namespace fovea
