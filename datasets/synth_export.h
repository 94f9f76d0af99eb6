/*
 * Writes the embedded data set to a folder, in the layouts of the real ones:
 *
 * SB_SYNTH_SCENES (datasets/synth_scene.h), as COCO:
 *     DIR/annotations/instances_SPLIT.json    boxes, compressed RLE masks, crowd regions
 *     DIR/SPLIT/000000000001.png ...
 * SB_SYNTH_SPECIES (datasets/synth_species.h), as iNaturalist 2018:
 *     DIR/SPLIT.json                          images, annotations, categories with supercategories
 *     DIR/SPLIT.txt                           "FILE CATEGORY" per line
 *     DIR/SPLIT/SUPERCATEGORY/CATEGORY/HASH.png
 *
 * The same options give the same pixels, masks and annotation files on every machine and for any
 * number of threads. The PNG files hold the same pixels; their bytes also depend on zlib, whose
 * settings are fixed in datasets/image_png.c.
 */
#ifndef SB_DATASETS_SYNTH_EXPORT_H
#define SB_DATASETS_SYNTH_EXPORT_H

#include "base/pool.h"
#include "base/progress.h"
#include "base/str.h"

#include <stdint.h>

enum sb_synth_set { SB_SYNTH_SCENES, SB_SYNTH_SPECIES };

struct sb_synth_options {
    enum sb_synth_set set;
    const char *dir;   /* created with its parents */
    const char *split; /* letters, digits, '_' and '-', at most 32; "val" */
    uint64_t seed;
    size_t images; /* 1..1,000,000 */
};

struct sb_synth_written {
    struct sb_str annotations; /* path of the annotation file, owned */
    struct sb_str images;      /* folder that its file names are relative to, owned */
    size_t objects;            /* annotations written */
    uint64_t digest;           /* of all pixels and annotations */
};
void sb_synth_written_release(struct sb_synth_written *written);

/* pool and progress may be NULL. The annotation file appears last, when every image is there. */
int sb_synth_write(const struct sb_synth_options *options, struct sb_pool *pool,
                   struct sb_progress *progress, struct sb_synth_written *out,
                   struct sb_error *err);

#endif
