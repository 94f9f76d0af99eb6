/*
 * Scenes of the embedded data set for detection: a place with clutter and 3 to 20 objects of 13
 * classes, 8 to 220 pixels, that stand in perspective and hide each other; masks and boxes are of
 * what can be seen. A scene depends on (seed, split, index) alone: integer arithmetic throughout,
 * so its pixels and masks are the same on every machine.
 *
 * Telling the classes apart takes both detail and context: dog, cat and sheep share a body plan;
 * car, bus and truck their wheels; ball, balloon, clock and (of no class) sign and lamp are all
 * round.
 *
 *     struct sb_scene scene;
 *     int rc = sb_scene_make(7, "val", 0, &scene, &err);
 *     ... scene.image, scene.objects[i].mask ...
 *     sb_scene_release(&scene);
 */
#ifndef SB_DATASETS_SYNTH_SCENE_H
#define SB_DATASETS_SYNTH_SCENE_H

#include "datasets/image.h"
#include "datasets/rle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_SCENE_SIZE 256 /* pixels per side */

struct sb_scene_class {
    const char *name;
    const char *supercategory;
};
/* Category id = index + 1. */
#define SB_SCENE_CLASSES 13
extern const struct sb_scene_class sb_scene_classes[SB_SCENE_CLASSES];

struct sb_scene_object {
    int category;       /* 1..SB_SCENE_CLASSES */
    bool crowd;         /* a group whose members are not told apart */
    int box[4];         /* x, y, width, height of the visible pixels */
    uint32_t area;      /* visible pixels */
    struct sb_rle mask; /* of the visible pixels */
};

struct sb_scene {
    struct sb_image image;
    size_t count;
    struct sb_scene_object *objects; /* owned */
};

int sb_scene_make(uint64_t seed, const char *split, uint64_t index, struct sb_scene *out,
                  struct sb_error *err);
void sb_scene_release(struct sb_scene *scene);

#endif
