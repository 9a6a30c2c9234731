#include "data/synth/face.h"

namespace fovea::synth {

void paint_eye(Painter& painter, const Frame& frame, const Eye& eye, Rgb rim) {
  const float lid = 1 - eye.lid;
  const Vec2 radii{eye.radii.x, eye.radii.y * lid};
  painter.fill(Shape(frame).ellipse(eye.center, radii + Vec2{0.045F, 0.045F}), Surface::plain(rim));
  if (lid < 0.2F) return;
  Surface iris = Surface::plain(eye.iris);
  iris.round = radii.x * 0.6F;
  iris.shine = 0.15F;
  painter.fill(Shape(frame).ellipse(eye.center, radii), iris);
  Surface pupil = Surface::plain({0.03F, 0.03F, 0.03F});
  pupil.round = 0;
  const Vec2 hole{std::min(eye.pupil.x, radii.x), std::min(eye.pupil.y, radii.y * 0.95F)};
  painter.fill(Shape(frame).ellipse(eye.center + eye.look, hole), pupil);
  Surface glint = Surface::plain({1, 1, 1});
  glint.opacity = 0.9F;
  const float side = frame.mirrored() ? -1.0F : 1.0F;
  const Vec2 to_light{side * painter.light().x * 0.4F * radii.x, painter.light().y * 0.45F * radii.y};
  painter.fill(Shape(frame).circle(eye.center + to_light, 0.22F * radii.x), glint);
}

}  // namespace fovea::synth
