/* A list of names. See choices.h. */
#include "engine/choices.h"

#include "base/mem.h"

#include <string.h>

int sb_choices_add(struct sb_choices *choices, const char *path, const char *kernel,
                   struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    struct sb_choice choice = {sb_strdup(path), sb_strdup(kernel)};
    if (!choice.path || !choice.kernel ||
        sb_grow(&choices->items, &choices->capacity, choices->count + 1, sizeof(choice), tag)) {
        sb_free(choice.path);
        sb_free(choice.kernel);
        return sb_error_nomem(err, "kernel choices", choices->count * sizeof(choice));
    }
    choices->items[choices->count++] = choice;
    return 0;
}

void sb_choices_release(struct sb_choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        sb_free(choices->items[i].path);
        sb_free(choices->items[i].kernel);
    }
    sb_free(choices->items);
    *choices = (struct sb_choices){0};
}

const char *sb_choices_find(const struct sb_choices *choices, const char *path)
{
    for (size_t i = 0; choices && i < choices->count; i++) {
        const char *name = choices->items[i].path;
        if (strcmp(name, path) == 0 || strcmp(name, SB_EVERY_STEP) == 0)
            return choices->items[i].kernel;
    }
    return NULL;
}
