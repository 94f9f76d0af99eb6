/* Kernels chosen by name for steps by path: what a tuning run found (bench/tuning.h). */
#ifndef SB_ENGINE_CHOICES_H
#define SB_ENGINE_CHOICES_H

#include "base/error.h"

#include <stddef.h>

/* Stands for every step. */
#define SB_EVERY_STEP "*"

struct sb_choice {
    char *path;   /* of a node, owned */
    char *kernel; /* name, owned */
};

/* Zeroed: none. */
struct sb_choices {
    struct sb_choice *items;
    size_t count, capacity;
};

int sb_choices_add(struct sb_choices *choices, const char *path, const char *kernel,
                   struct sb_error *err);
void sb_choices_release(struct sb_choices *choices);
/* The kernel for a step, or for every step; NULL when the kernel table decides. choices may be
 * NULL. */
const char *sb_choices_find(const struct sb_choices *choices, const char *path);

#endif
