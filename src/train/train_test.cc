#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/file.h"
#include "data/split.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "graph/verify.h"
#include "testing/graph_random.h"
#include "testing/photo_folder.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"
#include "train/api.h"
#include "train/head.h"
#include "train/zoo/initialize.h"
#include "train/zoo/zoo.h"

extern "C" const fovea::train::Api* fovea_train_api();

namespace fovea::train {
namespace {

const Api& module() { return *fovea_train_api(); }

/// Photos whose colour is their class, 24 pixels wide, and a net with batch-norm and dropout.
class Training : public testing::Test {
 protected:
  Training() {
    make_photo_folder(dir_ / "photos", {"blue", "green", "red"}, 10, 24);
    dataset_ = open_folder(dir_ / "photos");
    split_ = make_split(dataset_, 0.2, 1);
    options_.epochs = 3;
    options_.batch = 8;
    options_.threads = 1;
  }

  static Graph net(std::uint64_t seed) {
    GraphBuilder builder;
    ValueId x = builder.input("x", {1, 3, 16, 16});
    x = builder.relu("relu1", builder.batch_norm("norm1", builder.conv("conv1", x, 8, {.kernel = 3, .stride = 2})));
    x = builder.relu("relu2", builder.batch_norm("norm2", builder.conv("conv2", x, 8, {.kernel = 3})));
    x = builder.dropout("drop", builder.flatten("flat", builder.global_average_pool("pool", x)), 0.1F);
    Graph graph = builder.finish({builder.linear("fc", x, 3)});
    initialize(graph, seed);
    return graph;
  }

  TrainResult run(const Graph& graph) const { return module().train(graph, dataset_, split_, spec_, options_); }
  TrainResult run() const { return run(net(options_.seed)); }

  ErrorKind kind_of(const std::function<void()>& body, const std::string& words) const {
    const Error error = thrown_by(body);
    EXPECT_THAT(error.message(), testing::HasSubstr(words));
    return error.kind();
  }

