#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Channels (axis 1) as `groups` rows of a matrix, read out by columns: y[n, i · groups + g] = x[n, g · c / groups + i]
/// (ShuffleNet, Zhang 2018).
struct ChannelShuffle {
  int groups = 2;
  bool operator==(const ChannelShuffle&) const = default;
};

template <typename Visitor>
void visit_attributes(ChannelShuffle& op, Visitor&& visit) {
  visit("groups", op.groups);
}

FOVEA_OP(ChannelShuffle, "channel_shuffle")

}  // namespace fovea
