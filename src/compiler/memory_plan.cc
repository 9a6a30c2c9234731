#include "compiler/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/random.h"
#include "engine/liveness.h"

namespace fovea {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kShuffles = 100, kRepairs = 400;

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

/// Orders tried, and the best one: it stays in `pieces`.
class Packing {
 public:
  explicit Packing(std::vector<Piece>& pieces) : pieces_(pieces), bound_(largest_live_set(pieces)) {}

  std::uint64_t run() {
    if (pieces_.empty()) return 0;
    attempt(order_by(pieces_, [](const Piece& p) { return static_cast<double>(p.bytes); }));
    attempt(order_by(pieces_, [](const Piece& p) { return static_cast<double>(p.bytes) * life(p); }));
    attempt(order_by(pieces_, [](const Piece& p) { return -static_cast<double>(p.made); }));
    attempt(order_by(pieces_, [](const Piece& p) { return life(p); }));
    for (std::uint64_t seed = 0; seed < kShuffles && best_end_ > bound_; ++seed) {
      attempt(order_by(pieces_, [&](const Piece& p) {
        return static_cast<double>(p.bytes) * Random({seed, static_cast<std::uint64_t>(p.id)}).uniform(0.5, 2.0);
      }));
    }
    for (std::uint64_t seed = 0; seed < kRepairs && best_end_ > bound_; ++seed) attempt(repaired(seed));
    pieces_ = std::move(best_);
    return best_end_;
  }

 private:
  void attempt(const std::vector<std::size_t>& order) {
    if (best_end_ == bound_) return;
    const std::uint64_t end = place(pieces_, order);
    if (end > best_end_) return;  // as good is as welcome: repairs move on
    best_end_ = end;
    best_ = pieces_;
    best_order_ = order;
  }

  /// The best order with one of the pieces that reach past the bound moved to a random place further ahead.
  std::vector<std::size_t> repaired(std::uint64_t seed) const {
    Random random({seed, kShuffles});
    std::vector<std::size_t> order = best_order_, high;
    for (std::size_t at = 0; at < order.size(); ++at)
      if (best_[order[at]].offset + best_[order[at]].bytes > bound_) high.push_back(at);
    const std::size_t from = high[random.below(high.size())], to = random.below(from + 1);
    std::rotate(order.begin() + static_cast<long>(to), order.begin() + static_cast<long>(from),
                order.begin() + static_cast<long>(from) + 1);
    return order;
  }

  std::vector<Piece>& pieces_;
  std::uint64_t bound_;
  std::vector<Piece> best_;
  std::vector<std::size_t> best_order_;
  std::uint64_t best_end_ = UINT64_MAX;
};

/// Values and scratch as pieces; what is written in place is one piece with what was there.
class Pieces {
 public:
  Pieces(const Plan& plan, const Liveness& live, const std::vector<int>& in_place) : plan_(plan), live_(live) {
    input_ = plan.graph.inputs()[0];
    output_ = root(plan.graph.outputs()[0]);
    share_.resize(plan.values.size());
    std::iota(share_.begin(), share_.end(), 0);
    for (std::size_t s = 0; s < in_place.size(); ++s) share_in_place(s, in_place[s]);
    for (ValueId id = 0; id < static_cast<ValueId>(plan.values.size()); ++id)
      if (is_in_arena(id)) add(id);
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      if (plan.steps[s].scratch_bytes > 0)
        list.push_back({-1 - static_cast<ValueId>(s), static_cast<int>(s), static_cast<int>(s),
                        aligned(plan.steps[s].scratch_bytes)});
  }

  ValueId root(ValueId id) const { return live_.root[static_cast<std::size_t>(id)]; }
  ValueId piece_of(ValueId id) const { return share_[static_cast<std::size_t>(root(id))]; }
  Place place_of(ValueId id) const {
    const Liveness::Range& range = live_.range[static_cast<std::size_t>(id)];
    if (plan_.graph.value(id).is_constant() || root(id) != id || (range.made < 0 && id != input_)) return Place::kNone;
    return id == input_ ? Place::kInput : id == output_ ? Place::kOutput : Place::kArena;
  }

  std::vector<Piece> list;  ///< `id`: the value, or −1 − step for scratch

 private:
  bool is_in_arena(ValueId id) const { return place_of(id) == Place::kArena; }

  bool is_whole(ValueId id) const { return value_bytes(plan_, id) == value_bytes(plan_, root(id)); }

  void share_in_place(std::size_t s, int which) {
    if (which < 0) return;
    const Node& node = plan_.graph.nodes()[static_cast<std::size_t>(plan_.steps[s].node)];
    const ValueId from = root(node.inputs[static_cast<std::size_t>(which)]), to = root(node.outputs[0]);
    const Liveness::Range& range = live_.range[static_cast<std::size_t>(from)];
    const bool ends = range.last == static_cast<int>(s) && range.made < static_cast<int>(s);
    const bool once =
        std::ranges::count_if(node.inputs, [&](ValueId i) { return i != kNoValue && root(i) == from; }) == 1;
    const bool begins = live_.range[static_cast<std::size_t>(to)].made == static_cast<int>(s);
    if (ends && once && begins && is_in_arena(from) && is_in_arena(to) && is_whole(node.outputs[0]) &&
        is_whole(node.inputs[static_cast<std::size_t>(which)]) && value_bytes(plan_, from) == value_bytes(plan_, to))
      share_[static_cast<std::size_t>(to)] = share_[static_cast<std::size_t>(from)];
  }

  void add(ValueId id) {
    const Liveness::Range& range = live_.range[static_cast<std::size_t>(id)];
    const ValueId piece = piece_of(id);
    const auto known = std::ranges::find(list, piece, &Piece::id);
    if (known != list.end()) {
      known->made = std::min(known->made, range.made);
      known->last = std::max(known->last, range.last);
    } else {
      list.push_back({piece, range.made, range.last, aligned(value_bytes(plan_, id))});
    }
  }

  const Plan& plan_;
  const Liveness& live_;
  ValueId input_, output_;
  std::vector<ValueId> share_;  ///< by root: whose piece it is part of
};

}  // namespace

void plan_memory(Plan& plan, const std::vector<int>& in_place) {
  const Liveness live = liveness(plan);
  Pieces pieces(plan, live, in_place);
  plan.arena_bytes = Packing(pieces.list).run();
  std::map<ValueId, std::uint64_t> offsets;
  for (const Piece& piece : pieces.list) offsets[piece.id] = piece.offset;
  for (ValueId id = 0; id < static_cast<ValueId>(plan.values.size()); ++id) {
    ValuePlan& at = plan.values[static_cast<std::size_t>(id)];
    at.place = pieces.place_of(pieces.root(id));
    at.offset =
        at.place == Place::kArena ? offsets.at(pieces.piece_of(id)) + live.offset[static_cast<std::size_t>(id)] : 0;
  }
  for (std::size_t s = 0; s < plan.steps.size(); ++s)
    if (plan.steps[s].scratch_bytes > 0) plan.steps[s].scratch_offset = offsets.at(-1 - static_cast<ValueId>(s));
}

}  // namespace fovea
