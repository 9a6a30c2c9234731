#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/api/tactic.h"
#include "graph/graph.h"

// What the tests of single steps on a GPU share.
namespace fovea {

const Backend* tested_backend();  ///< null in a build without it

/// Skipped, with the reason, where there is no GPU.
class CudaTest : public testing::Test {
 protected:
  void SetUp() override;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
};

/// A graph of one node in one type, its inputs and what the reference says.
struct Problem {
  Graph graph;
  std::vector<Tensor> inputs, expected;
  const Node& node() const { return graph.nodes().front(); }
};

/// The range that a real operand fills, as 8 bits around 0 (u8: from 0, or around 100).
Quantization range_of(const Tensor& reals, DType dtype, int zero);

/// FOVEA_TEST_TACTICS=a,b: these only, as a checker of memory takes minutes for a library's kernels.
bool wanted(std::string_view tactic);

/// What a step makes of the problem's inputs, as the graph stores it.
std::vector<Tensor> run_step(const Step& step, const NodeView& view, const Problem& problem, Device& device,
                             Stream& stream);

/// The first element that differs by more than rounding: of the type, and of sums in f32 of `depth` terms. Empty:
/// none.
std::string difference(const Tensor& got, const Tensor& expected, double depth, bool tf32 = false);

}  // namespace fovea
