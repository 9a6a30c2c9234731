#include <string>

#include "base/json_text.h"
#include "base/markup.h"
#include "report/trace.h"
#include "web/assets.h"

namespace fovea {
namespace {

/// JSON inside a script element: no text of the data may end the element.
std::string script_escaped(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

/// Fills one place of the template; what is filled in is not searched again.
std::string filled(std::string_view text, std::string_view place, std::string_view content) {
  const std::size_t at = text.find(place);
  std::string out(text.substr(0, at));
  out += content;
  return out.append(text.substr(at + place.size()));
}

}  // namespace

std::string render_page(const nlohmann::ordered_json& trace) {
  const std::string json = json_text(trace);
  // The trace is filled in last and stands last in the template, so no text of a user can be taken for a place.
  std::string page = filled(web::report_html(), "{{style}}", web::report_css());
  page = filled(page, "{{script}}", web::report_js());
  page = filled(page, "{{trace}}", script_escaped(json));
  return filled(page, "{{title}}", markup_escaped(trace.value("title", "Fovea")));
}

}  // namespace fovea
