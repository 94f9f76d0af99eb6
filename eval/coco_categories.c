/* Statistics per class. See coco_categories.h. */
#include "eval/coco_categories.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

size_t sb_category_limit(const struct sb_coco_params *params)
{
    const int32_t limit = sb_stat_limit(params, SB_STAT_THIRD, 0);
    size_t m = 0;
    while (m + 1 < params->max_det_count && params->max_dets[m] != limit)
        m++;
    return m;
}

/* Mean over `count` values of a class, all of which are -1 where it has no object. */
static double mean_of(const double *values, size_t count, enum sb_numpy_order order)
{
    return *values > -1 ? sb_numpy_mean(values, count, order) : -1;
}

/* AP at one threshold, or -1 where the evaluation does not have it. */
static double ap_at(const struct sb_coco_params *p, const double *precision, double iou,
                    enum sb_numpy_order order)
{
    for (size_t t = 0; t < p->iou_count; t++) {
        if (p->iou_thresholds[t] == iou)
            return mean_of(precision + t * p->recall_count, p->recall_count, order);
    }
    return -1;
}

void sb_category_stats(const struct sb_coco_eval *eval, size_t k, enum sb_numpy_order order,
                       struct sb_category_stats *out)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t points = p->iou_count * p->recall_count;
    const size_t limit = sb_category_limit(p), overall = sb_stat_overall_area(p);
    memset(out, 0, sizeof(*out));
    out->objects = eval->objects[overall * eval->classes + k];
    out->detections = eval->detections[k];
    for (size_t a = 0; a < p->area_count; a++) {
        const size_t plane = sb_eval_plane(p, a, limit);
        out->ap_by_area[a] = mean_of(eval->precision[plane] + k * points, points, order);
        out->ar_by_area[a] = mean_of(eval->recall[plane] + k * p->iou_count, p->iou_count, order);
    }
    const double *const precision = eval->precision[sb_eval_plane(p, overall, limit)] + k * points;
    out->ap = out->ap_by_area[overall];
    out->ap50 = ap_at(p, precision, .5, order);
    out->ap75 = ap_at(p, precision, .75, order);
    out->ar = out->ar_by_area[overall];
}

enum { OBJECTS, DETECTIONS, AP, AP50, AP75, FIRST_AREA };

size_t sb_category_columns(const struct sb_coco_params *params)
{
    return FIRST_AREA + params->area_count; /* the overall range has none, AR is the last */
}

bool sb_category_is_count(size_t column)
{
    return column <= DETECTIONS;
}

/* Area range of a column; area_count for AR. */
static size_t area_of(const struct sb_coco_params *params, size_t column)
{
    const size_t a = column - FIRST_AREA;
    return a >= sb_stat_overall_area(params) ? a + 1 : a;
}

void sb_category_column_name(const struct sb_coco_params *params, size_t column,
                             char name[SB_CATEGORY_NAME_BYTES])
{
    static const char *const names[] = {"objects", "detections", "AP", "AP50", "AP75"};
    const char *const area = column >= FIRST_AREA && area_of(params, column) < params->area_count
                                 ? params->areas[area_of(params, column)].name
                                 : NULL;
    const char *const overall = params->areas[sb_stat_overall_area(params)].name;
    const char *const what = area ? "AP" : column < FIRST_AREA ? names[column] : "AR";
    if (area)
        snprintf(name, SB_CATEGORY_NAME_BYTES, "%s_%s", what, area);
    else if (column == DETECTIONS || strcmp(overall, "all") == 0)
        snprintf(name, SB_CATEGORY_NAME_BYTES, "%s", what);
    else /* own area ranges without one for all objects: the first stands in, by its name */
        snprintf(name, SB_CATEGORY_NAME_BYTES, "%s_%s", what, overall);
}

double sb_category_value(const struct sb_coco_params *params, const struct sb_category_stats *stats,
                         size_t column)
{
    const double first[] = {(double)stats->objects, (double)stats->detections, stats->ap,
                            stats->ap50, stats->ap75};
    if (column < FIRST_AREA)
        return first[column];
    const size_t a = area_of(params, column);
    return a < params->area_count ? stats->ap_by_area[a] : stats->ar;
}

