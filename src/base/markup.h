#pragma once

#include <string>
#include <string_view>

namespace fovea {

/// Text as HTML and SVG hold it, in elements and in quoted attributes; control characters become spaces.
std::string markup_escaped(std::string_view text);

}  // namespace fovea
