/* What ranks tell each other about the ground truth: the small lists go to all, annotations to the
 * owners of their images. See coco_gt_ranks.h. */
#include "eval/coco_gt_ranks.h"

#include "base/mem.h"
#include "base/rng.h"
#include "eval/duplicate_ids.h"
#include "eval/id_ranks.h"
#include "eval/metric.h"
#include "eval/row_routes.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Ids of all that was read, once the pools are one. */
static void renew_ids(struct sb_gt_loader *l, const int64_t *fresh)
{
    struct sb_image_row *const images = l->images.data;
    struct sb_category_row *const categories = l->categories.data;
    for (size_t i = 0; i < l->images.count; i++)
        images[i].id = sb_id_renewed(fresh, images[i].id);
    for (size_t i = 0; i < l->categories.count; i++)
        categories[i].id = sb_id_renewed(fresh, categories[i].id);
    for (size_t i = 0; i < l->gt->count; i++) {
        l->id[i] = sb_id_renewed(fresh, l->id[i]);
        l->image_id[i] = sb_id_renewed(fresh, l->image_id[i]);
        l->category_id[i] = sb_id_renewed(fresh, l->category_id[i]);
    }
}

static int share_ids(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    int64_t *fresh;
    const int rc = sb_id_pool_share(&l->gt->ids, ranks, &fresh, err);
    if (rc == 0 && fresh)
        renew_ids(l, fresh);
    sb_free(fresh);
    return rc;
}

/* Appends the JSON value at *at of the file; *at becomes its place in out. */
static int copy_list(struct sb_gt_loader *l, uint64_t *at, struct sb_str *out, struct sb_error *err)
{
    const struct sb_map *const map = &l->gt->map;
    struct sb_scan s = {map->data, map->data + *at, map->data + map->size, NULL, err, 0};
    const char *const start = s.pos;
    const int rc = sb_scan_skip(&s);
    *at = out->length;
    sb_str_append(out, start, (size_t)(s.pos - start));
    if (rc)
        return rc;
    return out->failed ? sb_error_nomem(err, "lists of categories", out->length) : 0;
}

/* The lists of categories of this rank's images. */
static int copy_lists(struct sb_gt_loader *l, struct sb_str *out, struct sb_error *err)
{
    struct sb_image_row *const rows = l->images.data;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < l->images.count; i++) {
        rc = copy_list(l, &rows[i].negative_at, out, err);
        if (rc == 0)
            rc = copy_list(l, &rows[i].not_exhaustive_at, out, err);
    }
    return rc;
}

/* What of an image travels: its id, and what the metric needs. */
struct image_wire {
    bool sizes, crowding, lists;
    size_t bytes;
};

static struct image_wire image_wire(const struct sb_coco_params *p)
{
    struct image_wire w = {sb_needs_image_sizes(p), p->metric->protocol == SB_PROTOCOL_CROWDPOSE,
                           p->metric->protocol == SB_PROTOCOL_LVIS, 0};
    w.bytes = sizeof(int64_t) + (w.sizes ? 2 * sizeof(int32_t) : 0) +
              (w.crowding ? sizeof(double) : 0) + (w.lists ? 2 * sizeof(uint64_t) : 0);
    return w;
}

/* Between a value and its bytes at `at`; returns where the next one is. */
static char *convert(char *at, void *value, size_t bytes, bool wanted, bool write)
{
    if (!wanted)
        return at;
    memcpy(write ? at : value, write ? value : at, bytes);
    return at + bytes;
}

static void convert_image(const struct image_wire *w, struct sb_image_row *row, char *at,
                          bool write)
{
    at = convert(at, &row->id, sizeof(row->id), true, write);
    at = convert(at, &row->height, sizeof(row->height), w->sizes, write);
    at = convert(at, &row->width, sizeof(row->width), w->sizes, write);
    at = convert(at, &row->crowding, sizeof(row->crowding), w->crowding, write);
    at = convert(at, &row->negative_at, sizeof(row->negative_at), w->lists, write);
    convert(at, &row->not_exhaustive_at, sizeof(row->not_exhaustive_at), w->lists, write);
}

