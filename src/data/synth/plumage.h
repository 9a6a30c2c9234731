#pragma once

#include "data/synth/coat.h"

namespace fovea::synth {

enum class BeakForm { kCone, kDagger, kHook };

/// What all postures of a bird share.
struct Plumage {
  Coat coat;
  Surface wing;
  Rgb quill;  ///< edges of the flight feathers
  Rgb beak;
  Rgb leg;
  Rgb ring;  ///< around the eye
  BeakForm form;
  float beak_length;
  bool cap;  ///< dark crown
  bool crest;
  bool belly;  ///< pale underside
};

Plumage draw_plumage(Dice& dice);
/// Feathers side by side from `root`, turning from `first` to `last`, each of them `length` long; the last lies on top.
struct Fan {
  Vec2 root;
  Vec2 root_end;  ///< the roots lie on the line to here
  float first, last;
  float first_length, last_length;
  float width;
  int count;
};
void paint_fan(Painter& painter, const Frame& frame, const Fan& fan, const Surface& surface, Rgb edge);
/// Beak, eye, crest and cap of a head seen from the side, of radius `r`, facing +x.
void paint_bird_head(Painter& painter, const Frame& frame, Vec2 center, float r, const Plumage& plumage);
void paint_foot(Painter& painter, const Frame& frame, Vec2 hip, Vec2 ankle, const Plumage& plumage);

}  // namespace fovea::synth
