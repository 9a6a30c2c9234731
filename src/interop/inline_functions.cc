#include "interop/inline_functions.h"

#include <map>
#include <string>
#include <unordered_map>

#include "base/error.h"

namespace fovea::interop {
namespace {

constexpr int kMostDepth = 32;
constexpr int kMostNodes = 1'000'000;

using Key = std::pair<std::string, std::string>;  // domain, name
using Functions = std::map<Key, const onnx::FunctionProto*>;

class Inliner {
 public:
  Inliner(const Functions& functions, onnx::GraphProto& to) : functions_(functions), to_(to) {}

  void place(const onnx::NodeProto& node, int depth) {
    const auto found = functions_.find({node.domain(), node.op_type()});
    if (found == functions_.end()) {
      require(to_.node_size() < kMostNodes, ErrorKind::kUnsupported, "[onnx] more than {} nodes", kMostNodes);
      *to_.add_node() = node;
      return;
    }
    require(depth < kMostDepth, ErrorKind::kUnsupported, "[onnx] node {}: function {} is nested deeper than {}",
            node.name(), node.op_type(), kMostDepth);
    expand(*found->second, node, depth);
  }

 private:
  void expand(const onnx::FunctionProto& function, const onnx::NodeProto& call, int depth) {
    const std::string prefix =
        (call.name().empty() ? call.output(0) : call.name()) + "/" + std::to_string(serial_++) + "/";
    std::unordered_map<std::string, std::string> names;
    for (int i = 0; i < function.input_size(); ++i)
      names[function.input(i)] = i < call.input_size() ? call.input(i) : std::string();
    for (int i = 0; i < function.output_size() && i < call.output_size(); ++i) {
      if (names.contains(function.output(i))) continue;  // an output that is an input: joined below
      if (!call.output(i).empty()) names[function.output(i)] = call.output(i);
    }
    const auto renamed = [&](const std::string& name) {
      if (name.empty()) return name;
      const auto found = names.find(name);
      return found != names.end() ? found->second : names.emplace(name, prefix + name).first->second;
    };
    for (const onnx::NodeProto& inner : function.node()) {
      onnx::NodeProto node = inner;
      node.set_name(prefix + inner.name());
      for (int i = 0; i < node.input_size(); ++i) node.set_input(i, renamed(inner.input(i)));
      for (int i = 0; i < node.output_size(); ++i) node.set_output(i, renamed(inner.output(i)));
      fill_attributes(node, call);
      place(node, depth + 1);
    }
    for (int i = 0; i < function.output_size() && i < call.output_size(); ++i) {
      if (call.output(i).empty() || renamed(function.output(i)) == call.output(i)) continue;
      onnx::NodeProto* join = to_.add_node();
      join->set_op_type("Identity");
      join->set_name(prefix + "output" + std::to_string(i));
      join->add_input(renamed(function.output(i)));
      join->add_output(call.output(i));
    }
  }

  /// A reference to an attribute of the function takes what the call gives; else the attribute is left out.
  static void fill_attributes(onnx::NodeProto& node, const onnx::NodeProto& call) {
    onnx::NodeProto filled = node;
    filled.clear_attribute();
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.ref_attr_name().empty()) {
        *filled.add_attribute() = attribute;
        continue;
      }
      const onnx::AttributeProto* given = nullptr;
      for (const onnx::AttributeProto& candidate : call.attribute())
        if (candidate.name() == attribute.ref_attr_name()) given = &candidate;
      if (given == nullptr) continue;
      onnx::AttributeProto* made = filled.add_attribute();
      *made = *given;
      made->set_name(attribute.name());
    }
    node = std::move(filled);
  }

  const Functions& functions_;
  onnx::GraphProto& to_;
  int serial_ = 0;
};

}  // namespace

void inline_functions(onnx::ModelProto& model) {
  if (model.functions_size() == 0) return;
  Functions functions;
  for (const onnx::FunctionProto& function : model.functions())
    functions[{function.domain(), function.name()}] = &function;
  onnx::GraphProto flat;
  Inliner inliner(functions, flat);
  for (const onnx::NodeProto& node : model.graph().node()) inliner.place(node, 0);
  model.mutable_graph()->mutable_node()->Swap(flat.mutable_node());
}

}  // namespace fovea::interop