/* The images of this rank as bytes; NULL when out of memory. */
static char *pack_images(const struct image_wire *w, const struct sb_rows *images)
{
    struct sb_image_row *const rows = images->data;
    char *const out = sb_calloc(images->count, w->bytes, TAG);
    for (size_t i = 0; out && i < images->count; i++)
        convert_image(w, &rows[i], out + i * w->bytes, true);
    return out;
}

/* The images of all ranks. lists: what each rank's lists of categories take. */
static int unpack_images(const struct image_wire *w, const struct sb_gathered *all,
                         const size_t *lists, struct sb_rows *images, struct sb_error *err)
{
    const size_t count = all->total / w->bytes;
    struct sb_image_row *const rows = sb_calloc(count, sizeof(*rows), TAG);
    if (!rows)
        return sb_error_nomem(err, "images", count * sizeof(*rows));
    size_t rank = 0, end = all->bytes[0], shift = 0;
    for (size_t i = 0; i < count; i++) {
        while (i * w->bytes >= end) { /* places of lists become those in the lists of all */
            shift += w->lists ? lists[rank] : 0;
            end += all->bytes[++rank];
        }
        convert_image(w, &rows[i], all->data + i * w->bytes, false);
        rows[i].negative_at += shift;
        rows[i].not_exhaustive_at += shift;
    }
    sb_free(images->data);
    images->data = rows;
    images->count = images->capacity = count;
    return 0;
}

/* The lists of categories of all ranks' images; places in the rows are those in this rank's. */
static int share_lists(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_gathered *lists,
                       struct sb_error *err)
{
    struct sb_str mine = SB_STR_INIT;
    char *text;
    int rc = sb_ranks_agree(ranks, copy_lists(l, &mine, err), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine.data, mine.length, lists, err);
    sb_str_release(&mine);
    if (rc)
        return rc;
    rc = sb_map_new(&l->lists, lists->total, &text, err);
    if (rc == 0 && lists->total > 0)
        memcpy(text, lists->data, lists->total);
    return sb_ranks_agree(ranks, rc, err);
}

static int share_images(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    const struct image_wire wire = image_wire(l->params);
    struct sb_gathered all = {0}, lists = {0};
    int rc = wire.lists ? share_lists(l, ranks, &lists, err) : 0;
    char *const mine = rc ? NULL : pack_images(&wire, &l->images);
    if (rc == 0)
        rc = sb_ranks_agree(ranks, mine ? 0 : sb_error_nomem(err, "images", wire.bytes), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine, l->images.count * wire.bytes, &all, err);
    if (rc == 0)
        rc = sb_ranks_agree(ranks, unpack_images(&wire, &all, lists.bytes, &l->images, err), err);
    sb_free(mine);
    sb_gathered_release(&all);
    sb_gathered_release(&lists);
    return rc;
}

/* Names of all ranks' categories, each behind the 1 that says there is one, or a 0 alone. */
static int copy_names(const struct sb_rows *categories, struct sb_str *out, struct sb_error *err)
{
    const struct sb_category_row *const rows = categories->data;
    for (size_t i = 0; i < categories->count; i++) {
        sb_str_append(out, rows[i].name ? "\1" : "", 1);
        if (rows[i].name)
            sb_str_append(out, rows[i].name, strlen(rows[i].name) + 1);
    }
    return out->failed ? sb_error_nomem(err, "names of categories", out->length) : 0;
}

static int read_names(struct sb_rows *categories, const char *names, struct sb_error *err)
{
    struct sb_category_row *const rows = categories->data;
    int rc = 0;
    for (size_t i = 0; i < categories->count; i++)
        rows[i].name = NULL; /* a pointer of another rank */
    for (size_t i = 0; rc == 0 && i < categories->count; i++) {
        if (*names++ == 0)
            continue;
        rows[i].name = sb_strdup(names);
        rc = rows[i].name ? 0 : sb_error_nomem(err, "names of categories", strlen(names));
        names += strlen(names) + 1;
    }
    return rc;
}

/* *rows becomes the rows of all ranks; what is left of `all` is the caller's to release. */
static int share_rows(struct sb_rows *rows, size_t bytes, struct sb_ranks *ranks,
                      struct sb_gathered *all, struct sb_error *err)
{
    const int rc = sb_ranks_gather_any(ranks, rows->data, rows->count * bytes, all, err);
    if (rc)
        return rc;
    sb_free(rows->data);
    rows->data = all->data; /* ownership moves */
    all->data = NULL;
    rows->count = rows->capacity = all->total / bytes;
    return 0;
}

