#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/engine.h"
#include "engine/format.h"
#include "engine/mapping.h"
#include "engine/sections.h"
#include "engine/validate.h"
#include "graph/text.h"
#include "tensor/buffer.h"

namespace fovea {
namespace {

using namespace engine_format;

template <typename Enum>
Enum read_enum(ByteReader& in, int count, std::string_view what) {
  const int value = in.number<std::uint8_t>();
  require(value < count, ErrorKind::kCorruptFile, "[engine] {} is {}", what, value);
  return static_cast<Enum>(value);
}

void read_device(ByteReader in, EngineInfo& info) {
  info.fovea_version = in.text();
  info.backend = in.text();
  info.fingerprint = in.text();
  info.isa = isa_from_name(in.text());
  info.precision = in.text();
  info.pixel_input = read_enum<std::uint8_t>(in, 2, "pixel_input") != 0;
  info.model_output = read_enum<OutputKind>(in, 2, "model_output");
  in.finish();
}

void read_labels(ByteReader in, EngineInfo& info) {
  info.labels.resize(in.count(sizeof(std::uint32_t)));
  for (std::string& label : info.labels) label = in.text();
  in.finish();
}

std::vector<Layout> read_layouts(ByteReader& in) {
  std::vector<Layout> layouts(in.count(1));
  for (Layout& layout : layouts) layout = read_enum<Layout>(in, 3, "layout");
  return layouts;
}

PlanStep read_step(ByteReader& in) {
  PlanStep step;
  step.node = in.number<std::int32_t>();
  step.tactic = in.text();
  step.config = Config::parse(in.text());
  step.input_layouts = read_layouts(in);
  step.output_layouts = read_layouts(in);
  step.blob = in.number<std::int32_t>();
  step.scratch_bytes = in.number<std::uint64_t>();
  step.scratch_offset = in.number<std::uint64_t>();
  return step;
}

Plan read_plan(ByteReader& in) {
  Plan plan;
  plan.batch = in.number<std::int64_t>();
  plan.threads = in.number<std::int32_t>();
  plan.arena_bytes = in.number<std::uint64_t>();
  plan.microseconds = in.real();
  plan.graph = parse_graph(in.text());
  plan.values.resize(in.count(10));
  for (ValuePlan& value : plan.values) {
    value.place = read_enum<Place>(in, 4, "place");
    value.layout = read_enum<Layout>(in, 3, "layout");
    value.offset = in.number<std::uint64_t>();
  }
  plan.steps.resize(in.count(32));
  for (PlanStep& step : plan.steps) step = read_step(in);
  return plan;
}

void read_plans(ByteReader in, Engine& engine) {
  engine.plans.resize(in.count(64));
  for (Plan& plan : engine.plans) plan = read_plan(in);
  in.finish();
}

/// `section` must stay alive through `keep` and start at a multiple of 64.
Blobs read_blobs(std::span<const std::byte> section, const std::shared_ptr<const void>& keep) {
  ByteReader in(section, "weights");
  Blobs blobs;
  for (std::size_t i = in.count(2 * sizeof(std::uint64_t)); i > 0; --i) {
    const auto offset = in.number<std::uint64_t>();
    const auto size = in.number<std::uint64_t>();
    require(offset % kAlignment == 0 && offset <= section.size() && size <= section.size() - offset,
            ErrorKind::kCorruptFile, "[engine] weights: {} bytes at {} of {}", size, offset, section.size());
    blobs.share(section.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)), keep);
  }
  return blobs;
}

void read_info_section(std::uint32_t id, std::span<const std::byte> bytes, EngineInfo& info) {
  const auto text = [&] { return std::string(as_text(bytes)); };
  switch (id) {
    case kDevice:
      return read_device(ByteReader(bytes, "device"), info);
    case kPreprocess:
      info.preprocess = preprocess_from_json(nlohmann::json::parse(as_text(bytes)));
      return;
    case kLabels:
      return read_labels(ByteReader(bytes, "labels"), info);
    case kSplit:
      info.split = text();
      return;
    case kClassMap:
      info.class_map = text();
      return;
    case kReport:
      info.report = text();
      return;
    case kModel:
      info.model = text();
      return;
    default:
      return;
  }
}

