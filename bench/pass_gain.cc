// What each pass before calibration is worth: pass_gain [RUNS]
// Every structure of the zoo (src/testing/zoo_graphs.h, 64 × 64, random weights) is compiled in fp32 at opt-level 0 and
// run with all passes and with each pass left out. Printed as the table of docs/PASSES.md: on how many graphs the plan
// differs, how many steps and how much of the median latency (geometric mean over those graphs) the pass saves.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "backend/registry/registry.h"
#include "compiler/compile.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "passes/pass.h"
#include "testing/graph_random.h"
#include "testing/zoo_graphs.h"

namespace {

using namespace fovea;

constexpr int kSize = 64;

class Compiled {
 public:
  Compiled(Graph graph, const std::string& without) {
    const PassContext context = target_context(cpu_, device_->info(), 1);
    run_passes(graph, passes_before_calibration(), context, {{without}, nullptr});
    TimingCache none;
    CompileOptions options;
    options.opt_level = 0;
    options.threads = 1;
    CompileResult compiled = compile(graph, cpu_, *device_, options, none);
    Engine engine;
    engine.info.backend = cpu_.name();
    engine.info.fingerprint = device_->info().fingerprint();
    engine.info.isa = device_->info().isa;
    engine.info.pixel_input = false;
    engine.info.preprocess.height = engine.info.preprocess.width = kSize;
    engine.plans = std::move(compiled.plans);
    engine.blobs = compiled.blobs;
    steps = engine.plans[0].steps.size();
    for (const PlanStep& step : engine.plans[0].steps) tactics += step.tactic + step.config.str() + ";";
    executor_ = Executor::make(std::make_shared<const Engine>(std::move(engine)), cpu_, device_);
    context_ = std::make_unique<ExecutionContext>(executor_, 1);
  }

  double microseconds() {
    const auto start = std::chrono::steady_clock::now();
    context_->run(input_.bytes(), 1, output_);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }

  std::size_t steps = 0;
  std::string tactics;

 private:
  const Backend& cpu_ = backend_by_name("cpu");
  std::shared_ptr<Device> device_ = cpu_.open(Isa::kAmx, 0);
  std::shared_ptr<const Executor> executor_;
  std::unique_ptr<ExecutionContext> context_;
  Tensor input_ = random_tensor(DType::kF32, {1, 3, kSize, kSize}, 1);
  std::vector<float> output_ = std::vector<float>(10);
};

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

struct Gain {
  int graphs = 0;
  std::ptrdiff_t steps = 0;
  double log_ratio = 0;
};

/// Both plans in turn, so that what disturbs the machine disturbs both.
void compare(Compiled& with, Compiled& without, int runs, Gain& gain) {
  if (with.steps == without.steps && with.tactics == without.tactics) return;
  std::vector<double> fast, slow;
  for (int i = 0; i < runs; ++i) {
    fast.push_back(with.microseconds());
    slow.push_back(without.microseconds());
  }
  ++gain.graphs;
  gain.steps += static_cast<std::ptrdiff_t>(without.steps) - static_cast<std::ptrdiff_t>(with.steps);
  gain.log_ratio += std::log(median(fast) / median(slow));
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 30;
  std::printf("| pass | what it does | plans that differ | steps saved | latency saved |\n|---|---|---|---|---|\n");
  std::vector<std::string> done;
  for (const Pass& pass : passes_before_calibration()) {
    if (std::ranges::find(done, pass.name) != done.end()) continue;
    done.emplace_back(pass.name);
    Gain gain;
    for (const ZooGraph& zoo : zoo_graphs()) {
      Compiled with(zoo.make(kSize, 1), ""), without(zoo.make(kSize, 1), std::string(pass.name));
      compare(with, without, runs, gain);
    }
    const double saved = gain.graphs == 0 ? 0 : 100 * (1 - std::exp(gain.log_ratio / gain.graphs));
    std::printf("| `%s` | %s | %d of %zu | %td | %.0f %% |\n", std::string(pass.name).c_str(),
                std::string(pass.summary).c_str(), gain.graphs, zoo_graphs().size(), gain.steps, saved);
    std::fflush(stdout);
  }
  return 0;
}
