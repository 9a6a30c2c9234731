#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/io/hash.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "engine/sections.h"
#include "engine/validate.h"
#include "graph/text.h"

namespace fovea {
namespace {

using namespace engine_format;

Bytes device_section(const EngineInfo& info) {
  ByteWriter out;
  for (const std::string& text :
       {info.fovea_version, info.backend, info.fingerprint, std::string(name(info.isa)), info.precision})
    out.text(text);
  out.number(static_cast<std::uint8_t>(info.pixel_input));
  out.number(static_cast<std::uint8_t>(info.model_output));
  return out.take();
}

Bytes labels_section(const EngineInfo& info) {
  ByteWriter out;
  out.count(info.labels.size());
  for (const std::string& label : info.labels) out.text(label);
  return out.take();
}

void write_layouts(ByteWriter& out, const std::vector<Layout>& layouts) {
  out.count(layouts.size());
  for (const Layout layout : layouts) out.number(static_cast<std::uint8_t>(layout));
}

void write_step(ByteWriter& out, const PlanStep& step) {
  out.number(step.node);
  out.text(step.tactic);
  out.text(step.config.str());
  write_layouts(out, step.input_layouts);
  write_layouts(out, step.output_layouts);
  out.number(step.blob);
  out.number(step.scratch_bytes);
  out.number(step.scratch_offset);
}

/// Places are listed in the order of the ids that parsing the text gives, so that they mean the same to every reader.
void write_plan(ByteWriter& out, const Plan& plan) {
  const std::string text = print(plan.graph);
  const Graph stored = parse_graph(text);
  out.number(plan.batch);
  out.number(plan.threads);
  out.number(plan.arena_bytes);
  out.real(plan.microseconds);
  out.text(text);
  out.count(stored.values().size());
  for (const Value& value : stored.values()) {
    const ValueId id = plan.graph.find_value(value.name);
    require(id != kNoValue, ErrorKind::kInternal, "[engine] value {} changed its name in the text form", value.name);
    const ValuePlan& where = plan.values[static_cast<std::size_t>(id)];
    out.number(static_cast<std::uint8_t>(where.place));
    out.number(static_cast<std::uint8_t>(where.layout));
    out.number(where.offset);
  }
  out.count(plan.steps.size());
  for (const PlanStep& step : plan.steps) write_step(out, step);
}

Bytes plans_section(const Engine& engine) {
  ByteWriter out;
  out.count(engine.plans.size());
  for (const Plan& plan : engine.plans) write_plan(out, plan);
  return out.take();
}

/// Equal contents are stored once: their entries name the same bytes.
Bytes weights_section(const Blobs& blobs) {
  std::map<std::string, std::uint64_t> known;
  std::vector<std::size_t> stored;
  ByteWriter out;
  out.count(blobs.size());
  std::uint64_t end = align_up(sizeof(std::uint32_t) + blobs.size() * 2 * sizeof(std::uint64_t));
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    const auto [entry, is_new] = known.emplace(content_hash(blobs[i]), end);
    if (is_new) {
      stored.push_back(i);
      end = align_up(end + blobs[i].size());
    }
    out.number(entry->second);
    out.number(static_cast<std::uint64_t>(blobs[i].size()));
  }
  out.pad();
  for (const std::size_t i : stored) {
    out.raw(blobs[i]);
    out.pad();
  }
  return out.take();
}

Bytes compiled_section(const Engine& engine) {
  ByteWriter out;
  write_compiled(out, engine.compiled);
  return out.take();
}

Bytes bytes_of(std::string_view text) {
  const std::span<const std::byte> raw = as_bytes(text);
  return {raw.begin(), raw.end()};
}

}  // namespace

Bytes serialize(const Engine& engine) {
  try {
    validate(engine);
  } catch (const Error& error) {
    fail(ErrorKind::kInvalidArgument, "{}", error.message());
  }
  const EngineInfo& info = engine.info;
  std::vector<std::pair<std::uint32_t, Bytes>> contents;
  contents.emplace_back(kDevice, device_section(info));
  contents.emplace_back(kPreprocess, bytes_of(to_json(info.preprocess).dump()));
  contents.emplace_back(kLabels, labels_section(info));
  if (!info.split.empty()) contents.emplace_back(kSplit, bytes_of(info.split));
  if (!info.class_map.empty()) contents.emplace_back(kClassMap, bytes_of(info.class_map));
  if (!info.report.empty()) contents.emplace_back(kReport, bytes_of(info.report));
  contents.emplace_back(kPlans, plans_section(engine));
  contents.emplace_back(kWeights, weights_section(engine.blobs));
  if (!engine.compiled.empty()) contents.emplace_back(kCompiled, compiled_section(engine));
  if (!info.model.empty()) contents.emplace_back(kModel, bytes_of(info.model));
  return assemble(contents);
}

void save_engine(const Engine& engine, const std::filesystem::path& path) { write_atomic(path, serialize(engine)); }

}  // namespace fovea
