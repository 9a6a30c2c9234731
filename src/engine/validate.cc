#include "engine/validate.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "engine/format.h"
#include "engine/liveness.h"
#include "engine/parts.h"
#include "graph/verify.h"

namespace fovea {
namespace {

using engine_format::align_up;
using engine_format::kAlignment;

constexpr std::int64_t kMostBatch = 4096;
constexpr std::size_t kMostPlans = 64;
constexpr std::size_t kMostNodes = 1 << 14;
constexpr std::size_t kMostValues = 1 << 15;
constexpr int kMostThreads = 4096;
constexpr std::uint64_t kMostArenaBytes = std::uint64_t{1} << 36;

/// Checks one plan; the message names it.
class PlanRules {
 public:
  PlanRules(const Engine& engine, const Plan& plan) : engine_(engine), plan_(plan), graph_(plan.graph) {}

  void check() {
    check_limits();
    verify(graph_);
    check_ends();
    for (const PlanStep& step : plan_.steps) check_step(step);
    check_views();
    const Liveness live = liveness(plan_);
    check_order(live);
    check_places(live);
    check_overlap(live);
  }

 private:
  template <typename... Args>
  void rule(bool holds, fmt::format_string<Args...> format, Args&&... args) const {
    if (holds) return;
    fail(ErrorKind::kCorruptFile, "[engine] plan for batch {}: {}", plan_.batch,
         fmt::format(format, std::forward<Args>(args)...));
  }
  const ValuePlan& where(ValueId id) const { return plan_.values[static_cast<std::size_t>(id)]; }
  const std::string& name_of(ValueId id) const { return graph_.value(id).name; }

  void check_limits() const {
    rule(plan_.batch >= 1 && plan_.batch <= kMostBatch, "batches are 1 to {}", kMostBatch);
    rule(plan_.threads >= 1 && plan_.threads <= kMostThreads, "{} threads", plan_.threads);
    rule(graph_.nodes().size() <= kMostNodes, "{} nodes", graph_.nodes().size());
    rule(graph_.values().size() <= kMostValues, "{} values", graph_.values().size());
    rule(plan_.values.size() == graph_.values().size(), "{} places for {} values", plan_.values.size(),
         graph_.values().size());
    rule(plan_.arena_bytes <= kMostArenaBytes, "arena of {} bytes", plan_.arena_bytes);
    rule(std::isfinite(plan_.microseconds) && plan_.microseconds >= 0, "predicted {} us", plan_.microseconds);
  }

  void check_ends() const {
    rule(graph_.inputs().size() == 1 && graph_.outputs().size() == 1, "{} inputs and {} outputs, expected one of each",
         graph_.inputs().size(), graph_.outputs().size());
    const Value& input = graph_.value(graph_.inputs()[0]);
    const PreprocessSpec& spec = engine_.info.preprocess;
    const Shape pixels = {plan_.batch, spec.height, spec.width, spec.channels()};
    if (engine_.info.pixel_input) {
      rule(input.dtype == DType::kU8 && input.shape == pixels, "input {} {}, the preprocess spec makes u8 {}",
           name(input.dtype), input.shape.str(), pixels.str());
    } else {
      rule(input.dtype == DType::kF32 && input.shape.rank() >= 1 && input.shape[0] == plan_.batch,
           "input {} {}, expected f32 with that batch", name(input.dtype), input.shape.str());
    }
    const Value& output = graph_.value(graph_.outputs()[0]);
    rule(output.dtype == DType::kF32 && output.shape.rank() == 2 && output.shape[0] == plan_.batch &&
             output.shape[1] >= 1,
         "output {} {}, expected f32 batch x classes", name(output.dtype), output.shape.str());
    const auto classes = static_cast<std::size_t>(output.shape[1]);
    rule(engine_.info.labels.empty() || engine_.info.labels.size() == classes, "{} classes, {} labels", classes,
         engine_.info.labels.size());
    rule(where(graph_.inputs()[0]).layout == Layout::kPlain && where(graph_.outputs()[0]).layout == Layout::kPlain,
         "input and output must be plain");
  }

  void check_layouts(const std::vector<ValueId>& ids, const std::vector<Layout>& layouts,
                     const std::string& tactic) const {
    rule(ids.size() == layouts.size(), "step {}: {} layouts for {} values", tactic, layouts.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Layout wanted = ids[i] == kNoValue ? Layout::kPlain : where(ids[i]).layout;
      rule(layouts[i] == wanted, "step {}: layout {} where the value is {}", tactic, name(layouts[i]), name(wanted));
    }
  }

  void check_step(const PlanStep& step) const {
    rule(step.node >= 0 && static_cast<std::size_t>(step.node) < graph_.nodes().size(), "step {}: node {} of {}",
         step.tactic, step.node, graph_.nodes().size());
    const Node& node = graph_.nodes()[static_cast<std::size_t>(step.node)];
    check_layouts(node.inputs, step.input_layouts, step.tactic);
    check_layouts(node.outputs, step.output_layouts, step.tactic);
    rule(step.blob >= -1 && step.blob < static_cast<std::int64_t>(engine_.blobs.size()), "step {}: blob {} of {}",
         step.tactic, step.blob, engine_.blobs.size());
    rule(in_arena(step.scratch_offset, step.scratch_bytes), "step {}: {} bytes of scratch at {} of {}", step.tactic,
         step.scratch_bytes, step.scratch_offset, plan_.arena_bytes);
  }

