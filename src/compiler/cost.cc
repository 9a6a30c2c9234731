#include "compiler/cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/parallel/parallel.h"
#include "compiler/tactic_key.h"
#include "compiler/target.h"
#include "engine/blobs.h"

namespace fovea {
namespace {

/// What autotuning looks at, by opt-level: configurations of each tactic, and tactics (0: all).
struct Effort {
  std::size_t configs, tactics;
};
constexpr std::array<Effort, 6> kEfforts = {{{1, 0}, {1, 1}, {1, 2}, {3, 0}, {8, 0}, {SIZE_MAX, 0}}};

const Effort& effort(int opt_level) { return kEfforts[static_cast<std::size_t>(std::clamp(opt_level, 0, 5))]; }

double bytes_of(const NodeView& view) {
  double bytes = 0;
  for (const OperandView& input : view.inputs)
    if (input.present && !input.constant) bytes += static_cast<double>(byte_size(input));
  for (const OperandView& output : view.outputs) bytes += static_cast<double>(byte_size(output));
  return bytes;
}

/// Multiply–accumulates by the shape of the weights.
double macs_of(const NodeView& view) {
  const bool conv = std::holds_alternative<Conv2d>(view.op);
  if (!conv && !std::holds_alternative<Gemm>(view.op) && !std::holds_alternative<MatMul>(view.op)) return 0;
  const Shape &w = view.inputs[1].shape, &y = view.outputs[0].shape;
  const auto results = static_cast<double>(y.elements());
  if (conv) return results * static_cast<double>(w.elements()) / static_cast<double>(w[0]);
  const Shape& x = view.inputs[0].shape;
  const auto* gemm = std::get_if<Gemm>(&view.op);
  return results * static_cast<double>(gemm && gemm->trans_a ? x[0] : x[x.rank() - 1]);
}

/// Guesses where nothing is timed, in microseconds. They only have to order: a later tactic in the table is worse,
/// plain images are worse to compute on, the reference does about one multiply–accumulate per nanosecond.
constexpr double kPerByte = 1e-4, kPerMac = 1e-5, kReferencePerMac = 1e-3, kReferencePerByte = 1e-2, kLaterTactic = 0.5;
constexpr double layout_factor(Layout layout) {
  return layout == Layout::kPlain ? 1.5 : layout == Layout::kBlocked16 ? 1.02 : 1.0;
}

double guess_one(const NodeView& view, const Candidate& candidate, std::size_t place) {
  const double bytes = bytes_of(view), macs = macs_of(view);
  if (candidate.tactic->name == kReferenceTactic) return bytes * kReferencePerByte + macs * kReferencePerMac + 10;
  const bool image = view.outputs[0].shape.rank() == 4;
  const double factor = image ? layout_factor(view.outputs[0].layout) : 1.0;
  return (bytes * kPerByte + macs * kPerMac) * factor * (1 + kLaterTactic * static_cast<double>(place)) + 1;
}

constexpr std::string_view kWidenedTactic = "widened";

[[noreturn]] void fail_unsupported(const Node& node, const Candidates& found) {
  std::string said;
  for (const Refusal& refusal : found.refused)
    said += fmt::format("{}{}: {}", said.empty() ? "" : "; ", refusal.tactic, refusal.reason);
  fail(ErrorKind::kUnsupported, "[compile] node {} ({}) has no tactic: {}", node.name, display_name(node.op),
       said.empty() ? "the backend has none" : said);
}

/// `may_fall`: the graph may yet forbid that the node is a view.
void drop(Candidates& found, std::string_view tactic, const char* reason, bool may_fall) {
  const auto is_it = [&](const Candidate& c) { return c.tactic && c.tactic->name == tactic; };
  const auto lasts = [&](const Candidate& c) { return is_it(c) || (may_fall && !c.tactic); };
  if (std::ranges::all_of(found.all, lasts)) return;
  if (std::erase_if(found.all, is_it) > 0) found.refused.push_back({std::string(tactic), reason});
}

/// The reference is no competitor where anything else runs: timing it would take longer than everything else together.
/// Weights in 8 bits stay so where anything runs them: widened ones are four times as large, and not what was asked
/// for.
void drop_last_resorts(const NodeView& view, Candidates& found) {
  const bool may_fall = std::holds_alternative<Concat>(view.op) || std::holds_alternative<Slice>(view.op);
  drop(found, kReferenceTactic, "others run this node", may_fall);
  const DType dtype = view.inputs.empty() ? DType::kF32 : view.inputs[0].dtype;
  if (macs_of(view) > 0 && is_8bit(dtype)) drop(found, kWidenedTactic, "others run this node in 8 bits", may_fall);
}

void keep_first_tactics(Candidates& found, std::size_t most) {
  if (most == 0) return;
  std::set<std::string_view> kept;
  for (const Candidate& candidate : found.all)
    if (candidate.tactic && kept.size() < most) kept.insert(candidate.tactic->name);
  std::erase_if(found.all, [&](const Candidate& c) { return c.tactic && !kept.contains(c.tactic->name); });
}

}  // namespace

CostTable::CostTable(const Backend& backend, Device& device, const CompileOptions& options, TimingCache& cache)
    : backend_(backend),
      device_(device),
      options_(options),
      cache_(cache),
      threads_(options.threads > 0 ? options.threads : default_threads()),
      timer_(device, threads_) {}

/// A GPU times a candidate in a millisecond, and a library's first guesses are often not its best, or do not run.
Candidates CostTable::ask(const NodeView& view) const {
  const bool gpu = device_.info().compute_capability > 0;
  const std::size_t configs = effort(options_.opt_level).configs;
  const std::size_t asked = gpu && configs < SIZE_MAX ? std::max<std::size_t>(configs * 2, 6) : configs;
  return find_candidates(view, backend_, device_.info(), asked);
}

void CostTable::prepare(const Graph& graph) {
  if (device_.makers() <= 1) return;
  std::vector<const Node*> nodes;
  std::vector<Candidates*> answers;
  for (const Node& node : graph.nodes()) {
    const std::string key = view_key(plain_view(graph, node, threads_));
    if (known_.contains(key)) continue;
    const auto [place, is_new] = asked_.try_emplace(key);
    if (!is_new) continue;
    nodes.push_back(&node);
    answers.push_back(&place->second);
  }
  const auto one = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    *answers[at] = ask(plain_view(graph, *nodes[at], threads_));
  };
  parallel_for(static_cast<std::int64_t>(nodes.size()), one, device_.makers());
}