/// `keep` owns the file's bytes, or is null: then the weights are copied into memory of their own.
Engine read_engine(std::span<const std::byte> file, const std::shared_ptr<const void>& keep) {
  Engine engine;
  for (const Section& section : parse_sections(file.first(std::min(file.size(), kHeadBytes)), file.size())) {
    const auto bytes = file.subspan(static_cast<std::size_t>(section.offset), static_cast<std::size_t>(section.size));
    check_section(section, bytes);
    if (section.id == kPlans) {
      read_or_corrupt("plans", [&] { read_plans(ByteReader(bytes, "plans"), engine); });
    } else if (section.id == kWeights && keep != nullptr) {
      engine.blobs = read_blobs(bytes, keep);
    } else if (section.id == kWeights) {
      auto copy = std::make_shared<AlignedBuffer>(bytes.size());
      if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
      engine.blobs = read_blobs(std::as_const(*copy).bytes(), copy);
    } else if (section.id == kCompiled) {
      ByteReader in(bytes, "compiled");
      engine.compiled = read_compiled(in);
      in.finish();
    } else {
      read_or_corrupt("information", [&] { read_info_section(section.id, bytes, engine.info); });
    }
  }
  validate(engine);
  return engine;
}

Bytes read_range(std::ifstream& file, std::uint64_t offset, std::uint64_t size, const std::filesystem::path& path) {
  Bytes bytes(static_cast<std::size_t>(size));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  require(file.good() || size == 0, ErrorKind::kCorruptFile, "[engine] {} ends early", path.string());
  return bytes;
}

AlignedBuffer read_aligned(const std::filesystem::path& path) {
  std::error_code code;
  require(std::filesystem::is_regular_file(path, code), ErrorKind::kNotFound, "no engine file at {}", path.string());
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(path, code));
  std::ifstream file(path, std::ios::binary);
  require(file.is_open() && !code, ErrorKind::kNotFound, "cannot open {}", path.string());
  AlignedBuffer buffer(size);
  file.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(size));
  require(file.good() || size == 0, ErrorKind::kCorruptFile, "[engine] {} ends early", path.string());
  return buffer;
}

}  // namespace

Engine deserialize(std::span<const std::byte> bytes) { return read_engine(bytes, nullptr); }

Engine load_engine(const std::filesystem::path& path, bool map) {
  try {
    if (!map) {  // once, into memory that the weights stay in
      const auto copy = std::make_shared<AlignedBuffer>(read_aligned(path));
      return read_engine(std::as_const(*copy).bytes(), copy);
    }
    const auto mapping = std::make_shared<const FileMapping>(path);
    return read_engine(mapping->bytes(), mapping);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile) throw;
    fail(error.kind(), "{}: {}", path.string(), error.message());
  }
}

EngineInfo load_engine_info(const std::filesystem::path& path) {
  std::error_code code;
  require(std::filesystem::is_regular_file(path, code), ErrorKind::kNotFound, "no engine file at {}", path.string());
  const auto file_bytes = static_cast<std::uint64_t>(std::filesystem::file_size(path, code));
  std::ifstream file(path, std::ios::binary);
  require(file.is_open() && !code, ErrorKind::kNotFound, "cannot open {}", path.string());
  EngineInfo info;
  const Bytes head = read_range(file, 0, std::min<std::uint64_t>(file_bytes, kHeadBytes), path);
  for (const Section& section : parse_sections(head, file_bytes)) {
    if (section.id == kPlans || section.id == kWeights || section.id == kCompiled || section.id == kModel) continue;
    const Bytes bytes = read_range(file, section.offset, section.size, path);
    check_section(section, bytes);
    read_or_corrupt("information", [&] { read_info_section(section.id, bytes, info); });
  }
  return info;
}

}  // namespace fovea
