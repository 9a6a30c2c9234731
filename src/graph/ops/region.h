#pragma once

#include <string>

#include "graph/op_support.h"

namespace fovea {

class Graph;

/// A few nodes that run as one, as the text of their graph (graph/text.h): its inputs are the region's, in order, as
/// real numbers (u8 pixels as they are), images first; values between its nodes are stored as they say. What the region
/// computes is what these nodes compute one after the other.
struct RegionBody {
  std::string text;
  bool operator==(const RegionBody&) const = default;
};

/// With a body: its nodes. Without one: a whole network that one step runs, opaque here (what it computes is known to
/// the step's packed bytes alone, the plan of a vendor's compiler), [n, …] → f32 [n, classes].
struct Region {
  std::int64_t classes = 1;
  std::int64_t macs = 0;  ///< of one image
  RegionBody body;
  bool operator==(const Region&) const = default;
};

template <typename Visitor>
void visit_attributes(Region& op, Visitor&& visit) {
  visit("classes", op.classes);
  visit("macs", op.macs);
  visit("body", op.body);
}

/// The body for `batch` images. kInvalidArgument where it is none, or holds a region itself.
Graph graph_of(const RegionBody& body, std::int64_t batch);

FOVEA_OP(Region, "region")

}  // namespace fovea
