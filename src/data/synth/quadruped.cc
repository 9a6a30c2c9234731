#include "data/synth/quadruped.h"

#include <array>

namespace fovea::synth {
namespace {

constexpr float kPi = 3.14159265F;

void place_joints(Dice& dice, Stance& s) {
  const Build& b = s.build;
  const float lift = dice.range(0.55F, 1.0F) * b.neck;
  switch (s.posture) {
    case Posture::kStand:
      s.hip = {-b.length / 2, b.leg + b.depth * 0.9F};
      s.shoulder = {b.length / 2, b.leg + b.depth};
      s.head = s.shoulder + Vec2{b.neck * dice.range(0.6F, 1.0F), lift};
      s.tail = s.hip + Vec2{-b.depth * 0.8F, b.depth * 0.4F};
      break;
    case Posture::kSitSide:
      s.hip = {-0.25F * b.length, b.depth * 1.15F};
      s.shoulder = {0.22F * b.length, b.leg + b.depth * 1.2F};
      s.head = s.shoulder + Vec2{b.neck * dice.range(0.25F, 0.6F), b.neck * dice.range(0.9F, 1.15F)};
      s.tail = s.hip + Vec2{-b.depth * 0.9F, -b.depth * 0.7F};
      break;
    case Posture::kSitFront:
      s.hip = {0, b.depth * 1.3F};
      s.shoulder = {dice.range(-0.04F, 0.04F), b.leg + b.depth * 1.0F};
      s.head = s.shoulder + Vec2{dice.range(-0.08F, 0.08F), b.neck * 0.9F + b.head * 0.3F};
      s.tail = {b.depth * 1.1F, b.depth * 0.3F};
      break;
    case Posture::kLie:
      s.hip = {-b.length / 2, b.depth * 1.0F};
      s.shoulder = {b.length * 0.42F, b.depth * 1.1F};
      s.head = s.shoulder + Vec2{b.neck * dice.range(0.5F, 0.9F), b.neck * dice.range(0.3F, 0.85F)};
      s.tail = s.hip + Vec2{-b.depth * 0.8F, -b.depth * 0.5F};
      break;
    case Posture::kPortrait:
      s.hip = {0, -b.depth * 2};
      s.shoulder = {dice.range(-0.05F, 0.05F), b.depth * 0.3F};
      s.head = {0, b.depth * 0.6F + b.head * 1.1F};
      s.tail = s.hip;
      break;
  }
}

Box measure(const Stance& s) {
  const float head = s.build.head;
  const float floor = s.posture == Posture::kPortrait ? s.shoulder.y : 0.0F;
  Box box{{-0.1F, floor}, {0.1F, floor}};
  box.include(s.head + Vec2{0, 0.3F * head}, head * 1.2F);
  if (s.posture != Posture::kPortrait) {
    box.include(s.hip, s.build.depth);
    box.include(s.shoulder, s.build.depth * 0.9F);
  }
  if (s.posture == Posture::kLie) box.include({s.shoulder.x + 0.4F, 0.1F}, 0.05F);
  if (s.posture == Posture::kSitFront) box.include({0, s.build.depth}, s.build.depth * 1.5F);
  box.low.y = std::max(box.low.y, floor);
  return box;
}

Surface limb_surface(const Coat& coat, bool far) {
  Surface surface = far ? coat.dark : coat.body;
  surface.pattern_angle = kPi / 2;  // rings, not lengthwise stripes
  surface.grain_angle = -kPi / 2;
  surface.round = 0.1F;
  return surface;
}

void paint_paw(Painter& painter, const Frame& frame, const Stance& s, Vec2 at, const Surface& surface) {
  const float r = s.build.thick;
  painter.fill(Shape(frame).ellipse(at + Vec2{r * 0.4F, r * 0.7F}, {r * 1.35F, r * 0.8F}), surface);
}

void paint_fore_leg(Painter& painter, const Frame& frame, const Stance& s, Vec2 top, Vec2 foot, const Surface& skin,
                    const Surface& paw) {
  const float r = s.build.thick;
  painter.fill(Shape(frame, 0.05F)
                   .limb(top, mix(top, foot, 0.5F), r * 1.5F, r * 1.05F)
                   .limb(mix(top, foot, 0.5F), foot + Vec2{0, r}, r * 1.05F, r * 0.85F),
               skin);
  paint_paw(painter, frame, s, foot, paw);
}

void paint_hind_leg(Painter& painter, const Frame& frame, const Stance& s, Vec2 hip, float foot, const Surface& skin,
                    const Surface& paw) {
  const float r = s.build.thick;
  const float leg = s.build.leg;
  const Vec2 knee{hip.x + 0.10F + 0.3F * (foot - hip.x), leg * 0.75F};
  const Vec2 hock{foot - 0.10F, leg * 0.38F};
  painter.fill(Shape(frame, 0.06F)
                   .limb(hip, knee, s.build.depth * 0.72F, r * 1.5F)
                   .limb(knee, hock, r * 1.4F, r)
                   .limb(hock, {foot, r}, r * 0.95F, r * 0.85F),
               skin);
  paint_paw(painter, frame, s, {foot, 0}, paw);
}

void paint_standing(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, const Surface& paw) {
  const Build& b = s.build;
  const Surface far = limb_surface(coat, true);
  const Surface near = limb_surface(coat, false);
  const float step = s.stride;
  paint_hind_leg(painter, frame, s, s.hip + Vec2{0.05F, 0}, s.hip.x + 0.08F + step, far, far);
  paint_fore_leg(painter, frame, s, s.shoulder + Vec2{-0.02F, -0.1F}, {s.shoulder.x + 0.05F - step, 0}, far, far);
  painter.fill(Shape(frame, 0.16F)
                   .limb(s.hip, s.shoulder, b.depth * 0.88F, b.depth)
                   .ellipse(s.hip, {b.depth * 1.05F, b.depth * 1.05F})
                   .ellipse(s.shoulder + Vec2{0.02F, -0.04F}, {b.depth * 1.05F, b.depth * 1.15F})
                   .limb(s.shoulder + Vec2{0.04F, 0.04F}, s.head, b.depth * 0.85F, b.head * 0.62F),
               coat.body);
  paint_hind_leg(painter, frame, s, s.hip, s.hip.x - step, near, paw);
  paint_fore_leg(painter, frame, s, s.shoulder + Vec2{0.04F, -0.12F}, {s.shoulder.x + 0.03F + step, 0}, near, paw);
}

void paint_sitting_side(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, const Surface& paw) {
  const Build& b = s.build;
  const Surface far = limb_surface(coat, true);
  const Surface near = limb_surface(coat, false);
  paint_fore_leg(painter, frame, s, s.shoulder + Vec2{0.08F, -0.2F}, {s.shoulder.x + 0.2F, 0}, far, far);
  painter.fill(Shape(frame, 0.18F)
                   .limb(s.hip, s.shoulder, b.depth * 1.15F, b.depth * 0.85F)
                   .limb(s.shoulder, s.head, b.depth * 0.8F, b.head * 0.6F),
               coat.body);
  paint_fore_leg(painter, frame, s, s.shoulder + Vec2{0.05F, -0.18F}, {s.shoulder.x + 0.10F, 0}, near, paw);
  painter.fill(Shape(frame, 0.08F)
                   .ellipse(s.hip + Vec2{0.04F, -0.06F}, {b.depth * 0.95F, b.depth * 1.0F}, 0.5F)
                   .limb({s.hip.x + 0.1F, b.thick}, {s.hip.x + b.depth * 1.5F, b.thick}, b.thick, b.thick),
               near);
  paint_paw(painter, frame, s, {s.hip.x + b.depth * 1.5F, 0}, paw);
}

void paint_sitting_front(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, const Surface& paw,
                         bool pale_parts) {
  const Build& b = s.build;
  const Surface near = limb_surface(coat, false);
  painter.fill(Shape(frame, 0.2F)
                   .ellipse(s.hip, {b.depth * 1.35F, b.depth * 1.3F})
                   .limb(s.hip, s.shoulder, b.depth * 1.1F, b.depth * 0.95F)
                   .limb(s.shoulder, s.head, b.depth * 0.8F, b.head * 0.6F),
               coat.body);
  for (const float side : {-1.0F, 1.0F}) {
    const float x = side * b.depth * 1.15F;
    painter.fill(Shape(frame).ellipse({x, b.depth * 0.75F}, {b.depth * 0.55F, b.depth * 0.8F}, side * 0.25F), near);
    paint_paw(painter, frame, s, {x + side * 0.02F - 0.03F, 0}, paw);
  }
  if (pale_parts) {
    Surface chest = coat.pale;
    chest.atop = true;
    chest.softness = 0.05F * frame.scale();
    painter.fill(Shape(frame).ellipse(mix(s.hip, s.shoulder, 0.75F), {b.depth * 0.5F, b.depth * 1.0F}), chest);
  }
  for (const float side : {-1.0F, 1.0F}) {
    const float x = side * b.depth * 0.42F;
    paint_fore_leg(painter, frame, s, {x * 1.1F, b.leg * 0.95F}, {x - 0.02F, 0}, near, paw);
  }
}

void paint_lying(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, const Surface& paw) {
  const Build& b = s.build;
  const Surface far = limb_surface(coat, true);
  Surface near = limb_surface(coat, false);
  near.pattern_angle = 0;
  near.grain_angle = 0;
  const float r = b.thick;
  const Vec2 far_paw{s.shoulder.x + 0.42F + s.stride, r};
  painter.fill(Shape(frame).limb({s.shoulder.x, r * 1.6F}, far_paw, r * 1.4F, r), far);
  painter.fill(Shape(frame, 0.16F)
                   .limb(s.hip, s.shoulder, b.depth * 0.98F, b.depth)
                   .limb(s.shoulder, s.head, b.depth * 0.85F, b.head * 0.6F),
               coat.body);
  painter.fill(Shape(frame, 0.06F)
                   .ellipse({s.hip.x + 0.1F, b.depth * 0.85F}, {b.depth * 1.05F, b.depth * 0.82F}, 0.3F)
                   .limb({s.hip.x + 0.15F, r}, {s.hip.x + 0.45F, r}, r * 1.1F, r),
               near);
  painter.fill(Shape(frame, 0.06F)
                   .limb(s.shoulder + Vec2{0.02F, -0.1F}, {s.shoulder.x + 0.08F, r * 1.3F}, r * 1.7F, r * 1.2F)
                   .limb({s.shoulder.x + 0.08F, r * 1.2F}, {s.shoulder.x + 0.4F, r}, r * 1.2F, r),
               near);
  paint_paw(painter, frame, s, {s.shoulder.x + 0.4F, 0}, paw);
  paint_paw(painter, frame, s, {s.hip.x + 0.45F, 0}, paw);
}

void paint_portrait(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, bool pale_parts) {
  const Build& b = s.build;
  painter.fill(Shape(frame, 0.15F)
                   .limb(s.shoulder + Vec2{0, -0.7F}, s.shoulder, b.depth * 1.5F, b.depth * 1.25F)
                   .limb(s.shoulder, s.head, b.depth, b.head * 0.7F),
               coat.body);
  if (!pale_parts) return;
  Surface chest = coat.pale;
  chest.atop = true;
  chest.softness = 0.06F * frame.scale();
  painter.fill(Shape(frame).ellipse(s.shoulder + Vec2{0, -0.1F}, {b.depth * 0.6F, b.depth * 1.1F}), chest);
}

}  // namespace

Stance take_stance(Dice& dice, const Build& build) {
  constexpr std::array kPostures = {Posture::kStand,    Posture::kStand,    Posture::kSitSide, Posture::kSitSide,
                                    Posture::kSitFront, Posture::kSitFront, Posture::kLie,     Posture::kPortrait};
  Stance stance{};
  stance.posture = dice.pick(kPostures);
  stance.build = build;
  stance.stride = dice.range(-0.06F, 0.12F);
  place_joints(dice, stance);
  stance.extent = measure(stance);
  return stance;
}

void paint_body(Painter& painter, const Frame& frame, const Stance& s, const Coat& coat, bool pale_parts) {
  Surface paw = pale_parts ? coat.pale : limb_surface(coat, false);
  paw.round = 0.08F;
  switch (s.posture) {
    case Posture::kStand:
      return paint_standing(painter, frame, s, coat, paw);
    case Posture::kSitSide:
      return paint_sitting_side(painter, frame, s, coat, paw);
    case Posture::kSitFront:
      return paint_sitting_front(painter, frame, s, coat, paw, pale_parts);
    case Posture::kLie:
      return paint_lying(painter, frame, s, coat, paw);
    case Posture::kPortrait:
      return paint_portrait(painter, frame, s, coat, pale_parts);
  }
}

void paint_collar(Painter& painter, const Frame& frame, const Stance& s, Rgb color) {
  const Vec2 along = s.head - s.shoulder;
  const Vec2 across = Vec2{along.y, -along.x} * (1 / std::max(length(along), 1e-3F));
  const Vec2 middle = s.collar();
  const float half = mix(s.build.depth * 0.8F, s.build.head * 0.62F, 0.62F) * 0.98F;
  const Vec2 sag = along * -0.16F;
  Surface band = Surface::plain(color);
  band.round = 0.04F;
  band.shine = 0.2F;
  band.atop = true;
  const float width = s.build.head * 0.13F;
  painter.fill(Shape(frame).tube(middle + across * -half, middle + sag * 2, middle + across * half, width, width),
               band);
  Surface tag = Surface::plain({0.85F, 0.72F, 0.3F});
  tag.shine = 0.6F;
  painter.fill(Shape(frame).circle(middle + sag * 1.6F + across * (half * 0.25F), width * 0.9F), tag);
}

}  // namespace fovea::synth
