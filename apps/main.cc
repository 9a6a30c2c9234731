#include <cstdio>
#include <new>

#include "base/cancel.h"
#include "base/log/progress.h"
#include "common.h"
#include "subcommands.h"

int main(int argc, char** argv) {
  using namespace fovea;
  install_signal_handlers();
  try {
    return apps::dispatch(argc, argv, apps::subcommands(), apps::version);
  } catch (const Error& error) {
    Progress::hide_all();
    std::fprintf(stderr, "error: %s\n", error.message().c_str());
    return apps::exit_status(error.kind());
  } catch (const std::bad_alloc&) {
    Progress::hide_all();
    std::fprintf(stderr, "error: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    Progress::hide_all();
    std::fprintf(stderr, "error: internal: %s\n", error.what());
    return 1;
  }
}
