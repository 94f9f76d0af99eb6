/*
 * The places of the embedded data set: sky, far things and a ground plane seen in perspective. An
 * upright thing of H cm whose foot stands in row y is H * (y - horizon) / camera_cm pixels tall.
 */
#ifndef SB_DATASETS_SYNTH_BACKDROP_H
#define SB_DATASETS_SYNTH_BACKDROP_H

#include "datasets/synth_raster.h"

enum sb_place { SB_PLACE_STREET, SB_PLACE_MEADOW, SB_PLACE_SHORE, SB_PLACES };

struct sb_backdrop {
    enum sb_place place;
    int horizon;        /* row */
    int waterline;      /* last row of the sea; horizon where there is none */
    int camera_cm;      /* height of the eye above the ground */
    struct sb_rgb haze; /* what far things fade to */
};

/* Chooses a place and paints it over the whole image of the canvas. */
void sb_backdrop_paint(struct sb_canvas *canvas, struct sb_rng *rng, struct sb_backdrop *out);

/* The camera's part: exposure, colour cast, darker corners, blur and sensor noise. */
void sb_photograph(struct sb_image *image, struct sb_rng *rng);

#endif