  /// A node without a step reads what its input holds, byte by byte, or what lies in a run of it, or its inputs lie in
  /// runs of its output.
  void check_views() const {
    std::vector<int> steps(graph_.nodes().size(), 0);
    for (const PlanStep& step : plan_.steps) ++steps[static_cast<std::size_t>(step.node)];
    std::vector<bool> bound(graph_.values().size(), false);  // where it lies is another's business
    bound[static_cast<std::size_t>(graph_.inputs()[0])] = true;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Node& node = graph_.nodes()[i];
      rule(steps[i] <= 1, "node {} has {} steps", node.name, steps[i]);
      if (steps[i] == 1) continue;
      rule(!node.inputs.empty() && node.inputs[0] != kNoValue && node.outputs.size() == 1, "node {} has no step",
           node.name);
      const auto parts = part_offsets(stepless_view(plan_, node));
      if (parts && std::holds_alternative<Concat>(node.op)) {
        check_parts(node, *parts, bound);
      } else {
        check_view(node, parts ? (*parts)[0] : 0, parts.has_value());
        bound[static_cast<std::size_t>(node.outputs[0])] = true;
      }
    }
  }

  void check_view(const Node& node, std::uint64_t offset, bool is_part) const {
    const ValueId from = node.inputs[0], to = node.outputs[0];
    rule(where(from).place == where(to).place && where(from).offset + offset == where(to).offset &&
             where(from).place != Place::kNone && graph_.value(from).dtype == graph_.value(to).dtype &&
             (is_part || value_bytes(plan_, from) == value_bytes(plan_, to)),
         "node {} has no step and is no view either", node.name);
  }

  /// Every input is written straight into the output: by its own step, and into one whole only.
  void check_parts(const Node& node, const std::vector<std::uint64_t>& parts, std::vector<bool>& bound) const {
    const ValuePlan& whole = where(node.outputs[0]);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValuePlan& part = where(node.inputs[i]);
      rule(!bound[static_cast<std::size_t>(node.inputs[i])] && whole.place == Place::kArena &&
               part.place == Place::kArena && part.offset == whole.offset + parts[i],
           "node {} has no step and {} is no part of it", node.name, name_of(node.inputs[i]));
      bound[static_cast<std::size_t>(node.inputs[i])] = true;
    }
  }