  TempDir dir_;
  Dataset dataset_;
  DataSplit split_;
  PreprocessSpec spec_ = PreprocessSpec::unit(16);
  TrainOptions options_;
};

void expect_same_weights(const Graph& a, const Graph& b, bool same = true) {
  ASSERT_EQ(a.values().size(), b.values().size());
  bool equal = true;
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    if (a.values()[i].is_constant()) equal = equal && a.values()[i].constant.same(b.values()[i].constant);
  }
  EXPECT_EQ(equal, same);
}

TEST_F(Training, LearnsTheColours) {
  options_.epochs = 20;
  options_.lr = 0.1;
  const TrainResult result = run();
  ASSERT_EQ(result.epochs.size(), 20U);
  EXPECT_LT(result.epochs.back().loss, 0.6 * result.epochs.front().loss);
  EXPECT_GE(result.epochs.back().val_accuracy, 0.8);
  EXPECT_EQ(result.device, "cpu");
  for (const EpochFigures& e : result.epochs) EXPECT_FALSE(e.observation.empty());
  verify(result.graph);
}

TEST_F(Training, SameSeedSameWeightsOtherSeedOthers) {
  const TrainResult a = run(), b = run();
  expect_same_weights(a.graph, b.graph);
  EXPECT_EQ(a.epochs.back().loss, b.epochs.back().loss);
  const Graph start = net(options_.seed);
  options_.seed = 2;
  expect_same_weights(a.graph, run(start).graph, false);
}

TEST_F(Training, AFewStepsAreEnoughForTheStatistics) {
  options_.epochs = 1;
  options_.augmentation = Augmentation{.min_area = 1, .flip = 0, .jitter = 0};
  options_.lr = 1e-6;  // the weights stand still: in an epoch's batches and after it the net computes the same
  split_.val = split_.train;
  const EpochFigures figures = run().epochs.back();
  EXPECT_NEAR(figures.val_loss, figures.loss, 0.05);
}

TEST_F(Training, UpdatesTheRunningStatistics) {
  const Graph before = net(1);
  const Graph after = run().graph;
  const auto mean = [](const Graph& g) { return g.value(g.find_node("norm1")->inputs[3]).constant; };
  EXPECT_FALSE(mean(before).same(mean(after)));
}

TEST_F(Training, ResumedRunEqualsAnUninterruptedOne) {
  options_.checkpoint = dir_ / "run.ckpt";
  const TrainResult whole = run();
  std::filesystem::remove(options_.checkpoint);
  options_.on_epoch = [](const EpochFigures& e) {
    if (e.epoch == 2) throw Error(ErrorKind::kCancelled, "interrupted");
  };
  EXPECT_THROW(run(), Error);
  int told = 0;
  options_.on_epoch = [&](const EpochFigures&) { ++told; };
  options_.resume = true;
  const TrainResult resumed = run();
  expect_same_weights(whole.graph, resumed.graph);
  EXPECT_EQ(told, 3);
  EXPECT_EQ(resumed.epochs.back().loss, whole.epochs.back().loss);
  EXPECT_EQ(resumed.epochs.front().observation, whole.epochs.front().observation);
}

TEST_F(Training, RefusesTheCheckpointOfOtherOptions) {
  options_.checkpoint = dir_ / "run.ckpt";
  options_.epochs = 1;
  run();
  options_.resume = true;
  options_.lr = 0.123;
  EXPECT_EQ(kind_of([&] { run(); }, "learning rate"), ErrorKind::kInvalidArgument);
}

TEST_F(Training, RefusesADamagedCheckpoint) {
  options_.checkpoint = dir_ / "run.ckpt";
  options_.epochs = 1;
  run();
  Bytes bytes = read_file(options_.checkpoint);
  bytes[bytes.size() / 2] ^= std::byte{1};
  write_atomic(options_.checkpoint, bytes);
  options_.resume = true;
  EXPECT_EQ(kind_of([&] { run(); }, "damaged"), ErrorKind::kCorruptFile);
  write_atomic(options_.checkpoint, "short");
  EXPECT_EQ(kind_of([&] { run(); }, "no checkpoint"), ErrorKind::kCorruptFile);
}

TEST_F(Training, StopsWhenTheLossIsNoNumber) {
  options_.lr = 1e5;
  options_.epochs = 30;
  options_.warmup_epochs = 0;
  Graph graph = net(1);  // without batch-norm nothing holds the weights
  for (Node& node : graph.nodes()) {
    if (std::holds_alternative<BatchNorm>(node.op)) graph.replace_uses(node.outputs[0], node.inputs[0]);
  }
  graph.compact();
  EXPECT_EQ(kind_of([&] { run(graph); }, "--lr"), ErrorKind::kInvalidArgument);
}

TEST_F(Training, FreezeTrainsTheHeadAlone) {
  options_.freeze = true;
  const Graph before = net(1);
  const Graph after = run(before).graph;
  const auto weight = [](const Graph& g, const char* node) { return g.value(g.find_node(node)->inputs[1]).constant; };
  EXPECT_TRUE(weight(before, "conv2").same(weight(after, "conv2")));
  EXPECT_FALSE(weight(before, "fc").same(weight(after, "fc")));
}

TEST_F(Training, FineTuningMovesLateLayersMore) {
  options_.fine_tune = true;
  const Graph before = net(1);
  const Graph after = run(before).graph;
  const auto weight = [](const Graph& g, const char* node) { return g.value(g.find_node(node)->inputs[1]).constant; };
  EXPECT_LT(max_abs_diff(weight(before, "conv1"), weight(after, "conv1")),
            max_abs_diff(weight(before, "conv2"), weight(after, "conv2")));
}

TEST_F(Training, ANewHeadStartsFromAProbe) {
  options_.fine_tune = true;
  options_.epochs = 1;
  options_.lr = 1e-9;  // what is right afterwards was right before the first step
  options_.new_head = false;
  EXPECT_LT(run().epochs.back().val_accuracy, 0.8);
  options_.new_head = true;
  EXPECT_GE(run().epochs.back().val_accuracy, 0.8);
}

TEST_F(Training, TwoViewsAreTwoPasses) {
  options_.warmup_epochs = 0;
  options_.views = 1;
  options_.epochs = 2;
  const Graph passes = run().graph;
  options_.views = 2;
  options_.epochs = 1;
  const Graph views = run().graph;
  const auto weight = [](const Graph& g) { return g.value(g.find_node("conv1")->inputs[1]).constant; };
  EXPECT_TRUE(weight(passes).same(weight(views)));
}

TEST_F(Training, ASkippedImageIsNamedOnceAndNeverTheEnd) {
  write_atomic(dir_ / "photos/red/broken.jpg", "not an image");
  dataset_ = open_folder(dir_ / "photos");
  split_ = make_split(dataset_, 0.2, 1);
  const TrainResult result = run();
  ASSERT_EQ(result.skipped.size(), 1U);
  EXPECT_EQ(result.skipped[0].file.filename(), "broken.jpg");
}

TEST_F(Training, RefusesAnInputThatDoesNotFitTheSpec) {
  spec_ = PreprocessSpec::unit(20);
  EXPECT_EQ(kind_of([&] { run(); }, "1x3x20x20"), ErrorKind::kInvalidArgument);
}

TEST_F(Training, RefusesAnUnknownDevice) {
  options_.device = "tpu";
  EXPECT_EQ(kind_of([&] { run(); }, "\"tpu\""), ErrorKind::kInvalidArgument);
}

TEST_F(Training, StopsWhenInterrupted) {
  options_.on_epoch = [](const EpochFigures& e) {
    if (e.epoch == 1) throw Error(ErrorKind::kCancelled, "interrupted");
  };
  EXPECT_EQ(kind_of([&] { run(); }, "interrupted"), ErrorKind::kCancelled);
}

TEST_F(Training, EagerRunnerGivesTheProbabilitiesOfTheReference) {
  const Graph graph = run().graph;
  const std::unique_ptr<Runner> runner = module().eager(graph, spec_, true, 1, "cpu");
  EXPECT_EQ(runner->classes(), 3);
  const Tensor pixels = random_tensor(DType::kU8, {2, 16, 16, 3}, 5, 0, 255);
  std::vector<float> probabilities(6);
  runner->run(pixels.data<std::uint8_t>(), 2, probabilities);
  GraphBuilder front;
  const ValueId x = front.input("p", {2, 16, 16, 3}, DType::kU8);
  const Tensor input =
      run_reference(front.finish({front.node(PixelsToTensor{}, {x}, "front")}), std::span(&pixels, 1))[0];
  Graph two = graph;
  two.set_batch(2);
  const Tensor logits = run_reference(two, std::span(&input, 1))[0];
  for (std::size_t n = 0; n < 2; ++n) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(static_cast<double>(logits.data<float>()[3 * n + c]));
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(probabilities[3 * n + c], std::exp(static_cast<double>(logits.data<float>()[3 * n + c])) / sum, 1e-4);
    }
  }
}

