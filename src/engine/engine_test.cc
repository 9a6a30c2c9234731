#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/restore_checksums.h"
#include "engine/validate.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

Engine sample_engine() {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  PlainEngineOptions options{{1, 4}, 1, "reference", {"cat", "dog", "bird"}};
  Engine engine = plain_engine(tiny_classifier(3), backend, *device, options);
  engine.info.split = R"({"seed":7})";
  engine.info.report = R"({"passes":[]})";
  engine.info.model = std::string("\0onnx\xff", 6);
  engine.info.model_output = OutputKind::kProbabilities;
  engine.plans[1].microseconds = 12.5;
  return engine;
}

TEST(EngineFile, KeepsEverythingAndIsDeterministic) {
  const Engine engine = sample_engine();
  const Bytes bytes = serialize(engine);
  EXPECT_EQ(bytes, serialize(sample_engine()));
  const Engine read = deserialize(bytes);
  EXPECT_EQ(serialize(read), bytes);
  EXPECT_EQ(read.info.labels, engine.info.labels);
  EXPECT_EQ(read.info.split, engine.info.split);
  EXPECT_EQ(read.info.report, engine.info.report);
  EXPECT_EQ(read.info.model, engine.info.model);
  EXPECT_EQ(read.info.class_map, "");
  EXPECT_EQ(read.info.isa, engine.info.isa);
  EXPECT_EQ(read.info.fingerprint, engine.info.fingerprint);
  EXPECT_EQ(read.info.preprocess, engine.info.preprocess);
  EXPECT_EQ(read.info.model_output, OutputKind::kProbabilities);
  ASSERT_EQ(read.plans.size(), 2U);
  EXPECT_EQ(read.plans[1].batch, 4);
  EXPECT_EQ(read.plans[1].microseconds, 12.5);
  ASSERT_EQ(read.blobs.size(), engine.blobs.size());
  for (std::size_t i = 0; i < read.blobs.size(); ++i) {
    EXPECT_TRUE(std::equal(read.blobs[i].begin(), read.blobs[i].end(), engine.blobs[i].begin(), engine.blobs[i].end()));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read.blobs[i].data()) % 64, 0U);
  }
}

TEST(EngineFile, KeepsWhatLibrariesCompiled) {
  Engine engine = sample_engine();
  engine.compiled = {{"conv a", Bytes(5, std::byte{7})}, {"conv b", {}}};
  const Bytes bytes = serialize(engine);
  EXPECT_EQ(deserialize(bytes).compiled, engine.compiled);
  EXPECT_EQ(serialize(deserialize(bytes)), bytes);
  std::swap(engine.compiled[0], engine.compiled[1]);
  EXPECT_EQ(kind_of([&] { deserialize(serialize(engine)); }), ErrorKind::kCorruptFile);
}

TEST(EngineFile, StoresEqualWeightsOnce) {
  const Engine two = sample_engine();  // both profiles pack the same constants
  Engine one = two;
  one.plans.resize(1);
  const std::size_t weights = two.blobs.total_bytes() / 2;
  EXPECT_LT(serialize(two).size(), serialize(one).size() + weights);
}

TEST(EngineFile, LoadsFromDiskMappedOrNotAndInfoAlone) {
  const TempDir dir;
  const Engine engine = sample_engine();
  save_engine(engine, dir / "a.engine");
  EXPECT_EQ(serialize(load_engine(dir / "a.engine", false)), serialize(engine));
  EXPECT_EQ(serialize(load_engine(dir / "a.engine", true)), serialize(engine));
  const EngineInfo info = load_engine_info(dir / "a.engine");
  EXPECT_EQ(info.labels, engine.info.labels);
  EXPECT_EQ(info.model, "");
  EXPECT_EQ(kind_of([&] { load_engine_info(dir / "none.engine"); }), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of([&] { load_engine(dir / "none.engine"); }), ErrorKind::kNotFound);
}

TEST(EngineFile, RefusesEveryTruncation) {
  const Bytes bytes = serialize(sample_engine());
  for (std::size_t size = 0; size < bytes.size(); size += size < 400 ? 1 : 97)
    EXPECT_EQ(kind_of([&] { deserialize(std::span(bytes).first(size)); }), ErrorKind::kCorruptFile) << size;
}