/* A row to be sorted. */
struct keyed_class {
    size_t k;
    double value;     /* falls */
    const char *name; /* rises; NULL unless that is the key */
};

static int by_key(const void *a, const void *b)
{
    const struct keyed_class *const x = a, *const y = b;
    const int names = x->name ? strcmp(x->name, y->name) : 0;
    if (names)
        return names;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return (x->k > y->k) - (x->k < y->k);
}

static int unknown_key(const struct sb_coco_params *params, const char *key, struct sb_error *err)
{
    struct sb_str keys = SB_STR_INIT;
    for (size_t c = 0; c < sb_category_columns(params); c++) {
        char name[SB_CATEGORY_NAME_BYTES];
        sb_category_column_name(params, c, name);
        sb_str_printf(&keys, ", %s", name);
    }
    sb_error_set(err, SB_EINVAL, "--sort: no column '%s'", key);
    const int rc = sb_error_hint(err, "id, name%s", sb_str_text(&keys));
    sb_str_release(&keys);
    return rc;
}

/* The column a key names: the number of columns for "id", one more for "name". */
static int find_column(const struct sb_coco_params *params, const char *key, size_t *column,
                       struct sb_error *err)
{
    const size_t columns = sb_category_columns(params);
    *column = columns;
    if (!key || strcasecmp(key, "id") == 0)
        return 0;
    if (strcasecmp(key, "name") == 0) {
        *column = columns + 1;
        return 0;
    }
    for (*column = 0; *column < columns; ++*column) {
        char name[SB_CATEGORY_NAME_BYTES];
        sb_category_column_name(params, *column, name);
        if (strcasecmp(key, name) == 0)
            return 0;
    }
    return unknown_key(params, key, err);
}

int sb_category_key_check(const struct sb_coco_params *params, const char *key,
                          struct sb_error *err)
{
    size_t column;
    return find_column(params, key, &column, err);
}

static int sort_classes(struct sb_category_list *list, const struct sb_coco_eval *eval,
                        const struct sb_coco_gt *gt, size_t column, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t columns = sb_category_columns(p);
    struct keyed_class *const rows = sb_calloc(list->count, sizeof(*rows), TAG);
    if (!rows)
        return sb_error_nomem(err, "categories", list->count * sizeof(*rows));
    for (size_t k = 0; k < list->count; k++) {
        rows[k].k = k;
        if (column < columns)
            rows[k].value = sb_category_value(p, &list->stats[k], column);
        else if (column > columns && p->use_cats)
            rows[k].name = gt->category_names[k];
    }
    if (list->count > 1)
        qsort(rows, list->count, sizeof(*rows), by_key);
    for (size_t i = 0; i < list->count; i++)
        list->classes[i] = rows[i].k;
    sb_free(rows);
    return 0;
}

int sb_category_list_build(struct sb_category_list *list, const struct sb_coco_eval *eval,
                           const struct sb_coco_gt *gt, enum sb_numpy_order order, const char *key,
                           struct sb_error *err)
{
    size_t column;
    memset(list, 0, sizeof(*list));
    int rc = find_column(&eval->params, key, &column, err);
    if (rc)
        return rc;
    list->count = eval->classes;
    list->classes = sb_calloc(list->count, sizeof(*list->classes), TAG);
    list->stats = sb_calloc(list->count, sizeof(*list->stats), TAG);
    if (!list->classes || !list->stats)
        rc = sb_error_nomem(err, "categories", list->count * sizeof(*list->stats));
    for (size_t k = 0; rc == 0 && k < list->count; k++)
        sb_category_stats(eval, k, order, &list->stats[k]);
    if (rc == 0)
        rc = sort_classes(list, eval, gt, column, err);
    if (rc)
        sb_category_list_release(list);
    return rc;
}

void sb_category_list_release(struct sb_category_list *list)
{
    sb_free(list->classes);
    sb_free(list->stats);
    memset(list, 0, sizeof(*list));
}