TEST(Zoo, EveryNetHasOneOutputOfItsClasses) {
  for (const NetInfo& info : module().nets()) {
    SCOPED_TRACE(info.name);
    const Graph graph = module().make_net(info.name, 5, 64, 1);
    verify(graph);
    EXPECT_EQ(graph.value(graph.outputs()[0]).shape, (Shape{1, 5}));
    EXPECT_TRUE(std::holds_alternative<Gemm>(graph.nodes()[find_head(graph)].op));
    Graph batch = graph;
    batch.set_batch(3);
    EXPECT_EQ(batch.value(batch.outputs()[0]).shape, (Shape{3, 5}));
  }
}

TEST(Zoo, SizesAreAsDescribed) {
  const auto gflop = [](const char* net) {
    return 2e-9 * static_cast<double>(macs(module().make_net(net, 1000, 224, 1)));
  };
  EXPECT_NEAR(gflop("small"), 0.34, 0.02);
  EXPECT_NEAR(gflop("resnet18"), 3.64, 0.05);
  EXPECT_NEAR(gflop("resnet50"), 8.2, 0.1);
  EXPECT_NEAR(gflop("mobilenet_v2"), 0.60, 0.02);
}

TEST(Zoo, WeightsAreAFunctionOfTheSeed) {
  const Graph a = make_net("small", 3, 64, 1);
  expect_same_weights(a, make_net("small", 3, 64, 1));
  expect_same_weights(a, make_net("small", 3, 64, 2), false);
}

TEST(Zoo, ListsTheNetsForAnUnknownName) {
  try {
    make_net("alexnet", 3, 64, 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), testing::HasSubstr("mobilenet_v2"));
  }
  EXPECT_THROW(make_net("small", 1, 64, 1), Error);
  EXPECT_THROW(make_net("small", 3, 16, 1), Error);
}

TEST(Module, SaysItsVersion) { EXPECT_THAT(module().version(), testing::StartsWith("LibTorch 2.")); }

}  // namespace
}  // namespace fovea::train
