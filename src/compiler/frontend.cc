#include "compiler/frontend.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "graph/graph.h"

namespace fovea {
namespace {

void check_input(const Graph& model, const PreprocessSpec& spec) {
  require(model.inputs().size() == 1, ErrorKind::kUnsupported,
          "[front end] the model has {} inputs, expected one image", model.inputs().size());
  const Value& x = model.value(model.inputs()[0]);
  require(x.dtype == DType::kF32 && x.shape.rank() == 4, ErrorKind::kUnsupported,
          "[front end] the model's input {} is {} {}, expected f32 n x c x h x w", x.name, name(x.dtype),
          x.shape.str());
  const Shape wanted = {x.shape[0], spec.channels(), spec.height, spec.width};
  require(x.shape == wanted, ErrorKind::kInvalidArgument,
          "[front end] the preprocess spec makes {}, the model takes {}", wanted.str(), x.shape.str());
}

/// The same nodes over values of another graph; types are kept as they are.
std::vector<ValueId> append(Graph& to, const Graph& from, std::map<ValueId, ValueId> known) {
  const auto copy_type = [&](ValueId old, ValueId made) {
    to.value(made).dtype = from.value(old).dtype;
    to.value(made).quant = from.value(old).quant;
    known[old] = made;
  };
  for (ValueId id = 0; id < static_cast<ValueId>(from.values().size()); ++id)
    if (from.value(id).is_constant()) copy_type(id, to.add_constant(from.value(id).name, from.value(id).constant));
  for (const Node& node : from.nodes()) {
    std::vector<ValueId> inputs;
    std::vector<std::string> names;
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? kNoValue : known.at(id));
    for (const ValueId id : node.outputs) names.push_back(from.value(id).name);
    to.add_node(node.op, inputs, node.name, names);
    const std::vector<ValueId> made = to.nodes().back().outputs;
    for (std::size_t k = 0; k < made.size(); ++k) copy_type(node.outputs[k], made[k]);
  }
  std::vector<ValueId> outputs;
  for (const ValueId id : from.outputs()) outputs.push_back(known.at(id));
  return outputs;
}

Graph with_pixels(const Graph& model, const PreprocessSpec& spec) {
  const Shape& x = model.value(model.inputs()[0]).shape;
  Graph graph;
  const ValueId pixels = graph.add_input("pixels", DType::kU8, {x[0], x[2], x[3], x[1]});
  PixelsToTensor op;
  op.scale = spec.scale;
  op.mean = spec.mean;
  op.std = spec.std;
  const ValueId tensor = graph.add_node(op, {pixels}, "pixels_to_tensor", {model.value(model.inputs()[0]).name});
  graph.set_outputs(append(graph, model, {{model.inputs()[0], tensor}}));
  return graph;
}

bool is_reshape(const Op& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Flatten>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Identity>(op) ||
         std::holds_alternative<Dropout>(op);
}

/// The node that computes the model's output, reshapes left aside.
const Node* last_computing(const Graph& graph) {
  const GraphIndex index(graph);
  int n = index.producer(graph.outputs()[0]);
  while (n >= 0 && is_reshape(graph.nodes()[static_cast<std::size_t>(n)].op))
    n = index.producer(graph.nodes()[static_cast<std::size_t>(n)].inputs[0]);
  return n < 0 ? nullptr : &graph.nodes()[static_cast<std::size_t>(n)];
}

/// Number of classes; the output is [n, classes] but for trailing axes of size 1.
std::int64_t classes_of(const Graph& graph) {
  const Value& y = graph.value(graph.outputs()[0]);
  bool trailing = y.shape.rank() >= 2;
  for (int axis = 2; axis < y.shape.rank(); ++axis) trailing &= y.shape[axis] == 1;
  require(trailing && y.shape[0] == graph.batch(), ErrorKind::kUnsupported,
          "[front end] the model's output {} is {}, expected batch x classes", y.name, y.shape.str());
  require(y.shape[1] >= 2, ErrorKind::kUnsupported,
          "[front end] the model's output {} has {} class, expected two or "
          "more",
          y.name, y.shape[1]);
  require(y.dtype == DType::kF32, ErrorKind::kUnsupported, "[front end] the model's output {} is {}, expected f32",
          y.name, name(y.dtype));
  return y.shape[1];
}

bool over_classes(const Graph& graph, const Node& node, std::int64_t classes) {
  const auto* op = std::get_if<Softmax>(&node.op);
  return op && graph.value(node.outputs[0]).shape[op->axis] == classes;
}

}  // namespace

FrontEnd add_front_end(const Graph& model, const PreprocessSpec& spec, bool pixel_input) {
  check_input(model, spec);
  require(model.outputs().size() == 1, ErrorKind::kUnsupported,
          "[front end] the model has {} outputs, expected one of batch x classes", model.outputs().size());
  FrontEnd made;
  made.graph = pixel_input ? with_pixels(model, spec) : model;
  Graph& graph = made.graph;
  const std::int64_t classes = classes_of(graph);

  const Node* last = last_computing(graph);
  const auto* unary = last ? std::get_if<Unary>(&last->op) : nullptr;
  require(!unary || unary->fn.function != Function::kSigmoid, ErrorKind::kUnsupported,
          "[front end] the model ends in a sigmoid ({}): each class by itself, not one class per image",
          last ? last->name : "");
  const bool normalised = last && over_classes(graph, *last, classes);
  const bool is_log = normalised && std::get<Softmax>(last->op).log;
  if (normalised && !is_log) made.model_output = OutputKind::kProbabilities;
  // softmax(log_softmax(x)) = softmax(x)
  if (is_log) graph.replace_uses(last->outputs[0], last->inputs[0]);

  ValueId y = graph.outputs()[0];
  if (graph.value(y).shape.rank() > 2) y = graph.add_node(Flatten{1}, {y}, "flatten_classes");
  if (made.model_output == OutputKind::kLogits)
    y = graph.add_node(Softmax{1, false}, {y}, "softmax", {"probabilities"});
  graph.set_outputs({y});
  graph.compact();
  return made;
}

}  // namespace fovea
