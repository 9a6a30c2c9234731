#include <gtest/gtest.h>

#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/detect.h"
#include "base/error.h"
#include "base/random.h"
#include "tensor/buffer.h"
#include "testing/environment.h"

namespace fovea::cpu {
namespace {

TEST(Blob, GivesBackItsSections) {
  BlobWriter writer("key");
  writer.add(std::vector<float>{1, 2, 3});
  writer.add(0);
  writer.add(std::vector<std::int8_t>{7});
  const Bytes bytes = writer.finish();
  const BlobReader reader(bytes, "node");
  EXPECT_EQ(reader.key(), "key");
  ASSERT_EQ(reader.sections(), 3U);
  EXPECT_EQ(reader.section_of<float>(0, 3)[2], 3);
  EXPECT_EQ(reader.section_of<std::int8_t>(2, 1)[0], 7);
  EXPECT_EQ((reader.section(2, 1).data() - bytes.data()) % 64, 0);
  EXPECT_THROW(reader.section(0, 13), Error);
  EXPECT_THROW(reader.section(3, 0), Error);
}

/// Every change of a blob is refused, or makes a blob whose sections still lie inside.
TEST(Blob, SurvivesMutations) {
  BlobWriter writer("some key");
  writer.add(std::vector<float>(40, 1.0F));
  writer.add(std::vector<float>(3, 1.0F));
  const Bytes good = writer.finish();
  Random random({1});
  for (int round = 0; round < 20000; ++round) {
    Bytes bad = good;
    for (std::uint64_t i = 0; i <= random.below(3); ++i)
      bad[random.below(64)] = static_cast<std::byte>(random.below(256));
    if (random.chance(0.3)) bad.resize(random.below(bad.size() + 1));
    try {
      const BlobReader reader(bad, "node");
      for (std::size_t i = 0; i < reader.sections(); ++i) {
        const auto section = reader.section(i);
        if (section.empty()) continue;
        EXPECT_GE(section.data(), bad.data());
        EXPECT_LE(section.data() + section.size(), bad.data() + bad.size());
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile);
    }
  }
}

NodeView conv_view(std::int64_t channels) {
  NodeView view;
  view.name = "conv";
  view.op = Conv2d{};
  OperandView x, w, y;
  x.shape = {1, 16, 4, 4};
  w.shape = {channels, 16, 1, 1};
  w.constant = true;
  y.shape = {1, channels, 4, 4};
  view.inputs = {x, w};
  view.outputs = {y};
  for (OperandView* operand : {&view.inputs[0], &view.outputs[0]}) operand->layout = Layout::kNhwc;
  return view;
}

/// Weights packed for one convolution are refused by another, instead of being read past their end.
TEST(Packed, BelongsToItsNode) {
  const auto device = cpu_backend().open(isa_limit(), 0);
  const Tactic* conv = find_tactic(cpu_backend(), "onednn_conv");
  ASSERT_NE(conv, nullptr);
  const NodeView small = conv_view(16), large = conv_view(64);
  if (!conv->supports(small, device->info())) GTEST_SKIP() << "oneDNN has no convolution here";
  const Config config = conv->configs(small, device->info()).front();
  const Bytes packed = conv->pack(small, config, {{Tensor(), Tensor::zeros(DType::kF32, small.inputs[1].shape)}});
  EXPECT_NE(conv->make(small, config, packed, *device), nullptr);
  EXPECT_THROW(conv->make(large, config, packed, *device), Error);
  EXPECT_THROW(conv->make(small, config, {}, *device), Error);
  EXPECT_THROW(conv->make(small, config, std::span(packed).first(packed.size() / 2), *device), Error);
}

TEST(Open, RefusesALowerLimitAndAnotherDevice) {
  const Isa limit = isa_limit();
  const auto device = cpu_backend().open(limit, 0);
  EXPECT_LE(device->info().isa, limit);
  EXPECT_FALSE(device->info().description.empty());
  EXPECT_THROW(cpu_backend().open(limit, 1), Error);
  if (detect_isa() > Isa::kBaseline && limit > Isa::kBaseline) {
    EXPECT_THROW(cpu_backend().open(Isa::kBaseline, 0), Error);
  }
  EXPECT_EQ(cpu_backend().open(Isa::kAmx, 0)->info().isa, device->info().isa) << "the process's limit holds";
}

TEST(Device, MovesBytesAndEvicts) {
  const auto device = cpu_backend().open(isa_limit(), 0);
  const auto stream = device->make_stream(1);
  const auto buffer = device->allocate(100);
  EXPECT_EQ(buffer->size(), 100U);
  const Bytes given(100, std::byte{42});
  device->upload(buffer->data(), given, *stream);
  Bytes taken(100);
  device->evict({buffer->data(), buffer->size()}, *stream);
  device->download(taken, buffer->data(), *stream);
  EXPECT_EQ(taken, given);
}

}  // namespace
}  // namespace fovea::cpu
