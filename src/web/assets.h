#pragma once

#include <string_view>

namespace fovea::web {

/// The files of page/, compiled in: what the report is made of (the server uses them too).
std::string_view report_html();  ///< with the places {{style}}, {{script}}, {{title}} and {{trace}}
std::string_view report_css();
std::string_view report_js();

}  // namespace fovea::web
