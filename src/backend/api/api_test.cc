#include <gtest/gtest.h>

#include "backend/api/tactic.h"
#include "base/error.h"

namespace fovea {
namespace {

DeviceInfo machine(Isa isa) {
  DeviceInfo info;
  info.backend = "cpu";
  info.description = "Some CPU, 4 cores";
  info.isa = isa;
  info.libraries = {"oneDNN 3.2.0"};
  return info;
}

TEST(Isa, NamesAndBack) {
  for (int i = 0; i <= static_cast<int>(Isa::kAmx); ++i)
    EXPECT_EQ(isa_from_name(name(static_cast<Isa>(i))), static_cast<Isa>(i));
  EXPECT_THROW(isa_from_name("avx3"), Error);
}

TEST(Fingerprint, AWiderMachineRunsWhatANarrowerNeeds) {
  const DeviceInfo narrow = machine(Isa::kAvx2), wide = machine(Isa::kAmx);
  EXPECT_EQ(narrow.fingerprint(), "backend=cpu isa=avx2 lib=oneDNN-3.2.0");
  EXPECT_EQ(wide.missing(narrow.fingerprint()), "");
  EXPECT_EQ(narrow.missing(wide.fingerprint()), "the instruction set amx, this device has avx2");
}

TEST(Fingerprint, AnotherLibraryOrNonsenseIsMissing) {
  DeviceInfo other = machine(Isa::kAvx2);
  other.libraries = {"oneDNN 3.3.0"};
  EXPECT_EQ(other.missing(machine(Isa::kAvx2).fingerprint()), "the library oneDNN-3.2.0");
  EXPECT_NE(other.missing("backend=cuda cc=90"), "");
  EXPECT_NE(other.missing("isa=avx99"), "");
  EXPECT_NE(other.missing("nonsense"), "");
}

TEST(Fingerprint, CapabilitiesMayBeAListAndNewerOnes) {
  DeviceInfo gpu;
  gpu.backend = "tensorrt";
  gpu.libraries = {"TensorRT-RTX 1.7.1"};
  const std::string wanted = "backend=tensorrt cc=80,86,120+ lib=TensorRT-RTX-1.7.1";
  for (const int capability : {80, 86, 120, 121}) {
    gpu.compute_capability = capability;
    EXPECT_EQ(gpu.missing(wanted), "") << capability;
  }
  for (const int capability : {75, 89, 90}) {
    gpu.compute_capability = capability;
    EXPECT_EQ(gpu.missing(wanted), fmt::format("compute capability 80,86,120+, this device has {}", capability));
  }
}

TEST(TuningKey, TellsMachinesApart) {
  DeviceInfo other = machine(Isa::kAvx2);
  other.description = "Another CPU";
  EXPECT_EQ(other.fingerprint(), machine(Isa::kAvx2).fingerprint());
  EXPECT_NE(other.tuning_key(), machine(Isa::kAvx2).tuning_key());
}

TEST(Config, PrintsAndParses) {
  const Config config{{{"impl", 2}, {"tile", -3}}};
  EXPECT_EQ(config.str(), "impl=2 tile=-3");
  EXPECT_EQ(Config::parse(config.str()), config);
  EXPECT_EQ(Config::parse(""), Config{});
  EXPECT_EQ(config.get("tile", 0), -3);
  EXPECT_EQ(config.get("none", 7), 7);
}

TEST(Config, RefusesWhatItDidNotPrint) {
  for (const char* text : {"impl", "=3", "a=x", "a=1 a=2", "a=1  b=2", "a=99999999999", " a=1"}) {
    EXPECT_THROW(Config::parse(text), Error) << text;
  }
}

TEST(ByteSize, BlocksOfSixteenArePadded) {
  EXPECT_EQ(byte_size(DType::kF32, {1, 3, 4, 5}, Layout::kPlain), 240U);
  EXPECT_EQ(byte_size(DType::kU8, {1, 3, 4, 5}, Layout::kNhwc), 60U);
  EXPECT_EQ(byte_size(DType::kU8, {1, 17, 4, 5}, Layout::kBlocked16), 640U);
  EXPECT_EQ(byte_size(DType::kS64, Shape(), Layout::kPlain), 8U);
  EXPECT_THROW(byte_size(DType::kF32, {3, 4}, Layout::kNhwc), Error);
  EXPECT_THROW(byte_size(DType::kF32, {1LL << 30, 1LL << 30}, Layout::kPlain), Error);
}

TEST(Layout, NamesAndBack) {
  for (const Layout layout : {Layout::kPlain, Layout::kNhwc, Layout::kBlocked16}) {
    EXPECT_EQ(layout_from_name(name(layout)), layout);
  }
  EXPECT_EQ(layout_from_name("nchw"), std::nullopt);
}

TEST(View, SeesTypesConstantsAndLeftOutInputs) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {1, 2, 5, 5});
  const ValueId w = graph.add_constant("w", Tensor::zeros(DType::kF32, {4, 2, 3, 3}));
  graph.add_node(Conv2d{}, {x, w, kNoValue}, "conv");
  const NodeView view = plain_view(graph, graph.nodes().front(), 3);
  EXPECT_EQ(view.name, "conv");
  EXPECT_EQ(view.threads, 3);
  EXPECT_FALSE(view.inputs[0].constant);
  EXPECT_TRUE(view.inputs[1].constant);
  EXPECT_FALSE(view.inputs[2].present);
  EXPECT_EQ(view.outputs[0].shape, Shape({1, 4, 3, 3}));
  const Weights weights = weights_of(graph, graph.nodes().front());
  EXPECT_TRUE(weights.tensors[0].empty());
  EXPECT_EQ(weights.tensors[1].elements(), 72);
}

}  // namespace
}  // namespace fovea
