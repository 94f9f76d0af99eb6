/* Evaluations over ranks: files, owners, times. See eval_ranks.h. */
#include "eval/eval_ranks.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "eval/row_routes.h"

#include <string.h>

#define TAG          SB_MEM_TAG(SB_MEM_DATA, 0)
#define SAMPLES      64
#define SAMPLE_BYTES ((size_t)4096)
#define STRETCHES    4096

static int64_t own_time_ns(const struct sb_eval_ranks *team)
{
    return sb_now_ns() - sb_ranks_waited_ns(team->ranks);
}

void sb_eval_ranks_init(struct sb_eval_ranks *team, struct sb_ranks *ranks)
{
    memset(team, 0, sizeof(*team));
    team->ranks = ranks;
    team->mark_ns = own_time_ns(team);
}

void sb_eval_ranks_release(struct sb_eval_ranks *team)
{
    sb_free(team->first_image);
    memset(team, 0, sizeof(*team));
}

struct sb_ranks *sb_eval_ranks_of(const struct sb_eval_ranks *team)
{
    return team && sb_ranks_count(team->ranks) > 1 ? team->ranks : NULL;
}

void sb_eval_ranks_spent(struct sb_eval_ranks *team, enum sb_eval_stage stage)
{
    if (!team)
        return;
    const int64_t now_ns = own_time_ns(team);
    team->work.busy_ns[stage] += now_ns - team->mark_ns;
    team->mark_ns = now_ns;
}

/* Digest of the size and of blocks spread over the file; of all of a small one. */
static uint64_t sample(const struct sb_map *map)
{
    uint64_t digest = sb_fnv1a(SB_FNV_START, &map->size, sizeof(map->size));
    if (map->size <= SAMPLES * SAMPLE_BYTES)
        return sb_fnv1a(digest, map->data, map->size);
    for (size_t i = 0; i < SAMPLES; i++) {
        const size_t at = (map->size - SAMPLE_BYTES) / (SAMPLES - 1) * i;
        digest = sb_fnv1a(digest, map->data + at, SAMPLE_BYTES);
    }
    return digest;
}

int sb_eval_ranks_compare(const struct sb_eval_ranks *team, const struct sb_map *map, int rc,
                          const char *path, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    if (!ranks)
        return rc;
    rc = sb_ranks_agree(ranks, rc, err);
    return rc ? rc : sb_ranks_same(ranks, sample(map), "the file", path, err);
}

int sb_eval_ranks_map(const struct sb_eval_ranks *team, struct sb_map *map, const char *path,
                      struct sb_error *err)
{
    return sb_eval_ranks_compare(team, map, sb_map_open(map, path, err), path, err);
}

/* Images are dealt in stretches of so many, so that the counts of few have to travel. */
static size_t stretch(size_t images)
{
    return images / STRETCHES + 1;
}

/* Cuts the images so that every rank has about its share of the weights. objects: of each stretch.
 */
static void cut(struct sb_eval_ranks *team, const int64_t *objects, size_t images, int64_t all)
{
    const size_t n = (size_t)sb_ranks_count(team->ranks), step = stretch(images);
    const double mean = all > 0 ? (double)all / (double)images : 1;
    const double share = ((double)all + mean * (double)images) / (double)n;
    double sum = 0;
    size_t r = 1;
    for (size_t i = 0, at = 0; at < images; i++, at += step) {
        while (r < n && sum >= share * (double)r)
            team->first_image[r++] = (int32_t)at;
        sum += (double)objects[i] + mean * (double)step;
    }
    while (r <= n)
        team->first_image[r++] = (int32_t)images;
}

int sb_eval_ranks_deal(struct sb_eval_ranks *team, const int32_t *image, size_t objects,
                       size_t images, struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(team->ranks), step = stretch(images);
    const size_t stretches = images / step + 1;
    int64_t *const counts = sb_calloc(stretches, sizeof(*counts), TAG);
    team->first_image = sb_calloc(n + 1, sizeof(*team->first_image), TAG);
    int rc = counts && team->first_image
                 ? 0
                 : sb_error_nomem(err, "owners of images", stretches * sizeof(*counts));
    rc = sb_ranks_agree(team->ranks, rc, err);
    if (rc == 0) {
        int64_t all = 0;
        for (size_t i = 0; i < objects; i++) {
            if (image[i] >= 0)
                counts[(size_t)image[i] / step]++;
        }
        sb_ranks_sum(team->ranks, counts, stretches);
        for (size_t i = 0; i < stretches; i++)
            all += counts[i];
        cut(team, counts, images, all);
    }
    sb_free(counts);
    return rc;
}

int32_t sb_image_owner(const struct sb_eval_ranks *team, int32_t image)
{
    if (image < 0)
        return SB_ROUTE_NOWHERE;
    int32_t lo = 0, hi = (int32_t)sb_ranks_count(team->ranks) - 1;
    while (lo < hi) { /* the last rank that starts at the image or before it */
        const int32_t mid = hi - (hi - lo) / 2;
        if (team->first_image[mid] <= image)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}
