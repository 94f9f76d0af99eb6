/* Level tags of the graph: where in the pyramid a node's output lives. */
#ifndef SB_MODELS_LEVEL_H
#define SB_MODELS_LEVEL_H

/* L1..L7 are feature maps of stride 2^level; values are also the memory groups of base/mem.h. */
enum sb_level {
    SB_LEVEL_NONE = 0, /* not part of the pyramid: inputs, post-processing */
    SB_LEVEL_1,
    SB_LEVEL_2,
    SB_LEVEL_3,
    SB_LEVEL_4,
    SB_LEVEL_5,
    SB_LEVEL_6,
    SB_LEVEL_7,
    SB_LEVEL_STEM, /* stem conv and pool, before the first L2 block */
    SB_LEVEL_HEAD, /* heads without a level of their own (box head, mask head, classifier) */
    SB_LEVEL_COUNT
};

/* "none", "L1".."L7", "stem", "head". */
const char *sb_level_name(enum sb_level level);

#endif