static int share_categories(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    struct sb_gathered rows = {0}, names = {0};
    struct sb_str mine = SB_STR_INIT;
    int rc = sb_ranks_agree(ranks, copy_names(&l->categories, &mine, err), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine.data, mine.length, &names, err);
    sb_str_release(&mine);
    if (rc == 0) {
        struct sb_category_row *const own = l->categories.data;
        for (size_t i = 0; i < l->categories.count; i++)
            sb_free(own[i].name);
        rc = share_rows(&l->categories, sizeof(*own), ranks, &rows, err);
        if (rc)
            l->categories.count = 0; /* their names are gone */
        else
            rc = read_names(&l->categories, names.data, err);
        rc = sb_ranks_agree(ranks, rc, err);
    }
    sb_gathered_release(&rows);
    sb_gathered_release(&names);
    return rc;
}

int sb_gt_share(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    if (!ranks)
        return 0;
    sb_ranks_sum(ranks, l->gt->notes.count, SB_RULES);
    int rc = share_ids(l, ranks, err);
    if (rc == 0)
        rc = share_images(l, ranks, err);
    return rc ? rc : share_categories(l, ranks, err);
}

/* The ids of a rank's annotations, seen from the others. */
struct id_span {
    int64_t first, last, count, ascending;
};

static bool all_ascend(const struct id_span *spans, int count)
{
    const struct id_span *before = NULL;
    for (int r = 0; r < count; r++) {
        if (spans[r].count == 0)
            continue;
        if (!spans[r].ascending || (before && before->last >= spans[r].first))
            return false;
        before = &spans[r];
    }
    return true;
}

/* Proof by order that no id repeats. */
static int check_order(const struct sb_gt_loader *l, struct sb_ranks *ranks, bool *proven,
                       struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(ranks), count = l->gt->count;
    struct id_span *const all = sb_calloc(n, sizeof(*all), TAG);
    struct id_span mine = {0, 0, (int64_t)count, 1};
    const int rc = sb_ranks_agree(
        ranks, all ? 0 : sb_error_nomem(err, "ids of annotations", n * sizeof(*all)), err);
    if (count > 0) {
        mine.first = l->id[0];
        mine.last = l->id[count - 1];
    }
    for (size_t i = 1; i < count; i++)
        mine.ascending = mine.ascending && l->id[i - 1] < l->id[i];
    if (rc == 0) {
        sb_ranks_gather(ranks, &mine, sizeof(mine), all);
        *proven = all_ascend(all, (int)n);
    }
    sb_free(all);
    return rc;
}

/* Each id goes to the rank that its hash says, which so sees all annotations that have it. */
static int count_by_hash(const struct sb_gt_loader *l, struct sb_ranks *ranks, int64_t *repeats,
                         struct sb_error *err)
{
    const size_t count = l->gt->count;
    struct sb_route route;
    int32_t *const to = sb_malloc(count * sizeof(*to), TAG);
    int64_t *ids = sb_malloc(count * sizeof(*ids), TAG);
    size_t found = 0;
    int rc = to && ids ? 0 : sb_error_nomem(err, "ids of annotations", count * 12);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        to[i] = (int32_t)(sb_rng_mix((uint64_t)l->id[i]) % (uint64_t)sb_ranks_count(ranks));
        ids[i] = l->id[i];
    }
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc) {
        sb_free(to);
        sb_free(ids);
        return rc;
    }
    rc = sb_route_plan(&route, ranks, to, count, err);
    if (rc == 0)
        rc = sb_route_column(&route, &ids, true, SB_CELL_INT64, 1, err);
    if (rc == 0)
        rc = sb_ranks_agree(ranks, sb_count_repeats(ids, route.total, &found, err), err);
    *repeats = (int64_t)found;
    if (rc == 0)
        sb_ranks_sum(ranks, repeats, 1);
    sb_route_release(&route);
    sb_free(ids);
    return rc;
}

