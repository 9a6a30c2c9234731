#include "web/assets.h"

// The assembler puts each file's bytes into the program: no tool between the page and its source. room.cmake gives the
// folder and makes this unit depend on the files.
#define FOVEA_ASSET(name, file)                                                               \
  asm(".section .rodata\n.global fovea_asset_" #name "\n.global fovea_asset_" #name           \
      "_end\n"                                                                                \
      "fovea_asset_" #name ":\n.incbin \"" FOVEA_WEB_FOLDER "/" file "\"\nfovea_asset_" #name \
      "_end:\n"                                                                               \
      ".byte 0\n.previous\n");                                                                \
  extern "C" const char fovea_asset_##name[];                                                 \
  extern "C" const char fovea_asset_##name##_end[];

FOVEA_ASSET(report_html, "report.html")
FOVEA_ASSET(report_css, "report.css")
FOVEA_ASSET(report_js, "report.js")

namespace fovea::web {

std::string_view report_html() { return {fovea_asset_report_html, fovea_asset_report_html_end}; }
std::string_view report_css() { return {fovea_asset_report_css, fovea_asset_report_css_end}; }
std::string_view report_js() { return {fovea_asset_report_js, fovea_asset_report_js_end}; }

}  // namespace fovea::web
