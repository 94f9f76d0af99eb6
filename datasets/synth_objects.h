/*
 * The things of the embedded data set: one function per class draws an example whose details
 * (pose, colours, markings) come from rng. SB_UNIT is the object's height, except for flying birds
 * (wing span); the origin is the middle of its foot, or its middle where it floats. Every function
 * draws the same shapes for the same rng state, whatever the pen.
 */
#ifndef SB_DATASETS_SYNTH_OBJECTS_H
#define SB_DATASETS_SYNTH_OBJECTS_H

#include "datasets/synth_raster.h"

#define SB_RGB(red, green, blue)                                                                   \
    (struct sb_rgb)                                                                                \
    {                                                                                              \
        red, green, blue                                                                           \
    }

typedef void (*sb_draw_fn)(const struct sb_pen *pen, struct sb_rng *rng);

void sb_draw_car(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_bus(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_truck(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_bicycle(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_boat(const struct sb_pen *pen, struct sb_rng *rng);

void sb_draw_person(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_dog(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_cat(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_sheep(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_bird(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_flying_bird(const struct sb_pen *pen, struct sb_rng *rng);

void sb_draw_ball(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_balloon(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_clock(const struct sb_pen *pen, struct sb_rng *rng);

/* Clutter: drawn and hiding things, but of no class. */
void sb_draw_post(const struct sb_pen *pen, struct sb_rng *rng); /* what a clock hangs on */
void sb_draw_sign(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_lamp(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_tree(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_bush(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_rock(const struct sb_pen *pen, struct sb_rng *rng);
void sb_draw_parasol(const struct sb_pen *pen, struct sb_rng *rng);

/* A lively colour for things that people paint. */
struct sb_rgb sb_paint_colour(struct sb_rng *rng);

#endif
