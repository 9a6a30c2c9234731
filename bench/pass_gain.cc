// What each pass is worth: pass_gain [--runs N] NET|FILE.onnx …; what each op costs: pass_gain --ops NET|FILE.onnx …
// Each network (one of the zoo's, with random weights, or an ONNX file) is compiled with everything and with each pass
// left out alone (opt-level 2, one thread, fp32 or as the file is quantised), and the two plans are run in turns.
// Printed as the table of docs/COMPILER.md: how much of the median and of the least latency the pass saves; "·" where
// the plans are equal. Weights that a file gives by shape and one value only (ONNX's "light" models) are replaced by
// random ones.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/registry/registry.h"
#include "base/random.h"
#include "compiler/compile.h"
#include "compiler/frontend.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "graph/text.h"
#include "interop/onnx_import.h"
#include "passes/pass.h"
#include "testing/zoo_graphs.h"
#include "train/zoo/zoo.h"

namespace {

using namespace fovea;

constexpr int kSide = 224, kClasses = 1000;
/// What the compiler does by itself, beside the passes.
constexpr std::string_view kParts = "(parts)", kJoin = "(join_siblings)", kEverything = "(all of them)",
                           kNothing = "(nothing)";

struct Net {
  std::string name;
  Graph graph;
};

/// Equal weights would be computed once, and sums of millions of ones are no images.
void randomize_fakes(Graph& graph) {
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    Value& value = graph.value(id);
    if (value.constant.empty() || value.dtype != DType::kF32 || value.constant.elements() < 16) continue;
    const auto old = value.constant.data<float>();
    if (std::ranges::any_of(old, [&](float v) { return v != old[0]; })) continue;
    const bool filter = value.shape.rank() > 1;
    const double scale = filter ? static_cast<double>(value.shape[0]) / static_cast<double>(old.size()) : 1;
    Random random({1, static_cast<std::uint64_t>(id)});
    Tensor made(DType::kF32, value.shape);
    for (float& v : made.data<float>()) v = static_cast<float>((0.5 + random.uniform()) * scale);
    value.constant = made;
  }
}

Graph made_net(const std::string& name) {
  const auto is_it = [&](const auto& net) { return net.name == name; };
  const auto structure = std::ranges::find_if(zoo_graphs(), is_it);
  if (std::ranges::any_of(train::zoo(), is_it) || structure == zoo_graphs().end())
    return train::make_net(name, kClasses, kSide, 1);
  return structure->make(kSide, 1);
}

Net load(const std::string& name) {
  Net net;
  if (name.ends_with(".onnx")) {
    net = {std::filesystem::path(name).stem().string(), import_onnx(name).graph};
    randomize_fakes(net.graph);
  } else {
    net = {name, made_net(name)};
  }
  const Shape& input = net.graph.value(net.graph.inputs()[0]).shape;
  PreprocessSpec spec = PreprocessSpec::unit(static_cast<int>(input[2]));
  spec.width = static_cast<int>(input[3]);
  net.graph = add_front_end(net.graph, spec, false).graph;
  return net;
}

/// Names to leave out; those of what the compiler does mean nothing to the passes.
std::vector<std::string> left_out(const std::string& row) {
  if (row != kEverything) return {row};
  std::vector<std::string> names;
  for (const auto passes : {passes_before_calibration(), passes_after_precision()})
    for (const Pass& pass : passes) names.emplace_back(pass.name);
  return names;
}

class Compiled {
 public:
  Compiled(const Net& net, const std::string& without, TimingCache& cache) {
    Graph graph = net.graph;
    const PassContext context = target_context(cpu_, device_->info(), 1);
    for (const auto passes : {passes_before_calibration(), passes_after_precision()})
      run_passes(graph, passes, context, {left_out(without), nullptr});
    graph.compact();
    CompileOptions options;
    options.opt_level = 2;
    options.threads = 1;
    options.parts = without != kParts && without != kEverything;
    options.rewrite = without != kJoin && without != kEverything;
    CompileResult compiled = compile(graph, cpu_, *device_, options, cache);
    const Value& input = graph.value(graph.inputs()[0]);
    EngineInfo info;
    info.pixel_input = false;
    info.preprocess.height = static_cast<int>(input.shape[2]);
    info.preprocess.width = static_cast<int>(input.shape[3]);
    Engine engine = engine_of(compiled, info, device_->info());
    describe(engine.plans[0]);
    for (const TacticReport& step : compiled.tactics) ops[step.op] += step.microseconds;
    input_ = Tensor(DType::kF32, input.shape);
    Random random({2});
    for (float& x : input_.data<float>()) x = static_cast<float>(random.uniform());
    executor_ = Executor::make(std::make_shared<const Engine>(std::move(engine)), cpu_, device_);
    output_.resize(static_cast<std::size_t>(output_classes(executor_->engine())));
    context_ = std::make_unique<ExecutionContext>(executor_, 1);
  }