const Candidates& CostTable::of(const Graph& graph, const Node& node) {
  const NodeView view = plain_view(graph, node, threads_);
  const std::string key = view_key(view);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  const auto ahead = asked_.find(key);
  Candidates found = ahead != asked_.end() ? std::move(ahead->second) : ask(view);
  if (found.all.empty()) fail_unsupported(node, found);
  drop_last_resorts(view, found);
  keep_first_tactics(found, effort(options_.opt_level).tactics);
  const std::size_t configs = effort(options_.opt_level).configs;
  if (device_.info().compute_capability > 0 && configs == 1) keep_made(view, weights_of(graph, node), configs, found);
  price(view, weights_of(graph, node), found);
  return known_.emplace(key, std::move(found)).first->second;
}

const Candidate* CostTable::reformat(const OperandView& value, Layout from, Layout to) {
  const NodeView view = reformat_view(value, from, to, threads_);
  const std::string key = view_key(view);
  auto known = known_.find(key);
  if (known == known_.end()) {
    Candidates found;
    if (same_bytes(value.shape, from, to)) {
      found.all.push_back({nullptr, {}, {from}, {to}, 0});
    } else {
      for (const Tactic& tactic : backend_.tactics()) {
        if (!tactic.supports(view, device_.info())) continue;
        found.all.push_back({&tactic, tactic.configs(view, device_.info()).front(), {from}, {to}, 0});
      }
      price(view, {{Tensor()}}, found);
    }
    known = known_.emplace(key, std::move(found)).first;
  }
  const auto& all = known->second.all;
  const auto best = std::ranges::min_element(all, {}, &Candidate::microseconds);
  return best == all.end() ? nullptr : &*best;
}

/// Of each tactic in each layout the first `most` that can be made: a library's guess may not run.
void CostTable::keep_made(const NodeView& plain, const Weights& weights, std::size_t most, Candidates& found) const {
  using Way = std::tuple<const Tactic*, std::vector<Layout>, std::vector<Layout>>;
  std::map<Way, std::size_t> kept, there;
  const auto way = [](const Candidate& c) { return Way(c.tactic, c.inputs, c.outputs); };
  for (const Candidate& c : found.all) ++there[way(c)];
  std::erase_if(found.all, [&](const Candidate& c) {
    if (c.tactic == nullptr || there[way(c)] <= most) return false;
    if (kept[way(c)] >= most) return true;
    try {
      const NodeView view = with_layouts(plain, c.inputs, c.outputs);
      Blobs packed;
      packed.push_back(c.tactic->pack(view, c.config, weights));
      c.tactic->make(view, c.config, packed[0], device_);
      ++kept[way(c)];
      return false;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      return true;
    }
  });
}

void CostTable::price(const NodeView& plain, const Weights& weights, Candidates& found) {
  if (options_.opt_level > 0)
    measure(plain, weights, found);
  else
    guess(plain, found);
}

void CostTable::guess(const NodeView& plain, Candidates& found) const {
  std::vector<std::string_view> order;
  for (Candidate& candidate : found.all) {
    if (!candidate.tactic) continue;
    if (std::ranges::find(order, candidate.tactic->name) == order.end()) order.push_back(candidate.tactic->name);
    const auto place = static_cast<std::size_t>(std::ranges::find(order, candidate.tactic->name) - order.begin());
    candidate.microseconds = guess_one(with_layouts(plain, candidate.inputs, candidate.outputs), candidate, place);
  }
}

void CostTable::measure(const NodeView& plain, const Weights& weights, Candidates& found) {
  std::vector<TimedCandidate> missing;
  std::vector<Candidate*> owners;
  std::vector<std::string> keys;
  for (Candidate& candidate : found.all) {
    if (!candidate.tactic) continue;
    NodeView view = with_layouts(plain, candidate.inputs, candidate.outputs);
    std::string key = tactic_key(view, device_.info(), candidate.tactic->name, candidate.config);
    if (const auto known = cache_.find(key)) {
      candidate.microseconds = *known;
      continue;
    }
    missing.push_back({candidate.tactic, candidate.config, std::move(view)});
    owners.push_back(&candidate);
    keys.push_back(std::move(key));
  }
  if (missing.empty()) return;
  cache_.misses += static_cast<int>(missing.size());
  const std::vector<double> times = timer_.time(missing, weights);
  for (std::size_t i = 0; i < times.size(); ++i) {
    owners[i]->microseconds = times[i];
    if (!std::isfinite(times[i])) continue;  // could not be made: nothing to remember
    cache_.put(keys[i], times[i]);
    owners[i]->microseconds = *cache_.find(keys[i]);
  }
}

}  // namespace fovea
