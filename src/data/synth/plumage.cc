#include "data/synth/plumage.h"

#include <array>

#include "data/synth/face.h"

namespace fovea::synth {
namespace {

constexpr CoatHabits kHabits = {0.1F, 0, 0, 0.05F, 0, 0.85F, 0.03F, 0.05F, 0, {9, 10, 1, 3, 9, 0}};
constexpr std::array<Rgb, 6> kHorn = {{{0.92F, 0.58F, 0.12F},
                                       {0.90F, 0.75F, 0.20F},
                                       {0.95F, 0.66F, 0.16F},
                                       {0.25F, 0.22F, 0.20F},
                                       {0.85F, 0.35F, 0.15F},
                                       {0.70F, 0.55F, 0.35F}}};

}  // namespace

Plumage draw_plumage(Dice& dice) {
  Plumage p{};
  p.coat = draw_coat(dice, kHabits);
  p.coat.body.round = 0.3F;
  if (dice.chance(0.75F)) p.coat.body.base = draw_vivid(dice);
  p.wing = p.coat.body;
  p.wing.pattern = Pattern::kFeathers;
  p.wing.frequency = dice.range(7, 10);
  p.wing.strength = dice.range(0.6F, 0.9F);
  p.wing.base =
      dice.chance(0.5F) ? mix(p.coat.body.base, p.coat.body.mark, 0.6F) : p.coat.body.base * dice.range(0.7F, 1.0F);
  p.wing.mark = mix(p.wing.base, dice.chance(0.5F) ? Rgb{0.92F, 0.9F, 0.86F} : Rgb{0.08F, 0.07F, 0.07F}, 0.65F);
  p.wing.round = 0.15F;
  p.quill = p.wing.base * 0.45F;
  p.beak = dice.jitter(dice.pick(kHorn), 0.06F);
  p.leg = dice.jitter(dice.pick(kHorn), 0.06F);
  p.ring = dice.chance(0.4F) ? Rgb{0.93F, 0.91F, 0.85F} : p.coat.body.base * 0.5F;
  p.form = dice.pick(std::array{BeakForm::kCone, BeakForm::kCone, BeakForm::kDagger, BeakForm::kHook});
  p.beak_length = dice.range(0.75F, 1.1F) * (p.form == BeakForm::kDagger ? 1.5F : 0.95F);
  p.cap = dice.chance(0.3F);
  p.crest = dice.chance(0.2F);
  p.belly = dice.chance(0.65F);
  return p;
}

void paint_fan(Painter& painter, const Frame& frame, const Fan& fan, const Surface& surface, Rgb edge) {
  Surface feather = surface;
  feather.round = fan.width * 0.9F;
  feather.pattern = Pattern::kPlain;
  feather.shadow = fan.width * 0.8F;
  for (int i = 0; i < fan.count; ++i) {
    const float t = fan.count > 1 ? as_float(i) / as_float(fan.count - 1) : 0;
    const float angle = mix(fan.first, fan.last, t);
    const Vec2 root = mix(fan.root, fan.root_end, t);
    const Vec2 tip = root + direction(angle) * mix(fan.first_length, fan.last_length, t);
    feather.grain_angle = angle;
    painter.fill(Shape(frame)
                     .limb(root, mix(root, tip, 0.65F), fan.width * 0.8F, fan.width)
                     .limb(mix(root, tip, 0.65F), tip, fan.width, fan.width * 0.45F),
                 feather);
    painter.stroke(frame, root, mix(root, tip, 0.5F), tip, 0.008F, 0.005F, edge, 0.7F);
  }
}

void paint_bird_head(Painter& painter, const Frame& frame, Vec2 center, float r, const Plumage& p) {
  const Frame head = frame.child(center, r);
  if (p.crest) {
    Surface tuft = p.coat.body;
    tuft.pattern = Pattern::kPlain;
    tuft.base = tuft.base * 0.8F;
    for (const float lean : {0.0F, 0.35F, 0.7F})
      painter.fill(Shape(head).limb({-0.1F - lean * 0.6F, 0.7F - lean * 0.3F}, {-0.75F - lean * 0.7F, 1.55F - lean},
                                    0.16F, 0.03F),
                   tuft);
  }
  if (p.cap) {
    Surface cap = Surface::plain(p.coat.body.mark * 0.6F);
    cap.atop = true;
    cap.softness = 1;
    painter.fill(Shape(head).ellipse({-0.1F, 0.62F}, {0.9F, 0.42F}, -0.15F), cap);
  }
  Surface horn = Surface::plain(p.beak);
  horn.round = 0.2F;
  horn.shine = 0.3F;
  horn.shadow = 0.15F;
  const float l = p.beak_length;
  const float deep = p.form == BeakForm::kDagger ? 0.2F : 0.34F;
  Shape lower(head);
  lower.triangle({0.78F, 0.02F}, {0.72F, -deep - 0.02F}, {0.85F + 0.8F * l, -0.1F}, 0.03F);
  Surface shaded = horn;
  shaded.base = horn.base * 0.75F;
  painter.fill(lower, shaded);
  Shape upper(head, 0.05F);
  if (p.form == BeakForm::kHook) {
    upper.tube({0.8F, 0.08F}, {0.95F + 0.65F * l, 0.25F}, {0.9F + 0.62F * l, -0.38F}, 0.27F, 0.04F);
  } else {
    upper.triangle({0.72F, deep}, {0.8F, -0.08F}, {0.9F + l, -0.07F}, 0.04F);
  }
  painter.fill(upper, horn);
  paint_eye(painter, head, {{0.32F, 0.2F}, {0.2F, 0.2F}, {0.1F, 0.06F, 0.04F}, {0.13F, 0.13F}}, p.ring);
}

void paint_foot(Painter& painter, const Frame& frame, Vec2 hip, Vec2 ankle, const Plumage& p) {
  painter.stroke(frame, hip, mix(hip, ankle, 0.5F) + Vec2{-0.02F, 0}, ankle, 0.024F, 0.02F, p.leg);
  for (const float toe : {-0.09F, 0.07F, 0.13F})
    painter.stroke(frame, ankle, ankle + Vec2{toe * 0.6F, 0.01F}, ankle + Vec2{toe, -0.025F}, 0.02F, 0.012F, p.leg);
}

}  // namespace fovea::synth