TEST(EngineFile, SaysThatAnotherVersionIsUnsupported) {
  Bytes bytes = serialize(sample_engine());
  engine_format::poke(bytes, 8, 4, engine_format::kVersion + 1);
  EXPECT_EQ(kind_of([&] { deserialize(bytes); }), ErrorKind::kUnsupported);
}

TEST(EngineFile, NoticesEachFlippedByteOfContents) {
  const Bytes bytes = serialize(sample_engine());
  for (std::size_t i = 0; i < engine_format::peek(bytes, 12, 4); ++i) {
    Bytes broken = bytes;
    const std::size_t entry = engine_format::kHeaderBytes + i * engine_format::kSectionBytes;
    broken[static_cast<std::size_t>(engine_format::peek(bytes, entry + 8, 8))] ^= std::byte{1};
    EXPECT_EQ(kind_of([&] { deserialize(broken); }), ErrorKind::kCorruptFile) << i;
  }
}

struct Breakage {
  const char* what;
  void (*change)(Engine&);
};

const std::vector<Breakage>& breakages() {
  static const std::vector<Breakage> kBreakages = {
      {"no plans", [](Engine& e) { e.plans.clear(); }},
      {"batch 0", [](Engine& e) { e.plans[0].batch = 0; }},
      {"batch not that of the graph", [](Engine& e) { e.plans[0].batch = 2; }},
      {"descending profiles", [](Engine& e) { std::swap(e.plans[0], e.plans[1]); }},
      {"no threads", [](Engine& e) { e.plans[0].threads = 0; }},
      {"missing place", [](Engine& e) { e.plans[0].values.pop_back(); }},
      {"huge arena", [](Engine& e) { e.plans[0].arena_bytes = std::uint64_t{1} << 60; }},
      {"scratch outside", [](Engine& e) { e.plans[0].steps[0].scratch_bytes = e.plans[0].arena_bytes + 1; }},
      {"scratch over a value",
       [](Engine& e) {
         PlanStep& step = e.plans[0].steps[1];
         const Node& node = e.plans[0].graph.nodes()[static_cast<std::size_t>(step.node)];
         step.scratch_offset = e.plans[0].values[static_cast<std::size_t>(node.outputs[0])].offset;
         step.scratch_bytes = 64;
       }},
      {"unknown node", [](Engine& e) { e.plans[0].steps[0].node = 99; }},
      {"negative node", [](Engine& e) { e.plans[0].steps[0].node = -1; }},
      {"node twice", [](Engine& e) { e.plans[0].steps.push_back(e.plans[0].steps[0]); }},
      {"step missing", [](Engine& e) { e.plans[0].steps.pop_back(); }},
      {"wrong order", [](Engine& e) { std::swap(e.plans[0].steps[1], e.plans[0].steps[2]); }},
      {"unknown blob", [](Engine& e) { e.plans[0].steps[0].blob = 1000; }},
      {"blob below none", [](Engine& e) { e.plans[0].steps[0].blob = -2; }},
      {"layouts missing", [](Engine& e) { e.plans[0].steps[0].input_layouts.clear(); }},
      {"layout of the step only", [](Engine& e) { e.plans[0].steps[1].output_layouts[0] = Layout::kNhwc; }},
      {"label missing", [](Engine& e) { e.info.labels.pop_back(); }},
      {"other input size", [](Engine& e) { e.info.preprocess.width = 9; }},
      {"tensor input declared", [](Engine& e) { e.info.pixel_input = false; }},
  };
  return kBreakages;
}

TEST(Validate, RefusesWhatCannotRun) {
  validate(sample_engine());
  for (const Breakage& breakage : breakages()) {
    Engine engine = sample_engine();
    breakage.change(engine);
    EXPECT_EQ(kind_of([&] { validate(engine); }), ErrorKind::kCorruptFile) << breakage.what;
    EXPECT_EQ(kind_of([&] { serialize(engine); }), ErrorKind::kInvalidArgument) << breakage.what;
  }
}

