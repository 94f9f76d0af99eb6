/* See file_check.h. */
#include "datasets/file_check.h"

#include "base/file.h"
#include "base/mem.h"
#include "datasets/image.h"

#include <stdio.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct jobs {
    const struct sb_image_list *list;
    struct sb_file_state *states;
};

static void look_at_file(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct jobs *jobs = ctx;
    const char *const path = jobs->list->items[index].path;
    struct sb_file_state *const state = &jobs->states[index];
    struct sb_image image;
    struct sb_error err;
    if (!sb_is_file(path)) {
        state->verdict = SB_FILE_MISSING;
    } else if (sb_image_load(path, NULL, &image, &err)) {
        state->verdict = SB_FILE_BROKEN;
        snprintf(state->why, sizeof(state->why), "%.*s", (int)sizeof(state->why) - 1, err.message);
    } else {
        state->width = image.width;
        state->height = image.height;
        sb_image_release(&image);
    }
}

int sb_files_check(const struct sb_image_list *list, struct sb_pool *pool,
                   struct sb_file_state **states, struct sb_error *err)
{
    *states = sb_calloc(list->count + 1, sizeof(**states), TAG);
    if (!*states)
        return sb_error_nomem(err, "the files", list->count * sizeof(**states));
    struct jobs jobs = {list, *states};
    sb_pool_run(pool, list->count, look_at_file, &jobs);
    return 0;
}
