#pragma once

#include <string>
#include <vector>

#include "graph/op.h"

namespace fovea {

/// One node of the conformance table: an op on shapes; types and layouts are the test's loops.
struct ConformanceCase {
  enum class Role { kActivation, kPixels, kFilter, kConstant, kAbsent };
  struct Operand {
    Shape shape;
    Role role = Role::kActivation;
    int channel_axis = 0;  ///< of a filter
    float low = -1, high = 1;
  };
  std::string name;
  Op op;
  std::vector<Operand> operands;
  double depth = 1;  ///< terms of the longest sum: scales the tolerance
};

std::vector<ConformanceCase> conformance_cases();

}  // namespace fovea
