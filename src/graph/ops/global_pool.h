#pragma once

#include "graph/ops/pool.h"

namespace fovea {

/// [n,c,h,w] → [n,c,1,1]. ONNX GlobalAveragePool, GlobalMaxPool.
struct GlobalPool {
  PoolKind kind = PoolKind::kAverage;
  bool operator==(const GlobalPool&) const = default;
};

template <typename Visitor>
void visit_attributes(GlobalPool& op, Visitor&& visit) {
  visit("kind", op.kind);
}

FOVEA_OP(GlobalPool, "global_pool")

}  // namespace fovea