  double microseconds() {
    const auto start = std::chrono::steady_clock::now();
    context_->run(input_.bytes(), 1, output_);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }

  const std::string& steps() const { return steps_; }
  std::map<std::string, double> ops;  ///< microseconds of the steps, as timed one by one

 private:
  void describe(const Plan& plan) {
    for (const PlanStep& step : plan.steps) {
      const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
      steps_ += step.tactic + " " + step.config.str() + print_attributes(node.op);
      for (const ValueId id : node.outputs) steps_ += plan.graph.value(id).shape.str();
      for (const Layout layout : step.output_layouts) steps_ += name(layout);
      steps_ += ";";
    }
  }

  const Backend& cpu_ = backend_by_name("cpu");
  std::shared_ptr<Device> device_ = cpu_.open(Isa::kAmx, 0);
  std::shared_ptr<const Executor> executor_;
  std::unique_ptr<ExecutionContext> context_;
  Tensor input_;
  std::vector<float> output_;
  std::string steps_;
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Both plans in turns, so that what disturbs the machine disturbs both.
std::string gain(Compiled& with, Compiled& without, int runs) {
  std::vector<double> fast, slow;
  for (int i = 0; i < runs + 2; ++i) {
    const bool first = i % 2 == 0;
    const double a = (first ? with : without).microseconds(), b = (first ? without : with).microseconds();
    if (i < 2) continue;  // warms up
    fast.push_back(first ? a : b);
    slow.push_back(first ? b : a);
  }
  const double least = 100 * (1 - std::ranges::min(fast) / std::ranges::min(slow));
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.0f / %.0f %%", 100 * (1 - median(fast) / median(slow)), least);
  return text.data();
}

struct Row {
  std::string name;
  std::vector<std::string> cells;
  bool differs = false;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  const auto add = [&](std::string_view name) {
    if (std::ranges::find(all, name, &Row::name) == all.end()) all.push_back({std::string(name), {}, false});
  };
  for (const auto passes : {passes_before_calibration(), passes_after_precision()})
    for (const Pass& pass : passes) add(pass.name);
  add(kParts);
  add(kJoin);
  add(kEverything);
  add(kNothing);
  return all;
}

void measure(const Net& net, int runs, std::vector<Row>& table) {
  TimingCache cache;
  Compiled with(net, "", cache);
  for (Row& row : table) {
    std::optional<std::string> cell;
    try {
      Compiled without(net, row.name, cache);
      if (with.steps() != without.steps() || row.name == kNothing) cell = gain(with, without, runs);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s without %s: %s\n", net.name.c_str(), row.name.c_str(), error.what());
      cell = "does not run without";
    }
    row.cells.push_back(cell.value_or("·"));
    row.differs |= cell.has_value();
    std::fprintf(stderr, "%s %s: %s\n", net.name.c_str(), row.name.c_str(), row.cells.back().c_str());
  }
}

void print_ops(const Net& net) {
  TimingCache cache;
  const Compiled made(net, "", cache);
  double sum = 0;
  for (const auto& [op, microseconds] : made.ops) sum += microseconds;
  std::printf("%s: %.0f us\n", net.name.c_str(), sum);
  for (const auto& [op, microseconds] : made.ops)
    std::printf("  %-24s %8.1f us %5.1f %%\n", op.c_str(), microseconds, 100 * microseconds / sum);
}

void print_table(const std::vector<Row>& table, const std::vector<std::string>& nets) {
  std::printf("| pass |");
  for (const std::string& net : nets) std::printf(" %s |", net.c_str());
  std::printf("\n|---|");
  for (std::size_t i = 0; i < nets.size(); ++i) std::printf("---|");
  std::string none;
  for (const Row& row : table) {
    if (!row.differs) {
      none += (none.empty() ? "`" : ", `") + row.name + "`";
      continue;
    }
    std::printf("\n| `%s` |", row.name.c_str());
    for (const std::string& cell : row.cells) std::printf(" %s |", cell.c_str());
  }
  std::printf("\n\nNo plan of these changes without %s.\n", none.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 30;
  std::vector<std::string> names(argv + 1, argv + argc), nets;
  const bool ops = names.size() > 1 && names[0] == "--ops";
  if (ops) names.erase(names.begin());
  if (names.size() > 2 && names[0] == "--runs") {
    std::from_chars(names[1].data(), names[1].data() + names[1].size(), runs);
    names.erase(names.begin(), names.begin() + 2);
  }
  if (names.empty() || runs < 1) {
    return std::fprintf(stderr, "usage: pass_gain --ops NET|FILE.onnx … | [--runs N] NET|FILE.onnx …\n"), 2;
  }
  std::vector<Row> table = rows();
  try {
    for (const std::string& name : names) {
      const Net net = load(name);
      nets.push_back(net.name);
      if (ops)
        print_ops(net);
      else
        measure(net, runs, table);
    }
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
  if (!ops) print_table(table, nets);
  return 0;
}