/* Whether any two annotations of all ranks have one id, where that matters. */
static int find_repeats(const struct sb_gt_loader *l, struct sb_ranks *ranks, bool *found,
                        struct sb_error *err)
{
    bool proven = true;
    int64_t repeats = 0;
    int rc = 0;
    *found = false;
    if (l->params->rules[SB_RULE_REPEATED_IDS] == SB_REPEATED_EACH)
        return 0;
    rc = check_order(l, ranks, &proven, err);
    if (rc == 0 && !proven)
        rc = count_by_hash(l, ranks, &repeats, err);
    *found = repeats > 0;
    return rc;
}

/* The columns that every evaluation has, and those that this one has; not the texts. */
static int route_columns(struct sb_route *route, struct sb_gt_loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const struct sb_coco_params *const p = l->params;
    int rc = sb_route_column(route, &gt->image, true, SB_CELL_INT32, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &gt->category, true, SB_CELL_INT32, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &gt->box, sb_needs_boxes(p), SB_CELL_DOUBLE, 4, err);
    if (rc == 0)
        rc = sb_route_column(route, &gt->area, true, SB_CELL_DOUBLE, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &gt->flags, true, SB_CELL_BYTE, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &gt->keypoints, sb_compares_keypoints(p), SB_CELL_DOUBLE,
                             3 * p->keypoint_count, err);
    return rc;
}

enum aim { TO_OWNERS, TO_EVERYONE, ONLY_OWN };

static int32_t destination(const struct sb_eval_ranks *team, int32_t image, enum aim aim)
{
    const int32_t owner = sb_image_owner(team, image);
    if (aim == TO_EVERYONE)
        return SB_ROUTE_EVERYONE;
    return aim == ONLY_OWN && owner != sb_ranks_rank(team->ranks) ? SB_ROUTE_NOWHERE : owner;
}

static int plan(struct sb_route *route, const struct sb_coco_gt *gt,
                const struct sb_eval_ranks *team, enum aim aim, struct sb_error *err)
{
    int32_t *const to = sb_malloc(gt->count * sizeof(*to), TAG);
    const int rc = sb_ranks_agree(
        team->ranks, to ? 0 : sb_error_nomem(err, "owners", gt->count * sizeof(*to)), err);
    if (rc) {
        sb_free(to);
        return rc;
    }
    for (size_t i = 0; i < gt->count; i++)
        to[i] = destination(team, gt->image[i], aim);
    return sb_route_plan(route, team->ranks, to, gt->count, err);
}

int sb_gt_route(struct sb_gt_loader *l, struct sb_eval_ranks *team, bool *everywhere,
                struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    struct sb_route route;
    int rc = find_repeats(l, team->ranks, everywhere, err);
    if (rc == 0)
        rc = sb_eval_ranks_deal(team, gt->image, gt->count, gt->images.count, err);
    if (rc == 0)
        rc = plan(&route, gt, team, *everywhere ? TO_EVERYONE : TO_OWNERS, err);
    if (rc)
        return rc;
    route.capacity = l->capacity;
    rc = route_columns(&route, l, err);
    if (rc == 0)
        rc = sb_route_column(&route, &l->id, *everywhere, SB_CELL_INT64, 1, err);
    if (rc == 0)
        rc = sb_route_texts(&route, &gt->map, &gt->shape_at, &gt->shape_from,
                            sb_needs_masks(l->params), err);
    gt->count = route.total;
    sb_route_release(&route);
    return rc;
}

int sb_gt_keep_own(struct sb_gt_loader *l, struct sb_eval_ranks *team, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    struct sb_route route;
    int rc = plan(&route, gt, team, ONLY_OWN, err);
    if (rc)
        return rc;
    rc = route_columns(&route, l, err);
    if (rc == 0)
        rc = sb_route_column(&route, &gt->listed_image, gt->listed_image != NULL, SB_CELL_INT32, 1,
                             err);
    if (rc == 0)
        rc = sb_route_column(&route, &gt->shape_at, sb_needs_masks(l->params), SB_CELL_INT64, 1,
                             err);
    if (rc == 0)
        rc = sb_route_column(&route, &gt->shape_from, sb_needs_masks(l->params), SB_CELL_INT64, 1,
                             err);
    gt->count = route.total;
    sb_route_release(&route);
    return rc;
}
