#include "compiler/compiled_cache.h"

#include "base/io/hash.h"
#include "base/log/log.h"
#include "engine/format.h"
#include "engine/sections.h"

namespace fovea {
namespace {

using namespace engine_format;

constexpr std::uint32_t kFileMark = four("FCMP"), kFileVersion = 1;

std::filesystem::path beside(const std::filesystem::path& timing_cache) {
  return std::filesystem::path(timing_cache) += ".compiled";
}

}  // namespace

void adopt_compiled(const std::filesystem::path& timing_cache, Device& device) {
  std::error_code code;
  const std::filesystem::path path = beside(timing_cache);
  if (timing_cache.empty() || !std::filesystem::is_regular_file(path, code)) return;
  try {
    const Bytes file = read_file(path);
    ByteReader head(file, path.string());
    require(head.number<std::uint32_t>() == kFileMark && head.number<std::uint32_t>() == kFileVersion,
            ErrorKind::kCorruptFile, "no file of compiled steps");
    const auto crc = head.number<std::uint32_t>();
    const auto rest = std::span<const std::byte>(file).subspan(3 * sizeof(std::uint32_t));
    require(crc32(rest) == crc, ErrorKind::kCorruptFile, "the checksum is wrong");
    ByteReader in(rest, path.string());
    if (in.text() != device.info().tuning_key()) return;
    const std::vector<Compiled> compiled = read_compiled(in);
    in.finish();
    device.adopt(compiled);
  } catch (const Error& error) {
    log_warning("{} is not used: {}", path.string(), error.message());
  }
}

void save_compiled(const std::filesystem::path& timing_cache, const Device& device) {
  const std::vector<Compiled> compiled = device.compiled();
  if (timing_cache.empty() || compiled.empty()) return;
  ByteWriter body;
  body.text(device.info().tuning_key());
  write_compiled(body, compiled);
  const Bytes bytes = body.take();
  ByteWriter file;
  file.number(kFileMark);
  file.number(kFileVersion);
  file.number(crc32(bytes));
  file.raw(bytes);
  write_atomic(beside(timing_cache), file.take());
}

}  // namespace fovea
