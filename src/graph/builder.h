#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// Short-hand for making graphs in the zoo and in tests; weights are given or zero. Every call returns the value it
/// made.
class GraphBuilder {
 public:
  ValueId input(std::string name, Shape shape, DType dtype = DType::kF32);
  ValueId constant(std::string name, Tensor tensor);
  struct ConvOptions {
    int kernel = 3;
    int stride = 1;
    int pad = -1;  ///< −1: "same" for odd kernels at stride 1, kernel / 2
    int groups = 1;
    bool bias = false;
  };
  ValueId conv(const std::string& name, ValueId x, std::int64_t out_channels, const ConvOptions& options);
  ValueId batch_norm(const std::string& name, ValueId x);
  ValueId unary(const std::string& name, ValueId x, Activation fn);
  ValueId relu(const std::string& name, ValueId x) { return unary(name, x, {Function::kRelu}); }
  ValueId add(const std::string& name, ValueId a, ValueId b);
  ValueId max_pool(const std::string& name, ValueId x, int kernel, int stride, int pad);
  ValueId global_average_pool(const std::string& name, ValueId x);
  ValueId flatten(const std::string& name, ValueId x);
  ValueId dropout(const std::string& name, ValueId x, float ratio);
  ValueId linear(const std::string& name, ValueId x, std::int64_t out_features);  ///< gemm, weight [out, in], bias
  ValueId node(Op op, std::vector<ValueId> inputs, std::string name) {
    return graph_.add_node(std::move(op), std::move(inputs), std::move(name));
  }
  Graph finish(std::vector<ValueId> outputs);
  Graph& graph() { return graph_; }

 private:
  Graph graph_;
};

}  // namespace fovea
