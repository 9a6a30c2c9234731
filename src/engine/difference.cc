#include "engine/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/describe.h"
#include "graph/text.h"

namespace fovea {
namespace {

using Row = EngineDifference::Row;

void compare(std::vector<Row>& rows, const std::string& node, const char* what, std::string before, std::string after) {
  if (before != after) rows.push_back({node, what, std::move(before), std::move(after)});
}

std::string layouts(const PlanStep& step) {
  const auto text = [](const std::vector<Layout>& all) {
    return std::string(all.empty() ? "plain" : name(all.front()));
  };
  return text(step.input_layouts) + "->" + text(step.output_layouts);
}

std::map<std::string, const PlanStep*> steps_by_name(const Plan& plan) {
  std::map<std::string, const PlanStep*> steps;
  for (const PlanStep& step : plan.steps)
    steps[plan.graph.nodes().at(static_cast<std::size_t>(step.node)).name] = &step;
  return steps;
}

std::span<const std::byte> packed(const Engine& engine, const PlanStep& step) {
  return step.blob < 0 ? std::span<const std::byte>() : engine.blobs[static_cast<std::size_t>(step.blob)];
}

void compare_steps(std::vector<Row>& rows, const Engine& a, const PlanStep& x, const Engine& b, const PlanStep& y) {
  const StepDescription before = describe(a.plans.front(), x), after = describe(b.plans.front(), y);
  const std::string& node = before.node;
  compare(rows, node, "op", before.op, after.op);
  compare(rows, node, "shape", before.shape.str(), after.shape.str());
  compare(rows, node, "precision", before.precision, after.precision);
  compare(rows, node, "tactic", before.tactic, after.tactic);
  compare(rows, node, "config", before.config, after.config);
  compare(rows, node, "layout", layouts(x), layouts(y));
  const auto left = packed(a, x), right = packed(b, y);
  if (!std::ranges::equal(left, right))
    rows.push_back({node, "weights", fmt::format("{} bytes", left.size()), fmt::format("{} bytes", right.size())});
}

std::string batches(const Engine& engine) {
  std::string text;
  for (const Plan& plan : engine.plans) text += fmt::format("{}{}", text.empty() ? "" : ",", plan.batch);
  return text;
}

}  // namespace

EngineDifference difference(const Engine& before, const Engine& after) {
  EngineDifference found;
  std::vector<Row>& rows = found.rows;
  const EngineInfo &x = before.info, &y = after.info;
  compare(rows, "", "fovea version", x.fovea_version, y.fovea_version);
  compare(rows, "", "fingerprint", x.fingerprint, y.fingerprint);
  compare(rows, "", "precision", x.precision, y.precision);
  compare(rows, "", "batches", batches(before), batches(after));
  compare(rows, "", "labels", std::to_string(x.labels.size()), std::to_string(y.labels.size()));
  const Plan &p = before.plans.front(), &q = after.plans.front();
  compare(rows, "", "threads", std::to_string(p.threads), std::to_string(q.threads));
  compare(rows, "", "arena bytes", std::to_string(p.arena_bytes), std::to_string(q.arena_bytes));
  const auto left = steps_by_name(p), right = steps_by_name(q);
  for (const auto& [node, step] : left) {
    const auto other = right.find(node);
    if (other == right.end())
      rows.push_back({node, "only before", describe(p, *step).op, ""});
    else
      compare_steps(rows, before, *step, after, *other->second);
  }
  for (const auto& [node, step] : right)
    if (!left.contains(node)) rows.push_back({node, "only after", "", describe(q, *step).op});
  return found;
}

}  // namespace fovea
