#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "image/preprocess.h"

namespace fovea {

/// A model: graph and weights as an ONNX file holds them, with what Fovea carries in its metadata. JSON texts are
/// opaque to this room.
struct Model {
  Graph graph;
  std::vector<std::string> labels;              ///< empty: none known
  std::optional<PreprocessSpec> preprocess;     ///< none: the file does not say
  std::string split;                            ///< JSON (data/split.h); empty: none
  std::string history;                          ///< JSON array of the epochs of its training; empty: none
  std::string class_map;                        ///< JSON (data/dataset.h); empty: none
  std::map<std::string, std::string> metadata;  ///< every other entry, kept on export
  bool symbolic_batch = true;                   ///< the file leaves the batch open (else it is as in the graph)
};

}  // namespace fovea
