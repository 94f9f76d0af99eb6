/* Parts as results. See eval_parts.h. */
#include "cli/eval_parts.h"

#include "base/mem.h"
#include "datasets/results_part.h"

#include <string.h>

#define TAG    SB_MEM_TAG(SB_MEM_DATA, 0)
#define SUFFIX ".part"

/* The results file that a part file lies beside; NULL when out of memory. */
static char *results_of(const char *word)
{
    char *const path = sb_strdup(word);
    if (path)
        path[strlen(path) - strlen(SUFFIX)] = 0;
    return path;
}

static int copy_paths(struct sb_eval_parts *parts, const char *const *words, size_t count,
                      struct sb_error *err)
{
    parts->paths = sb_calloc(count, sizeof(*parts->paths), TAG);
    bool ok = parts->paths != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = (parts->paths[i] = results_of(words[i])) != NULL;
    parts->count = parts->paths ? count : 0;
    return ok ? 0 : sb_error_nomem(err, "names of parts", count * sizeof(*parts->paths));
}

/* order[i]: which word is the i-th shard. */
static int find_order(const struct sb_eval_parts *parts, int32_t *order, struct sb_error *err)
{
    const char **const sorted = sb_calloc(parts->count, sizeof(*sorted), TAG);
    if (!sorted)
        return sb_error_nomem(err, "names of parts", parts->count * sizeof(*sorted));
    for (size_t i = 0; i < parts->count; i++)
        sorted[i] = parts->paths[i];
    const int rc = sb_results_parts_order(sorted, parts->count, err);
    for (size_t i = 0; rc == 0 && i < parts->count; i++) {
        while (sorted[i] != parts->paths[order[i]])
            order[i]++;
    }
    sb_free(sorted);
    return rc;
}

/* Puts the parts into the order of shards, which rank 0 finds out. */
static int sort_paths(struct sb_eval_parts *parts, struct sb_ranks *ranks, struct sb_error *err)
{
    const size_t count = parts->count;
    int32_t *const order = sb_calloc(count, sizeof(*order), TAG);
    char **const sorted = sb_calloc(count, sizeof(*sorted), TAG);
    int rc = order && sorted ? 0 : sb_error_nomem(err, "names of parts", count * 12);
    if (rc == 0 && sb_ranks_rank(ranks) == 0)
        rc = find_order(parts, order, err);
    rc = sb_ranks_agree_input(ranks, rc, 0, err);
    if (rc == 0) {
        sb_ranks_broadcast(ranks, 0, order, count * sizeof(*order));
        for (size_t i = 0; i < count; i++)
            sorted[i] = parts->paths[order[i]];
        memcpy(parts->paths, sorted, count * sizeof(*sorted));
    }
    sb_free(order);
    sb_free(sorted);
    return rc;
}

int sb_eval_parts_choose(struct sb_eval_parts *parts, const char *const *words, size_t count,
                         struct sb_ranks *ranks, struct sb_error *err)
{
    size_t named = 0;
    for (size_t i = 0; i < count; i++)
        named += sb_ends_with(words[i], SUFFIX);
    if (named == 0)
        return 0;
    if (named < count) {
        sb_error_set(err, SB_EINVAL, "%zu of %zu results end in " SUFFIX ", the others do not",
                     named, count);
        return sb_error_hint(err, "parts are one run's results together, and evaluated alone");
    }
    const int rc = sb_ranks_agree(ranks, copy_paths(parts, words, count, err), err);
    return rc ? rc : sort_paths(parts, ranks, err);
}

int sb_eval_parts_load(struct sb_eval_parts *parts, struct sb_coco_dt *dt, struct sb_coco_gt *gt,
                       const struct sb_coco_params *params, struct sb_eval_ranks *team,
                       struct sb_pool *pool, struct sb_error *err)
{
    struct sb_map map = {0};
    const char *const label = parts->paths[0];
    int rc = sb_result_parts_open(&parts->joined, (const char *const *)parts->paths, parts->count,
                                  &map, err);
    rc = sb_eval_ranks_compare(team, &map, rc, label, err);
    if (rc)
        sb_map_release(&map);
    else
        rc = sb_coco_dt_read(dt, &map, label, gt, params, team, pool, err);
    /* bytes of the joined parts, which a warning cannot point to */
    dt->unknown_images.first_at = dt->unknown_categories.first_at = -1;
    return rc;
}

void sb_eval_parts_locate(const struct sb_eval_parts *parts, struct sb_error *err)
{
    if (parts->joined.starts && strcmp(err->path, parts->paths[0]) == 0)
        sb_result_parts_locate(&parts->joined, err);
}

void sb_eval_parts_release(struct sb_eval_parts *parts)
{
    sb_result_parts_release(&parts->joined);
    for (size_t i = 0; i < parts->count; i++)
        sb_free(parts->paths[i]);
    sb_free(parts->paths);
    memset(parts, 0, sizeof(*parts));
}
