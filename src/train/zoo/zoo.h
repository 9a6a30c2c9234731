#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace fovea::train {

/// A net that Fovea can train from scratch. `make`: input f32 [1,3,size,size] → logits [1,classes], weights not yet
/// set.
struct Net {
  std::string_view name, description;
  Graph (*make)(int classes, int size);
};

std::span<const Net> zoo();  ///< the default first
/// The net with initial weights by seed. kInvalidArgument listing the nets, or naming classes < 2 or size < 32.
Graph make_net(const std::string& name, int classes, int size, std::uint64_t seed);

Graph make_small(int classes, int size);
Graph make_resnet18(int classes, int size);
Graph make_resnet50(int classes, int size);
Graph make_mobilenet_v2(int classes, int size);

}  // namespace fovea::train
