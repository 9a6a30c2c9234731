#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "graph/text.h"

/// Hostile text is refused with an Error, or it is a graph whose text says the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 16) return 0;
  try {
    const fovea::Graph graph = fovea::parse_graph({reinterpret_cast<const char*>(data), size});
    const std::string printed = fovea::print(graph);
    if (fovea::print(fovea::parse_graph(printed)) != printed) std::abort();
  } catch (const fovea::Error& error) {
    if (error.kind() != fovea::ErrorKind::kCorruptFile) std::abort();
  }
  return 0;
}