TEST(Validate, RefusesPlacesOutsideOrInUse) {
  const Engine engine = sample_engine();
  const Plan& plan = engine.plans[0];
  std::vector<std::size_t> in_arena;
  for (std::size_t i = 0; i < plan.values.size(); ++i)
    if (plan.values[i].place == Place::kArena) in_arena.push_back(i);
  ASSERT_GE(in_arena.size(), 3U);
  for (const std::uint64_t offset : {plan.arena_bytes, std::uint64_t{1}, ~std::uint64_t{63}}) {
    Engine broken = engine;
    broken.plans[0].values[in_arena[1]].offset = offset;
    EXPECT_EQ(kind_of([&] { validate(broken); }), ErrorKind::kCorruptFile) << offset;
  }
  for (const Place place : {Place::kNone, Place::kInput, Place::kOutput}) {
    Engine broken = engine;
    broken.plans[0].values[in_arena[1]] = {place, Layout::kPlain, 0};
    EXPECT_EQ(kind_of([&] { validate(broken); }), ErrorKind::kCorruptFile) << static_cast<int>(place);
  }
}

TEST(Validate, AllowsReuseOnlyOfDeadValues) {
  const Engine engine = sample_engine();
  const Plan& plan = engine.plans[0];
  const auto output_of = [&](std::size_t step) {
    return static_cast<std::size_t>(plan.graph.nodes()[static_cast<std::size_t>(plan.steps[step].node)].outputs[0]);
  };
  Engine reuse = engine;  // the pool takes the place of the front, which is dead by then
  reuse.plans[0].values[output_of(3)].offset = plan.values[output_of(0)].offset;
  validate(reuse);
  Engine clash = engine;  // an output that starts inside its own input
  clash.plans[0].values[output_of(1)].offset = plan.values[output_of(0)].offset + 64;
  EXPECT_EQ(kind_of([&] { validate(clash); }), ErrorKind::kCorruptFile);
}

TEST(MemoryFigures, MeasureLivenessNotSum) {
  const Engine engine = sample_engine();
  const MemoryFigures figures = memory_figures(engine.plans[0]);
  EXPECT_EQ(figures.arena_bytes, engine.plans[0].arena_bytes);
  EXPECT_LT(figures.largest_live_set, figures.sum_of_values);
  EXPECT_LE(figures.sum_of_values, figures.arena_bytes);
  EXPECT_GE(figures.largest_live_set, std::uint64_t{2 * 8 * 8 * 8 * 4});  // conv1 and relu1 live together
}

/// What a vendor's compiler made: one opaque step per batch profile, one blob for all of them.
TEST(Engine, RegionsOfAVendorsPlanRoundTripAndDamageIsFound) {
  Engine engine;
  engine.info.backend = "tensorrt";
  engine.info.fingerprint = "backend=tensorrt cc=80,86,120+ lib=TensorRT-RTX-1.7.1";
  engine.info.preprocess.height = engine.info.preprocess.width = 8;
  for (const std::int64_t batch : {1, 8}) {
    Plan& plan = engine.plans.emplace_back();
    plan.batch = batch;
    const ValueId x = plan.graph.add_input("pixels", DType::kU8, {batch, 8, 8, 3});
    plan.graph.set_outputs({plan.graph.add_node(Region{10, 1234, {}}, {x}, "network", {"probabilities"})});
    PlanStep& step = plan.steps.emplace_back();
    step.tactic = "tensorrt.plan";
    step.config.values = {{"profile", static_cast<int>(engine.plans.size()) - 1}};
    step.input_layouts = step.output_layouts = {Layout::kPlain};
    step.blob = 0;
    plan.values.resize(2);
    plan.values[0].place = Place::kInput;
    plan.values[1].place = Place::kOutput;
  }
  engine.blobs.push_back(Bytes(1000, std::byte{42}));
  Bytes bytes = serialize(engine);
  const Engine again = deserialize(bytes);
  EXPECT_EQ(serialize(again), bytes);
  EXPECT_EQ(again.plans[1].graph.nodes()[0].op, Op(Region{10, 1234, {}}));
  EXPECT_EQ(macs(again.plans[1].graph), 8 * 1234);
  EXPECT_EQ(again.blobs.size(), 1U);
  bytes[bytes.size() - 500] ^= std::byte{1};
  EXPECT_THROW(deserialize(bytes), Error);
}

}  // namespace
}  // namespace fovea
