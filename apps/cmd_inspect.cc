#include <fstream>
#include <nlohmann/json.hpp>

#include "backend/registry/registry.h"
#include "common.h"
#include "compiler/explain.h"
#include "compiler/frontend.h"
#include "engine/describe.h"
#include "engine/difference.h"
#include "engine/dot.h"
#include "engine/engine.h"
#include "engine/executor.h"
#include "engine/format.h"
#include "engine/step_cost.h"
#include "engine/svg.h"
#include "graph/text.h"
#include "option_groups.h"
#include "pipeline/model_source.h"
#include "pipeline/why.h"
#include "quantize/typed_graph.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path file, before;
  std::string why;
  std::string preprocess;
  int size = 0;
  bool can_run = false;
  bool dot = false;
  bool svg = false;
  Common common;
};

bool draws(const Options& options) { return options.dot || options.svg; }

std::string drawing_of(const Options& options, const GraphPicture& picture) {
  return options.svg ? svg_of(picture) : dot_of(picture);
}

nlohmann::json describe(const Graph& graph) {
  nlohmann::json nodes = nlohmann::json::array();
  for (const Node& node : graph.nodes())
    nodes.push_back({{"name", node.name},
                     {"op", display_name(node.op)},
                     {"precision", node_precision(graph, node)},
                     {"shape", graph.value(node.outputs.front()).shape.str()},
                     {"macs", macs(graph, node)}});
  return nodes;
}

int inspect_model(Options& options) {
  const SourceModel source = load_source(options.file, options.preprocess, options.size);
  const Graph& graph = source.model.graph;
  if (draws(options)) {
    options.common.say(drawing_of(options, picture_of(graph)));
  } else if (!options.why.empty()) {
    fail(ErrorKind::kInvalidArgument, "--why explains an engine's choice: build one first");
  } else {
    options.common.say(fmt::format("model: {} nodes, {:.2f} M parameters, {:.3f} GMAC, {} classes\n{}",
                                   graph.nodes().size(), static_cast<double>(parameter_count(graph)) / 1e6,
                                   static_cast<double>(macs(graph)) / 1e9, source.classes, print(graph)));
  }
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"kind", "model"},
                                       {"nodes", describe(graph)},
                                       {"parameters", parameter_count(graph)},
                                       {"macs", macs(graph)},
                                       {"classes", source.classes},
                                       {"labels", source.model.labels},
                                       {"preprocess", to_json(source.spec)},
                                       {"preprocess_guessed", source.spec_guessed}});
  return 0;
}

int can_run(Options& options) {
  const EngineInfo info = load_engine_info(options.file);
  std::string reason, line;
  try {
    reason = backend_by_name(info.backend).open(Isa::kAmx, 0)->info().missing(info.fingerprint);
  } catch (const Error& error) {
    reason = error.message();
    line = fmt::format("no: {}\n", reason);
  }
  if (line.empty() && !reason.empty())
    line = fmt::format("no: it needs {}; build it here: fovea build --model MODEL.onnx --out {}\n", reason,
                       options.file.string());
  const std::string note = reason.empty() ? too_few_threads(load_engine(options.file)) : "";
  options.common.say(!reason.empty() ? line : note.empty() ? "yes\n" : fmt::format("yes, but {}\n", note));
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"can_run", reason.empty()},
                                       {"reason", reason},
                                       {"note", note},
                                       {"fingerprint", info.fingerprint}});
  return reason.empty() ? 0 : 4;
}

void say_engine(const Options& options, const Engine& engine, const Plan& plan) {
  std::string text = fmt::format("engine: {} for {}, {} steps, {} labels\n", engine.info.precision,
                                 engine.info.fingerprint, plan.steps.size(), engine.info.labels.size());
  for (const Plan& profile : engine.plans) {
    const MemoryFigures memory = memory_figures(profile);
    text += fmt::format("batch {}: {} threads, arena {} bytes (all values {}, largest live set {})\n", profile.batch,
                        profile.threads, memory.arena_bytes, memory.sum_of_values, memory.largest_live_set);
  }
  text += fmt::format("{:<40} {:<22} {:<9} {:<26} {:>16} {:>10} {:>10} {:>8}\n", "step", "op", "precision", "tactic",
                      "output", "images B", "weights B", "MAC/B");
  for (const PlanStep& step : plan.steps) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    const StepCost cost = step_cost(engine, plan, step);
    text += fmt::format("{:<40} {:<22} {:<9} {:<26} {:>16} {:>10} {:>10} {:>8.1f}\n", node.name.substr(0, 40),
                        display_name(node.op), node_precision(plan.graph, node), step.tactic,
                        plan.graph.value(node.outputs.front()).shape.str(), cost.value_bytes, cost.weight_bytes,
                        cost.intensity());
  }
  options.common.say(text);
}

