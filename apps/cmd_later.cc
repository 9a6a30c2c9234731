#include <nlohmann/json.hpp>

#include "common.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

/// A subcommand of the contract whose work is not there: it takes any arguments and says so in one line.
std::function<int()> unsupported(Arguments& arguments, const char* what) {
  auto rest = std::make_shared<std::vector<std::string>>();
  arguments.option("arguments", *rest, "");
  arguments.extras();
  return [what, rest]() -> int { fail(ErrorKind::kUnsupported, "unsupported: {}", what); };
}

}  // namespace

std::function<int()> define_serve(Arguments& arguments) { return unsupported(arguments, "built without the server"); }

}  // namespace fovea::apps
