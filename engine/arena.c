/* Lifetimes of values, sharing of places, and offsets. See arena.h. */
#include "engine/arena.h"

#include "base/mem.h"
#include "engine/memplan.h"

#include <string.h>

size_t sb_value_bytes(const struct sb_value *value)
{
    return value->streamed ? 0 : sb_value_count(value) * sizeof(float);
}

static void extend(struct sb_block *live, int last)
{
    if (live->last < last)
        live->last = last;
}

/* Lifetimes by value; first < 0 marks values that do not exist. Steps count from 1, so that inputs
 * can live from 0. */
static void find_lifetimes(const struct sb_steps *steps, bool reuse, struct sb_block *lives)
{
    const int end = (int)steps->count + 1;
    for (size_t v = 0; v < steps->num_values; v++) {
        const struct sb_value *value = &steps->values[v];
        const bool input = value->node->op == SB_OP_INPUT;
        const int made = value->producer < 0
                             ? -1
                             : (int)sb_steps_group_start(steps, (size_t)value->producer) + 1;
        lives[v].bytes = sb_value_bytes(value);
        lives[v].first = input ? 0 : made;
        lives[v].last = input || value->output || !reuse ? end : lives[v].first;
        if (!reuse && lives[v].first > 0)
            lives[v].first = 0;
    }
    for (size_t s = 0; s < steps->count; s++) {
        const struct sb_step *step = &steps->items[s];
        const int last = (int)sb_steps_group_end(steps, s);
        extend(&lives[step->value], last);
        for (int k = 0; k < step->num_inputs; k++)
            extend(&lives[step->inputs[k]], last);
        if (step->residual != SB_NO_VALUE)
            extend(&lives[step->residual], last);
    }
}

/* place[v] = the value whose block v lives in; blocks are extended to the lives they hold. */
static void share_places(const struct sb_steps *steps, bool reuse, const struct sb_block *lives,
                         struct sb_block *blocks, int *place)
{
    for (size_t v = 0; v < steps->num_values; v++)
        place[v] = (int)v;
    for (size_t s = 0; reuse && s < steps->count; s++) {
        const int value = steps->items[s].value, operand = steps->items[s].overwrites;
        if (operand == SB_NO_VALUE)
            continue;
        place[value] = place[operand];
        blocks[place[value]].last = lives[value].last;
    }
}

/* Moves the blocks that need a place to the front; index[] says whose they are. */
static size_t gather(const struct sb_steps *steps, const int *place, struct sb_block *blocks,
                     int *index)
{
    size_t n = 0;
    for (size_t v = 0; v < steps->num_values; v++) {
        if (place[v] != (int)v || blocks[v].first < 0 || steps->values[v].streamed)
            continue;
        index[n] = (int)v;
        blocks[n++] = blocks[v];
    }
    return n;
}

static int place_blocks(const struct sb_steps *steps, struct sb_block *blocks, const int *place,
                        int *index, size_t *offsets, size_t *arena_bytes, size_t *peak_bytes,
                        struct sb_error *err)
{
    const size_t n = gather(steps, place, blocks, index);
    const int rc = sb_memplan(blocks, n, arena_bytes, err);
    if (rc != 0)
        return rc;
    for (size_t v = 0; v < steps->num_values; v++)
        offsets[v] = SB_NO_OFFSET;
    for (size_t i = 0; i < n; i++)
        offsets[index[i]] = blocks[i].offset;
    for (size_t v = 0; v < steps->num_values; v++)
        offsets[v] = offsets[place[v]];
    if (peak_bytes)
        *peak_bytes = sb_memplan_peak(blocks, n);
    return 0;
}

int sb_arena_plan(const struct sb_steps *steps, bool reuse, size_t *offsets, size_t *arena_bytes,
                  size_t *peak_bytes, struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    const size_t n = steps->num_values;
    struct sb_block *lives = sb_calloc(2 * n, sizeof(*lives), tag);
    int *place = sb_calloc(2 * n, sizeof(*place), tag);
    int rc = lives && place ? 0 : sb_error_nomem(err, "the memory plan", 2 * n * sizeof(*lives));
    if (rc == 0) {
        struct sb_block *blocks = lives + n;
        find_lifetimes(steps, reuse, lives);
        memcpy(blocks, lives, n * sizeof(*blocks));
        share_places(steps, reuse, lives, blocks, place);
        rc = place_blocks(steps, blocks, place, place + n, offsets, arena_bytes, peak_bytes, err);
    }
    sb_free(lives);
    sb_free(place);
    return rc;
}