nlohmann::json describe_steps(const Engine& engine, const Plan& plan) {
  nlohmann::json rows = nlohmann::json::array();
  for (const PlanStep& step : plan.steps) {
    const StepDescription about = describe(plan, step);
    const StepCost cost = step_cost(engine, plan, step);
    rows.push_back({{"name", about.node},
                    {"op", about.op},
                    {"precision", about.precision},
                    {"tactic", about.tactic},
                    {"config", about.config},
                    {"shape", about.shape.str()},
                    {"macs", cost.macs},
                    {"image_bytes", cost.value_bytes},
                    {"weight_bytes", cost.weight_bytes},
                    {"intensity", cost.intensity()}});
  }
  return rows;
}

/// From the report where the build wrote it; else, and for nodes that it does not list, every tactic is asked again.
int why(Options& options, const Engine& engine, const nlohmann::json& report) {
  std::string text = report.is_object() && report.contains("why") ? why_text(report.at("why"), options.why) : "";
  if (text.empty()) {
    const Backend& backend = backend_by_name(engine.info.backend);
    text = explain(engine.plans.front(), options.why, backend, backend.open(engine.info.isa, 0)->info());
  }
  options.common.say(text);
  options.common.finish(nlohmann::json{{"schema", 1}, {"node", options.why}, {"why", text}});
  return 0;
}

int inspect_difference(Options& options) {
  const EngineDifference found = difference(load_engine(options.before), load_engine(options.file));
  std::string text = found.rows.empty() ? "no difference\n" : "";
  nlohmann::json rows = nlohmann::json::array();
  for (const EngineDifference::Row& row : found.rows) {
    text += fmt::format("{:<40} {:<12} {} → {}\n", row.node.empty() ? "(engine)" : row.node.substr(0, 40), row.what,
                        row.before.empty() ? "–" : row.before, row.after.empty() ? "–" : row.after);
    rows.push_back({{"node", row.node}, {"what", row.what}, {"before", row.before}, {"after", row.after}});
  }
  options.common.say(text);
  options.common.finish(nlohmann::json{{"schema", 1}, {"equal", found.rows.empty()}, {"differences", rows}});
  return 0;
}

int inspect_engine(Options& options) {
  if (options.can_run) return can_run(options);
  if (!options.before.empty()) return inspect_difference(options);
  const Engine engine = load_engine(options.file);
  const Plan& plan = engine.plans.front();
  nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  if (!options.why.empty()) return why(options, engine, report);
  if (draws(options))
    options.common.say(drawing_of(options, picture_of(plan)));
  else
    say_engine(options, engine, plan);
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"kind", "engine"},
                                       {"precision", engine.info.precision},
                                       {"fingerprint", engine.info.fingerprint},
                                       {"fovea_version", engine.info.fovea_version},
                                       {"labels", engine.info.labels},
                                       {"preprocess", to_json(engine.info.preprocess)},
                                       {"nodes", describe_steps(engine, plan)},
                                       {"report", report.is_discarded() ? nlohmann::json() : report}});
  return 0;
}

/// By its first bytes; a file that is not there is named here.
bool is_engine(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), ErrorKind::kNotFound, "{}: cannot be opened", path.string());
  std::string head(engine_format::kMagic.size(), '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == engine_format::kMagic;
}

int run(Options& options) {
  options.common.apply();
  const bool engine = is_engine(options.file);
  require(!engine || (options.preprocess.empty() && options.size == 0), ErrorKind::kUsage,
          "{} is an engine: --preprocess and --size are for models", options.file.string());
  require(engine || (!options.can_run && options.before.empty()), ErrorKind::kInvalidArgument, "{} is no engine",
          options.file.string());
  return engine ? inspect_engine(options) : inspect_model(options);
}

}  // namespace

std::function<int()> define_inspect(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("file", options->file, "A model (ONNX) or an engine").required();
  arguments.option("--why", options->why, "What every tactic said of this node");
  arguments.flag("--can-run", options->can_run, "Whether this machine can run the engine (exit status 0 or 4)")
      .excludes("--why");
  arguments.option("--diff", options->before, "Another engine: how the file differs from it")
      .excludes("--why")
      .excludes("--can-run");
  arguments
      .flag("--svg", options->svg, "A picture of the graph or the plan: who feeds whom, precisions, tactics, shapes")
      .excludes("--why")
      .excludes("--can-run")
      .excludes("--diff");
  arguments.flag("--dot", options->dot, "The same for Graphviz")
      .excludes("--why")
      .excludes("--can-run")
      .excludes("--diff")
      .excludes("--svg");
  declare_preprocess(arguments, options->preprocess);
  declare_size(arguments, options->size);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea inspect model.engine\n  fovea inspect model.engine --why conv1\n"
      "  fovea inspect --diff old.engine new.engine\n"
      "  fovea inspect model.engine --svg > model.svg\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
