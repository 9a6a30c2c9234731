#include "compiler/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "engine/liveness.h"

namespace fovea {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr int kShuffles = 200;

std::uint64_t aligned(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Piece {
  ValueId id;
  int made, last;
  std::uint64_t bytes;
  std::uint64_t offset = 0;
  bool meets(const Piece& other) const { return made <= other.last && other.made <= last; }
};

std::uint64_t largest_live_set(const std::vector<Piece>& pieces) {
  std::uint64_t largest = 0;
  for (const Piece& at : pieces) {  // live sets grow only where a piece is made
    std::uint64_t sum = 0;
    for (const Piece& piece : pieces)
      if (piece.made <= at.made && at.made <= piece.last) sum += piece.bytes;
    largest = std::max(largest, sum);
  }
  return largest;
}

/// The smallest gap that fits among the pieces that live at the same time, else behind them.
std::uint64_t best_gap(const std::vector<const Piece*>& placed, const Piece& piece) {
  std::uint64_t free_from = 0, best = 0, best_size = UINT64_MAX;
  for (const Piece* other : placed) {  // by offset
    if (!piece.meets(*other)) continue;
    if (other->offset > free_from) {
      const std::uint64_t size = other->offset - free_from;
      if (size >= piece.bytes && size < best_size) {
        best = free_from;
        best_size = size;
      }
    }
    free_from = std::max(free_from, other->offset + other->bytes);
  }
  return best_size == UINT64_MAX ? free_from : best;
}

/// Places the pieces one after the other; returns the bytes taken.
std::uint64_t place(std::vector<Piece>& pieces, const std::vector<std::size_t>& order) {
  std::vector<const Piece*> placed;
  std::uint64_t end = 0;
  for (const std::size_t i : order) {
    Piece& piece = pieces[i];
    piece.offset = best_gap(placed, piece);
    end = std::max(end, piece.offset + piece.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &piece,
                                   [](const Piece* a, const Piece* b) { return a->offset < b->offset; }),
                  &piece);
  }
  return end;
}

template <typename Weight>
std::vector<std::size_t> order_by(const std::vector<Piece>& pieces, const Weight& weight) {
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight(pieces[a]) > weight(pieces[b]); });
  return order;
}

double life(const Piece& piece) { return piece.last - piece.made + 1; }

/// Tries orders until one reaches the lower bound; the best stays in `pieces`.
std::uint64_t pack(std::vector<Piece>& pieces) {
  const std::uint64_t bound = largest_live_set(pieces);
  std::vector<Piece> best;
  std::uint64_t best_end = UINT64_MAX;
  const auto attempt = [&](const std::vector<std::size_t>& order) {
    if (best_end == bound) return;
    const std::uint64_t end = place(pieces, order);
    if (end >= best_end) return;
    best_end = end;
    best = pieces;
  };
  attempt(order_by(pieces, [](const Piece& p) { return static_cast<double>(p.bytes); }));
  attempt(order_by(pieces, [](const Piece& p) { return static_cast<double>(p.bytes) * life(p); }));
  attempt(order_by(pieces, [](const Piece& p) { return -static_cast<double>(p.made); }));
  attempt(order_by(pieces, [](const Piece& p) { return life(p); }));
  for (std::uint64_t seed = 0; seed < kShuffles; ++seed)
    attempt(order_by(pieces, [&](const Piece& p) {
      return static_cast<double>(p.bytes) * Random({seed, static_cast<std::uint64_t>(p.id)}).uniform(0.5, 2.0);
    }));
  pieces = std::move(best);
  return pieces.empty() ? 0 : best_end;
}

}  // namespace

void plan_memory(Plan& plan) {
  const Liveness live = liveness(plan);
  const auto root = [&](ValueId id) { return live.root[static_cast<std::size_t>(id)]; };
  const ValueId input = plan.graph.inputs()[0], output = root(plan.graph.outputs()[0]);
  std::vector<Piece> pieces;
  for (ValueId id = 0; id < static_cast<ValueId>(plan.values.size()); ++id) {
    const Liveness::Range range = live.range[static_cast<std::size_t>(id)];
    ValuePlan& at = plan.values[static_cast<std::size_t>(id)];
    at.place = Place::kNone;
    at.offset = 0;
    if (plan.graph.value(id).is_constant() || root(id) != id || (range.made < 0 && id != input)) continue;
    at.place = id == input ? Place::kInput : id == output ? Place::kOutput : Place::kArena;
    if (at.place == Place::kArena) pieces.push_back({id, range.made, range.last, aligned(value_bytes(plan, id))});
  }
  plan.scratch_offset = pack(pieces);
  for (const Piece& piece : pieces) plan.values[static_cast<std::size_t>(piece.id)].offset = piece.offset;
  for (ValueId id = 0; id < static_cast<ValueId>(plan.values.size()); ++id) {
    ValuePlan& at = plan.values[static_cast<std::size_t>(id)];
    const ValuePlan& of_root = plan.values[static_cast<std::size_t>(root(id))];
    at.place = of_root.place;
    at.offset = of_root.offset;
  }
  std::uint64_t scratch = 0;
  for (const PlanStep& step : plan.steps) scratch = std::max(scratch, step.scratch_bytes);
  plan.arena_bytes = plan.scratch_offset + aligned(scratch);
}

}  // namespace fovea
