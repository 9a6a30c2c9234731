#include "graph/ops/region.h"

#include "graph/ops/rules.h"
#include "graph/reference.h"
#include "graph/text.h"

namespace fovea {

Graph graph_of(const RegionBody& body, std::int64_t batch) {
  // Before it is read: regions in regions would be read by calls in calls. Names in a body are never "region".
  expect(body.text.find("region") == std::string::npos, "region", "a region inside a region");
  Graph graph = parse_graph(body.text);
  expect(!graph.inputs().empty() && graph.outputs().size() == 1, "region",
         "{} inputs and {} outputs, expected one output", graph.inputs().size(), graph.outputs().size());
  Shape& x = graph.value(graph.inputs()[0]).shape;  // the images; the other inputs are weights
  expect(x.rank() >= 1, "region", "its body's first input is {}, expected [n, ...]", x.str());
  if (x[0] == batch) return graph;
  x[0] = batch;
  graph.infer_types();
  return graph;
}

std::vector<ValueType> infer_types(const Region& op, std::span<const OperandType> inputs) {
  expect(!inputs.empty() && inputs[0].present, "region", "no input");
  const Shape& x = inputs[0].type.shape;
  expect(x.rank() >= 1, "region", "input is {}, expected [n, ...]", x.str());
  if (op.body.text.empty()) {
    expect_inputs("region", inputs, 1, 1);
    expect(op.classes >= 1 && op.macs >= 0, "region", "{} classes, {} macs", op.classes, op.macs);
    return one({DType::kF32, {x[0], op.classes}});
  }
  const Graph body = graph_of(op.body, x[0]);
  expect(inputs.size() == body.inputs().size(), "region", "{} inputs, its body has {}", inputs.size(),
         body.inputs().size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& wanted = body.value(body.inputs()[i]);
    expect(inputs[i].present && inputs[i].type == ValueType{wanted.dtype, wanted.shape}, "region",
           "input {} is {} {}, its body wants {} {}", i, name(inputs[i].type.dtype), inputs[i].type.shape.str(),
           name(wanted.dtype), wanted.shape.str());
  }
  return one({DType::kF32, body.value(body.outputs()[0]).shape});
}

std::vector<Tensor> compute_reference(const Region& op, std::span<const Tensor> inputs) {
  if (op.body.text.empty())
    fail(ErrorKind::kUnsupported, "[region] only the device that it was compiled for knows what it computes");
  const Graph body = graph_of(op.body, inputs[0].shape()[0]);
  std::vector<Tensor> results = run_reference(body, inputs);
  return {to_f32(to_real(body.value(body.outputs()[0]), results.at(0)))};
}

}  // namespace fovea
