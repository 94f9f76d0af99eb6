/* Names of COCO's 80 object categories under their original ids. */
#ifndef SB_DATASETS_COCO_NAMES_H
#define SB_DATASETS_COCO_NAMES_H

#include <stdint.h>

/* "person" for 1 .. "toothbrush" for 90; NULL for the ids that COCO leaves out and all others. */
const char *sb_coco_name(int64_t category_id);

#endif
