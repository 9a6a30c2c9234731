#include "compiler/candidates.h"

#include <algorithm>
#include <array>

#include "engine/parts.h"

namespace fovea {
namespace {

constexpr std::array kLayouts = {Layout::kPlain, Layout::kNhwc, Layout::kBlocked16};

bool has_layout(const OperandView& operand) {
  return operand.present && !operand.constant && operand.shape.rank() == 4;
}

/// An op whose output holds its input's bytes in the same order.
bool keeps_bytes(const NodeView& view) {
  const bool same_type = view.inputs[0].dtype == view.outputs[0].dtype && view.inputs[0].quant == view.outputs[0].quant;
  return same_type && (std::holds_alternative<Reshape>(view.op) || std::holds_alternative<Flatten>(view.op) ||
                       std::holds_alternative<Squeeze>(view.op) || std::holds_alternative<Unsqueeze>(view.op) ||
                       std::holds_alternative<Identity>(view.op) || std::holds_alternative<Dropout>(view.op));
}

/// Concats and slices that need no step in a layout, as far as the node alone shows.
void add_parts(const NodeView& view, const std::vector<LayoutChoice>& choices, Candidates& found) {
  for (const LayoutChoice& choice : choices)
    if (part_offsets(with_layouts(view, choice.inputs, choice.outputs)))
      found.all.push_back({nullptr, {}, choice.inputs, choice.outputs, 0});
}

std::vector<Layout> plain(const std::vector<OperandView>& operands) {
  return std::vector<Layout>(operands.size(), Layout::kPlain);
}

LayoutChoice layout_choice(const NodeView& view, Layout first, Layout others, Layout results) {
  LayoutChoice made{plain(view.inputs), plain(view.outputs)};
  bool seen = false;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (!has_layout(view.inputs[i])) continue;
    made.inputs[i] = seen ? others : first;
    seen = true;
  }
  for (std::size_t i = 0; i < view.outputs.size(); ++i)
    if (has_layout(view.outputs[i])) made.outputs[i] = results;
  return made;
}

}  // namespace

NodeView with_layouts(NodeView view, const std::vector<Layout>& inputs, const std::vector<Layout>& outputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) view.inputs[i].layout = inputs[i];
  for (std::size_t i = 0; i < outputs.size(); ++i) view.outputs[i].layout = outputs[i];
  return view;
}

std::vector<LayoutChoice> layout_choices(const NodeView& view) {
  std::vector<LayoutChoice> found;
  for (const Layout results : kLayouts)
    for (const Layout first : kLayouts)
      for (const Layout others : {first, results}) {
        LayoutChoice made = layout_choice(view, first, others, results);
        if (std::find(found.begin(), found.end(), made) == found.end()) found.push_back(std::move(made));
      }
  return found;
}

Candidates find_candidates(const NodeView& view, const Backend& backend, const DeviceInfo& device,
                           std::size_t most_configs) {
  Candidates found;
  if (!view.inputs.empty() && !view.inputs[0].constant && keeps_bytes(view))
    found.all.push_back({nullptr, {}, plain(view.inputs), plain(view.outputs), 0});
  const std::vector<LayoutChoice> choices = layout_choices(view);
  add_parts(view, choices, found);
  for (const Tactic& tactic : backend.tactics()) {
    std::string reason;
    bool runs = false;
    for (const LayoutChoice& choice : choices) {
      const NodeView concrete = with_layouts(view, choice.inputs, choice.outputs);
      const Support answer = tactic.supports(concrete, device);
      if (!answer && reason.empty()) reason = answer.reason;
      if (!answer) continue;
      runs = true;
      std::vector<Config> configs = tactic.configs(concrete, device);
      configs.resize(std::min(configs.size(), most_configs));
      for (Config& config : configs)
        found.all.push_back({&tactic, std::move(config), choice.inputs, choice.outputs, 0});
    }
    if (!runs) found.refused.push_back({std::string(tactic.name), reason});
  }
  return found;
}

bool same_bytes(const Shape& shape, Layout a, Layout b) {
  if (a == b || shape.rank() != 4) return a == b;
  const bool one_pixel = shape[2] * shape[3] == 1;
  if (a != Layout::kBlocked16 && b != Layout::kBlocked16) return one_pixel || shape[1] == 1;
  return one_pixel && shape[1] % 16 == 0;
}

NodeView reformat_view(const OperandView& value, Layout from, Layout to, int threads) {
  NodeView view{.name = "reformat", .op = Identity{}, .inputs = {value}, .outputs = {value}, .threads = threads};
  view.inputs[0].layout = from;
  view.outputs[0].layout = to;
  return view;
}

}  // namespace fovea
