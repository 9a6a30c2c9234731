#include <nlohmann/json.hpp>

#include "backend/registry/registry.h"
#include "base/io/file.h"
#include "common.h"
#include "compiler/explain.h"
#include "compiler/frontend.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "graph/text.h"
#include "pipeline/model_source.h"
#include "quantize/typed_graph.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path file;
  std::string why;
  bool can_run = false;
  bool dot = false;
  Common common;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// Graphviz: nodes as boxes, values as labelled edges.
std::string dot_of(const Graph& graph) {
  std::string text = "digraph fovea {\n  node [shape=box, style=rounded, fontname=Helvetica];\n";
  const GraphIndex index(graph);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    text += fmt::format("  n{} [label=\"{}\\n{} {}\"];\n", n, escaped(node.name), display_name(node.op),
                        node_precision(graph, node));
    for (const ValueId input : node.inputs)
      if (input != kNoValue && index.producer(input) >= 0)
        text += fmt::format("  n{} -> n{} [label=\"{}\"];\n", index.producer(input), n, graph.value(input).shape.str());
  }
  return text + "}\n";
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
  const SourceModel source = load_source(options.file, {});
  const Graph& graph = source.model.graph;
  if (options.dot) {
    options.common.say(dot_of(graph));
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
  std::string reason;
  try {
    reason = backend_by_name(info.backend).open(Isa::kAmx, 0)->info().missing(info.fingerprint);
  } catch (const Error& error) {
    reason = error.message();
  }
  options.common.say(reason.empty()
                         ? "yes\n"
                         : fmt::format("no: it needs {}; build it here: fovea build --model MODEL.onnx --out {}\n",
                                       reason, options.file.string()));
  options.common.finish(nlohmann::json{
      {"schema", 1}, {"can_run", reason.empty()}, {"reason", reason}, {"fingerprint", info.fingerprint}});
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
  text += fmt::format("{:<40} {:<22} {:<9} {:<26} {}\n", "step", "op", "precision", "tactic", "output");
  for (const PlanStep& step : plan.steps) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    text +=
        fmt::format("{:<40} {:<22} {:<9} {:<26} {}\n", node.name.substr(0, 40), display_name(node.op),
                    node_precision(plan.graph, node), step.tactic, plan.graph.value(node.outputs.front()).shape.str());
  }
  options.common.say(text);
}

int inspect_engine(Options& options) {
  if (options.can_run) return can_run(options);
  const Engine engine = load_engine(options.file);
  const Plan& plan = engine.plans.front();
  if (!options.why.empty()) {
    const std::shared_ptr<Device> device = backend_by_name(engine.info.backend).open(engine.info.isa, 0);
    const std::string text = explain(plan, options.why, backend_by_name(engine.info.backend), device->info());
    options.common.say(text);
    options.common.finish(nlohmann::json{{"schema", 1}, {"node", options.why}, {"why", text}});
    return 0;
  }
  if (options.dot)
    options.common.say(dot_of(plan.graph));
  else
    say_engine(options, engine, plan);
  nlohmann::json report = nlohmann::json::parse(engine.info.report, nullptr, false);
  options.common.finish(nlohmann::json{{"schema", 1},
                                       {"kind", "engine"},
                                       {"precision", engine.info.precision},
                                       {"fingerprint", engine.info.fingerprint},
                                       {"fovea_version", engine.info.fovea_version},
                                       {"labels", engine.info.labels},
                                       {"preprocess", to_json(engine.info.preprocess)},
                                       {"nodes", describe(plan.graph)},
                                       {"report", report.is_discarded() ? nlohmann::json() : report}});
  return 0;
}

int run(Options& options) {
  options.common.apply();
  const Bytes head = read_file(options.file);
  const bool engine = as_text(head).starts_with(engine_format::kMagic);
  require(engine || !options.can_run, ErrorKind::kInvalidArgument, "{} is no engine", options.file.string());
  return engine ? inspect_engine(options) : inspect_model(options);
}

}  // namespace

std::function<int()> define_inspect(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("file", options->file, "A model (ONNX) or an engine").required();
  arguments.option("--why", options->why, "What every tactic said of this node");
  arguments.flag("--can-run", options->can_run, "Whether this machine can run the engine (exit status 0 or 4)");
  arguments.flag("--dot", options->dot, "The graph for Graphviz");
  options->common.declare(arguments);
  arguments.examples(
      "  fovea inspect model.engine\n  fovea inspect model.engine --why conv1\n"
      "  fovea inspect model.onnx --dot | dot -Tsvg > model.svg\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
