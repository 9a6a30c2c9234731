#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace fovea {

/// How two engines differ, for people: first profiles, nodes by name.
struct EngineDifference {
  struct Row {
    std::string node;  ///< empty: the engine as a whole
    std::string what;  ///< "precision", "tactic", "layout", "weights", "fingerprint", … or "only before", "only after"
    std::string before, after;
  };
  std::vector<Row> rows;  ///< none: both predict the same in the same way
};
EngineDifference difference(const Engine& before, const Engine& after);

}  // namespace fovea