  void check_order(const Liveness& live) const {
    const auto id_of = [](ValueId id) { return static_cast<std::size_t>(id); };
    const auto is_input = [&](ValueId id) { return live.root[id_of(id)] == graph_.inputs()[0]; };
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const Node& node = graph_.nodes()[id_of(plan_.steps[s].node)];
      for (const ValueId input : node.inputs) {
        if (input == kNoValue || graph_.value(input).is_constant()) continue;
        const int ready = live.ready[id_of(input)];
        rule(is_input(input) || (ready >= 0 && ready < static_cast<int>(s)), "node {} reads {} before it is made",
             node.name, name_of(input));
      }
    }
    const ValueId output = graph_.outputs()[0];
    rule(is_input(output) || live.ready[id_of(output)] >= 0, "nothing makes the output");
  }

  void check_places(const Liveness& live) const {
    for (ValueId id = 0; id < static_cast<ValueId>(graph_.values().size()); ++id) {
      const Value& value = graph_.value(id);
      const ValuePlan& at = where(id);
      rule(at.layout == Layout::kPlain || value.shape.rank() == 4, "value {} of rank {} is {}", value.name,
           value.shape.rank(), name(at.layout));
      const Liveness::Range range = live.range[static_cast<std::size_t>(live.root[static_cast<std::size_t>(id)])];
      const bool is_input = live.root[static_cast<std::size_t>(id)] == graph_.inputs()[0];
      const bool used = !value.is_constant() && (range.made >= 0 || is_input);
      rule(used || at.place == Place::kNone, "value {} has a place but nobody makes it", value.name);
      if (used) check_place(live, id, at, is_input);
    }
    rule(where(graph_.outputs()[0]).place == Place::kOutput, "the output's place is not the output");
  }

  void check_place(const Liveness& live, ValueId id, const ValuePlan& at, bool is_input) const {
    const ValueId root = live.root[static_cast<std::size_t>(id)];
    const bool is_output = root == live.root[static_cast<std::size_t>(graph_.outputs()[0])];
    rule((at.place == Place::kInput) == is_input && (at.place == Place::kOutput) == is_output &&
             at.place != Place::kNone,
         "value {} stands in the wrong place", name_of(id));
    if (at.place != Place::kArena) return rule(at.offset == 0, "value {}: input or output {}", name_of(id), at.offset);
    const std::uint64_t bytes = value_bytes(plan_, id);
    rule(in_arena(at.offset, bytes), "value {} of {} bytes at {} of {}", name_of(id), bytes, at.offset,
         plan_.arena_bytes);
  }

  bool in_arena(std::uint64_t offset, std::uint64_t bytes) const {
    return offset % kAlignment == 0 && offset <= plan_.arena_bytes && bytes <= plan_.arena_bytes - offset;
  }

  /// Scratch keeps away from what its step reads and writes and from what later steps read.
  void check_scratch(const Liveness& live, const std::vector<ValueId>& values) const {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const PlanStep& step = plan_.steps[s];
      const std::uint64_t end = step.scratch_offset + step.scratch_bytes;
      for (const ValueId id : values) {
        const Liveness::Range& range = live.range[static_cast<std::size_t>(id)];
        const auto at = static_cast<int>(s);
        if (at < range.made || range.last < at || step.scratch_bytes == 0) continue;
        const bool apart = end <= where(id).offset || where(id).offset + bytes_of(id) <= step.scratch_offset;
        if (!apart) rule(false, "scratch of step {} and value {} lie in the same bytes", step.tactic, name_of(id));
      }
    }
  }

  /// Writing into the bytes of an input that nobody reads later is allowed when both start at the same place.
  bool may_share(const Liveness& live, ValueId output, ValueId other, int step) const {
    const Liveness::Range& range = live.range[static_cast<std::size_t>(other)];
    if (range.made > step || range.last < step) return true;
    const std::uint64_t begin = where(output).offset, end = begin + bytes_of(output);
    const std::uint64_t other_begin = where(other).offset, other_end = other_begin + bytes_of(other);
    if (end <= other_begin || other_end <= begin) return true;
    return range.made < step && range.last == step && begin == other_begin && writes_all_of(live, output, step);
  }

  /// Not only a part of it, as others would write theirs later.
  bool writes_all_of(const Liveness& live, ValueId root, int step) const {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(plan_.steps[static_cast<std::size_t>(step)].node)];
    return std::ranges::any_of(node.outputs, [&](ValueId id) {
      return live.root[static_cast<std::size_t>(id)] == root && value_bytes(plan_, id) == bytes_of(root);
    });
  }

  void check_overlap(const Liveness& live) {
    std::vector<ValueId> values;
    bytes_.assign(plan_.values.size(), 0);
    for (ValueId id = 0; id < static_cast<ValueId>(plan_.values.size()); ++id) {
      if (where(id).place != Place::kArena || live.root[static_cast<std::size_t>(id)] != id) continue;
      values.push_back(id);
      bytes_[static_cast<std::size_t>(id)] = value_bytes(plan_, id);
    }
    for (const ValueId output : values) {
      throw_if_cancelled();
      const int made = live.range[static_cast<std::size_t>(output)].made;
      for (const ValueId other : values)
        if (output != other && !may_share(live, output, other, made))
          rule(false, "values {} and {} lie in the same bytes", name_of(output), name_of(other));
    }
    check_scratch(live, values);
  }

  std::uint64_t bytes_of(ValueId id) const { return bytes_[static_cast<std::size_t>(id)]; }

  const Engine& engine_;
  const Plan& plan_;
  const Graph& graph_;
  std::vector<std::uint64_t> bytes_;  ///< of the arena's values, computed once: there may be many pairs
};

Shape without_batch(const Graph& graph, ValueId id) {
  Shape shape = graph.value(id).shape;
  shape[0] = 1;
  return shape;
}

void check_spec(const EngineInfo& info) {
  constexpr int kMostSide = 1 << 14;
  const PreprocessSpec& spec = info.preprocess;
  require(spec.height >= 1 && spec.height <= kMostSide && spec.width >= 1 && spec.width <= kMostSide,
          ErrorKind::kCorruptFile, "[engine] preprocess spec of {} x {} pixels", spec.height, spec.width);
  require(std::isfinite(spec.crop_fraction) && spec.crop_fraction > 0, ErrorKind::kCorruptFile,
          "[engine] preprocess spec: crop fraction {}", spec.crop_fraction);
}

}  // namespace

void validate(const Engine& engine) {
  check_spec(engine.info);
  require(!engine.plans.empty() && engine.plans.size() <= kMostPlans, ErrorKind::kCorruptFile,
          "[engine] {} batch profiles, expected 1 to {}", engine.plans.size(), kMostPlans);
  for (std::size_t i = 0; i < engine.plans.size(); ++i) {
    const Plan& plan = engine.plans[i];
    engine_format::read_or_corrupt("plans", [&] { PlanRules(engine, plan).check(); });
    if (i == 0) continue;
    const Graph &first = engine.plans[0].graph, &graph = plan.graph;
    require(engine.plans[i - 1].batch < plan.batch, ErrorKind::kCorruptFile, "[engine] batch profiles do not ascend");
    require(without_batch(first, first.inputs()[0]) == without_batch(graph, graph.inputs()[0]) &&
                without_batch(first, first.outputs()[0]) == without_batch(graph, graph.outputs()[0]),
            ErrorKind::kCorruptFile, "[engine] batch profiles differ in input or output");
  }
}

}  // namespace fovea
