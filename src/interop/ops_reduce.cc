// Reductions: what the graph has not is written with what it has.
#include <algorithm>

#include "interop/importer.h"

namespace fovea::interop {
namespace {

/// The axes of the node at hand; false where it reduces nothing.
bool read_axes(Importer& in, Reduce& op) {
  op.axes = in.integers_or_input("axes", 1);
  for (std::int64_t& axis : op.axes) axis = normal_axis(axis, in.rank(0));
  op.keep_dims = in.integer("keepdims", 1) != 0;
  std::ranges::sort(op.axes);
  return !op.axes.empty() || in.integer("noop_with_empty_axes", 0) == 0;
}

ValueId reduced(Importer& in, ReduceKind kind, ValueId x) {
  Reduce op;
  op.kind = kind;
  return read_axes(in, op) ? in.add(op, {x}) : x;
}

template <ReduceKind kKind>
void reduce(Importer& in) {
  Reduce op;
  op.kind = kKind;
  if (!read_axes(in, op)) return in.emit(Identity{}, {in.input(0)});
  in.emit(op, {in.input(0)});
}

ValueId unary(Importer& in, Function function, ValueId x) { return in.add(Unary{{function}}, {x}); }
ValueId square(Importer& in) { return in.add(Binary{BinaryKind::kMul, {}}, {in.input(0), in.input(0)}); }

void l1(Importer& in) { in.emit_value(reduced(in, ReduceKind::kSum, unary(in, Function::kAbs, in.input(0)))); }
void l2(Importer& in) { in.emit(Unary{{Function::kSqrt}}, {reduced(in, ReduceKind::kSum, square(in))}); }
void sum_square(Importer& in) { in.emit_value(reduced(in, ReduceKind::kSum, square(in))); }

/// min x = −max −x
void min(Importer& in) {
  in.emit(Unary{{Function::kNeg}}, {reduced(in, ReduceKind::kMax, unary(in, Function::kNeg, in.input(0)))});
}

void log_sum(Importer& in) { in.emit(Unary{{Function::kLog}}, {reduced(in, ReduceKind::kSum, in.input(0))}); }

void arg_max(Importer& in) {
  ArgMax op;
  op.axis = normal_axis(in.integer("axis", 0), in.rank(0));
  op.keep_dims = in.integer("keepdims", 1) != 0;
  op.select_last = in.integer("select_last_index", 0) != 0;
  in.emit(op, {in.input(0)});
}

constexpr HandlerRow kHandlers[] = {
    {"ReduceMean", reduce<ReduceKind::kMean>},
    {"ReduceSum", reduce<ReduceKind::kSum>},
    {"ReduceMax", reduce<ReduceKind::kMax>},
    {"ReduceMin", min},
    {"ReduceL1", l1},
    {"ReduceL2", l2},
    {"ReduceSumSquare", sum_square},
    {"ReduceLogSum", log_sum},
    {"ArgMax", arg_max},
};

}  // namespace

std::span<const HandlerRow> reduce_handlers() { return kHandlers; }

}  // namespace fovea::interop
