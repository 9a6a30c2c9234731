#pragma once

#include <cstdint>
#include <vector>

#include "data/synth/canvas.h"
#include "data/synth/shape.h"

namespace fovea::synth {

enum class Pattern { kPlain, kStripes, kPatches, kSpots, kFeathers, kSaddle };

/// What a surface looks like; lengths in the units of the shape's frame.
struct Surface {
  Rgb base;
  Rgb mark;  ///< the pattern's second colour
  Pattern pattern = Pattern::kPlain;
  float frequency = 5;      ///< marks per unit
  float strength = 1;       ///< of the marks
  float pattern_angle = 0;  ///< turns the marks
  float grain = 0;          ///< contrast of hair strands
  float grain_length = 0.12F;
  float grain_angle = 0;
  float fringe = 0;    ///< length of the hair that breaks the outline
  float round = 0.2F;  ///< how far from the outline the surface curves towards the light
  float shine = 0;
  float softness = 0;  ///< pixels over which the outline fades
  float shadow = 0;    ///< reach of the shadow on what was painted before
  float opacity = 1;
  bool atop = false;  ///< only where the layer already holds something
  std::uint32_t seed = 0;

  static Surface plain(Rgb color) { return {.base = color, .mark = color}; }
};

struct Light {
  float x = -0.4F;  ///< towards the light: right, up, to the viewer; unit length
  float y = 0.6F;
  float z = 0.7F;
  float ambient = 0.55F;
};

/// Fills shapes on one canvas under one light.
class Painter {
 public:
  Painter(Canvas& canvas, const Light& light) : canvas_(canvas), light_(light) {}

  void fill(const Shape& shape, const Surface& surface);
  void stroke(const Frame& frame, Vec2 from, Vec2 control, Vec2 to, float from_width, float to_width, Rgb color,
              float opacity = 1);

  Canvas& canvas() { return canvas_; }
  const Light& light() const { return light_; }

 private:
  struct Window {
    int x0, y0, x1, y1;
    int width() const { return x1 - x0; }
    bool empty() const { return x1 <= x0 || y1 <= y0; }
  };
  Window measure(const Shape& shape, float reach);
  float distance_at(const Window& window, int x, int y) const;
  Rgb shade(const Window& window, int x, int y, const Frame& frame, const Surface& surface) const;

  Canvas& canvas_;
  Light light_;
  std::vector<float> distances_;
};

}  // namespace fovea::synth
