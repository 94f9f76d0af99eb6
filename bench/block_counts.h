/* How many blocks of a backbone lie at each level, as papers tabulate scale-permuted networks. */
#ifndef SB_BENCH_BLOCK_COUNTS_H
#define SB_BENCH_BLOCK_COUNTS_H

#include "base/error.h"

#include <stdbool.h>

struct sb_block_counts {
    bool has_permuted; /* false for networks whose blocks all come in order of scale */
    int stem[8];       /* [level]; of networks without a permuted part: all blocks */
    int permuted[8];   /* [level] */
};

/* model: zoo name or path of a spec. */
int sb_count_blocks(const char *model, struct sb_block_counts *out, struct sb_error *err);

#endif
