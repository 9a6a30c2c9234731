#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/engine.h"
#include "engine/restore_checksums.h"

namespace {

/// A reader answers with an engine or with one of three kinds of error; an engine that was read can be written again.
void read_once(std::span<const std::byte> bytes) {
  try {
    const fovea::Engine engine = fovea::deserialize(bytes);
    (void)fovea::serialize(engine);
  } catch (const fovea::Error& error) {
    if (error.kind() != fovea::ErrorKind::kCorruptFile && error.kind() != fovea::ErrorKind::kUnsupported &&
        error.kind() != fovea::ErrorKind::kWrongDevice)
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> given = std::as_bytes(std::span(data, size));
  read_once(given);
  fovea::Bytes fixed(given.begin(), given.end());
  fovea::engine_format::restore_checksums(fixed);
  read_once(fixed);
  return 0;
}
