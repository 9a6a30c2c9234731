#include "compiler/lower.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/hash.h"
#include "base/parallel/parallel.h"
#include "compiler/memory_plan.h"
#include "engine/blobs.h"

namespace fovea {
namespace {

/// Puts the reformats in. Nodes and values are known by name here: ids and indices move.
class Lowering {
 public:
  Lowering(const Graph& graph, const LayoutPlan& choice, CostTable& costs) : costs_(costs) {
    plan_.graph = graph;
    for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
      const Node& node = graph.nodes()[n];
      runs_[node.name] = choice.nodes[n];
      for (std::size_t k = 0; k < node.outputs.size(); ++k)
        layouts_[graph.value(node.outputs[k]).name] = choice.nodes[n]->outputs[k];
    }
  }

  Plan run(BlobStore& blobs) {
    for (std::size_t n = 0; n < plan_.graph.nodes().size(); ++n) reformat_inputs(n);
    reformat_outputs();
    plan_.graph.compact();
    plan_.batch = plan_.graph.batch();
    plan_.threads = costs_.threads();
    plan_.values.resize(plan_.graph.values().size());
    for (std::size_t id = 0; id < plan_.values.size(); ++id)
      plan_.values[id].layout = layout_of(static_cast<ValueId>(id));
    make_steps();
    for (std::size_t n = 0; n < plan_.graph.nodes().size(); ++n) add_step(n, blobs);
    plan_memory(plan_, in_place_);
    return std::move(plan_);
  }

 private:
  Layout layout_of(ValueId id) const {
    const auto found = layouts_.find(plan_.graph.value(id).name);
    return found == layouts_.end() ? Layout::kPlain : found->second;  // inputs and constants
  }

  /// The value in another layout: made before node `at` where it is not there yet; `at` then moves by one.
  ValueId in_layout(ValueId id, Layout to, std::size_t& at) {
    const Layout from = layout_of(id);
    if (from == to) return id;
    const auto known = reformatted_.find({id, to});
    if (known != reformatted_.end()) return known->second;
    const Value value = plan_.graph.value(id);
    const Candidate* change = costs_.reformat({value.dtype, value.shape, from, value.quant}, from, to);
    require(change != nullptr, ErrorKind::kUnsupported, "[compile] nothing changes {} from {} to {}", value.name,
            fovea::name(from), fovea::name(to));
    const ValueId made =
        plan_.graph.insert_node(at, Identity{}, {id}, fmt::format("{}.{}", value.name, fovea::name(to)));
    plan_.graph.value(made).dtype = value.dtype;
    plan_.graph.value(made).quant = value.quant;
    runs_[plan_.graph.nodes()[at].name] = change;
    layouts_[plan_.graph.value(made).name] = to;
    ++at;
    return reformatted_[{id, to}] = made;
  }

  void reformat_inputs(std::size_t& at) {
    const Candidate* candidate = runs_.at(plan_.graph.nodes()[at].name);
    const std::vector<ValueId> inputs = plan_.graph.nodes()[at].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kNoValue || plan_.graph.value(inputs[i]).is_constant()) continue;
      const ValueId there = in_layout(inputs[i], candidate->inputs[i], at);
      plan_.graph.nodes()[at].inputs[i] = there;
    }
  }

  void reformat_outputs() {
    std::vector<ValueId> outputs = plan_.graph.outputs();
    std::size_t end = plan_.graph.nodes().size();
    for (ValueId& id : outputs) id = in_layout(id, Layout::kPlain, end);
    plan_.graph.set_outputs(outputs);
  }

  PlanStep step_of(std::size_t n) const {
    const Candidate& candidate = *runs_.at(plan_.graph.nodes()[n].name);
    PlanStep step;
    step.node = static_cast<std::int32_t>(n);
    step.tactic = candidate.tactic->name;
    step.config = candidate.config;
    step.input_layouts = candidate.inputs;
    step.output_layouts = candidate.outputs;
    return step;
  }

  /// Packs and makes, several at once where the device likes it: what a step needs is known then.
  void make_steps() {
    made_.resize(plan_.graph.nodes().size());
    const auto make = [&](std::int64_t i) {
      throw_if_cancelled();
      const auto n = static_cast<std::size_t>(i);
      const Node& node = plan_.graph.nodes()[n];
      const Candidate& candidate = *runs_.at(node.name);
      if (candidate.tactic == nullptr) return;
      const NodeView view = step_view(plan_, step_of(n));
      Made& made = made_[n];
      made.packed.push_back(candidate.tactic->pack(view, candidate.config, weights_of(plan_.graph, node)));
      made.step = candidate.tactic->make(view, candidate.config, made.packed[0], costs_.device());
    };
    parallel_for(static_cast<std::int64_t>(made_.size()), make, costs_.device().makers());
  }

  void add_step(std::size_t n, BlobStore& blobs) {
    Made& made = made_[n];
    if (!made.step) return;
    PlanStep step = step_of(n);
    step.scratch_bytes = made.step->scratch_bytes();
    in_place_.push_back(first_in_place(*made.step, plan_.graph.nodes()[n]));
    step.blob = blobs.add(Bytes(made.packed[0].begin(), made.packed[0].end()));
    blobs.keep(made.step->compiled());
    plan_.steps.push_back(std::move(step));
    made = {};
  }

  /// The first input in whose bytes the step could write; −1: none.
  static int first_in_place(const Step& step, const Node& node) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoValue && step.in_place(i)) return static_cast<int>(i);
    return -1;
  }

  struct Made {
    Blobs packed;  // aligned, as at load
    std::unique_ptr<Step> step;
  };

  CostTable& costs_;
  Plan plan_;
  std::vector<Made> made_;     ///< by node
  std::vector<int> in_place_;  ///< by step
  std::map<std::string, const Candidate*> runs_;
  std::map<std::string, Layout> layouts_;
  std::map<std::pair<ValueId, Layout>, ValueId> reformatted_;
};

}  // namespace

std::int32_t BlobStore::add(Bytes bytes) {
  if (bytes.empty()) return -1;
  const auto [place, is_new] = by_content_.try_emplace(content_hash(bytes), static_cast<std::int32_t>(blobs_.size()));
  if (is_new) blobs_.push_back(std::move(bytes));
  return place->second;
}

void BlobStore::keep(std::optional<Compiled> compiled) {
  if (compiled) compiled_.try_emplace(std::move(compiled->key), std::move(compiled->bytes));
}

std::vector<Compiled> BlobStore::take_compiled() {
  std::vector<Compiled> taken;
  for (auto& [key, bytes] : compiled_) taken.push_back({key, std::move(bytes)});
  compiled_.clear();
  return taken;
}

Plan lower(const Graph& graph, const LayoutPlan& choice, CostTable& costs, BlobStore& blobs) {
  return Lowering(graph, choice, costs).run(blobs);
}

}  // namespace fovea
