#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "compiler/timing_cache.h"

/// Whatever the bytes, a timing cache is read as "corrupt file" or comes back as it is written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const fovea::TimingCache cache = fovea::TimingCache::parse({reinterpret_cast<const char*>(data), size});
    const std::string text = cache.text();
    if (fovea::TimingCache::parse(text).text() != text) std::abort();
  } catch (const fovea::Error& error) {
    if (error.kind() != fovea::ErrorKind::kCorruptFile) std::abort();
  }
  return 0;
}
