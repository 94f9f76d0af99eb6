/* Metric, parameters and rules of `eval coco` from the command line. See eval_params.h. */
#include "cli/eval_params.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Words of an option, its own or the lines of a file. */
struct words {
    struct sb_map map;
    char *text; /* a copy of the file, cut into lines */
    const char **items;
    size_t count;
};

static const char *iou_type, *sigmas_file, *rule_words[SB_RULES];
static bool lvis, crowdpose, use_cats = true;
static double dilation_ratio = -1;
static struct sb_option_list iou_thresholds, recall_points, areas, max_dets, images, categories,
    crowding;
static struct words image_words, category_words;

size_t sb_eval_param_options(struct sb_option *out)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("iou-type", 0, "TYPE", "bbox (default), segm, boundary or keypoints",
                      &iou_type),
        SB_OPT_FLAG("lvis", 0, "LVIS: federated, 300 detections per image, APr, APc, APf", &lvis),
        SB_OPT_FLAG("crowdpose", 0, "CrowdPose: 14 keypoints; easy, medium and hard images",
                    &crowdpose),
        SB_OPT_NEGATE("no-cats", 0, "all categories as one", &use_cats),
        SB_OPT_LIST("iou-thresholds", 0, "T,...", "or START:STOP:COUNT (0.5:0.95:10)",
                    &iou_thresholds),
        SB_OPT_LIST("recall-points", 0, "R,...", "or START:STOP:COUNT (0:1:101)", &recall_points),
        SB_OPT_LIST("areas", 0, "NAME:LO:HI,...", "ranges of size in square pixels", &areas),
        SB_OPT_LIST("max-dets", 0, "N,...", "limits of detections (1,10,100); all = none",
                    &max_dets),
        SB_OPT_LIST("images", 0, "ID,...", "only these images; @FILE: an id per line", &images),
        SB_OPT_LIST("categories", 0, "ID,...", "only these categories, by id or name; @FILE",
                    &categories),
        SB_OPT_STRING("sigmas", 0, "FILE", "keypoints: a JSON array with a sigma for each",
                      &sigmas_file),
        SB_OPT_DOUBLE("dilation-ratio", 0, "R", "boundary: its width in image diagonals (0.02)",
                      &dilation_ratio, 1e-9, 1),
        SB_OPT_LIST("crowding", 0, "A,B", "CrowdPose: easy is below A, hard from B on (0.2,0.8)",
                    &crowding),
    };
    const size_t count = sizeof(options) / sizeof(options[0]);
    memcpy(out, options, sizeof(options));
    for (size_t i = 0; i < SB_RULES; i++) {
        const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)i);
        const struct sb_option option =
            SB_OPT_STRING(row->option, 0, "RULE", row->help, &rule_words[i]);
        out[count + i] = option;
    }
    return count + SB_RULES;
}

static int parse_number(const char *option, const char *text, double *value, struct sb_error *err)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(*value))
        return 0;
    return sb_error_set(err, SB_EINVAL, "--%s: expected a number, got '%s'", option, text);
}

/* START:STOP:COUNT as numpy.linspace makes it. */
static int parse_range(const char *option, const char *text, size_t room, double *out,
                       size_t *count, struct sb_error *err)
{
    double start, stop;
    long long n;
    int used = 0;
    if (sscanf(text, "%lf:%lf:%lld%n", &start, &stop, &n, &used) != 3 || text[used] != '\0' ||
        !isfinite(start) || !isfinite(stop))
        return sb_error_set(err, SB_EINVAL, "--%s: expected START:STOP:COUNT, got '%s'", option,
                            text);
    if (n < 2 || n > (long long)room)
        return sb_error_set(err, SB_EINVAL, "--%s: expected 2 to %zu values, got %lld in '%s'",
                            option, room, n, text);
    sb_linspace(start, stop, (size_t)n, out);
    *count = (size_t)n;
    return 0;
}

static int parse_numbers(const char *option, const struct sb_option_list *list, size_t room,
                         double *out, size_t *count, struct sb_error *err)
{
    int rc = 0;
    if (list->count == 0)
        return 0;
    if (list->count == 1 && strchr(list->items[0], ':'))
        return parse_range(option, list->items[0], room, out, count, err);
    if (list->count > room)
        return sb_error_set(err, SB_EINVAL, "--%s: more than %zu values", option, room);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = parse_number(option, list->items[i], &out[i], err);
    *count = list->count;
    return rc;
}

static int parse_area(const char *text, struct sb_area_range *area, struct sb_error *err)
{
    int used = 0;
    memset(area, 0, sizeof(*area));
    if (strcspn(text, ":") >= sizeof(area->name))
        return sb_error_set(err, SB_EINVAL, "--areas: a name has at most %zu bytes, got '%s'",
                            sizeof(area->name) - 1, text);
    if (sscanf(text, "%23[^:]:%lf:%lf%n", area->name, &area->lo, &area->hi, &used) == 3 &&
        text[used] == '\0')
        return 0;
    return sb_error_set(err, SB_EINVAL, "--areas: expected NAME:LO:HI, got '%s'", text);
}

static int parse_areas(struct sb_coco_params *p, struct sb_error *err)
{
    int rc = 0;
    if (areas.count == 0)
        return 0;
    if (areas.count > SB_EVAL_MAX_AREAS)
        return sb_error_set(err, SB_EINVAL, "--areas: more than %d ranges", SB_EVAL_MAX_AREAS);
    for (size_t i = 0; rc == 0 && i < areas.count; i++)
        rc = parse_area(areas.items[i], &p->areas[i], err);
    p->area_count = areas.count;
    return rc;
}

static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* In any order. */
static int parse_limits(struct sb_coco_params *p, struct sb_error *err)
{
    int rc = 0;
    if (max_dets.count == 0)
        return 0;
    if (max_dets.count > SB_EVAL_MAX_MAX_DETS)
        return sb_error_set(err, SB_EINVAL, "--max-dets: more than %d limits",
                            SB_EVAL_MAX_MAX_DETS);
    for (size_t i = 0; rc == 0 && i < max_dets.count; i++) {
        int64_t v = SB_EVAL_NO_LIMIT;
        if (strcmp(max_dets.items[i], "all") != 0)
            rc = sb_parse_int(max_dets.items[i], "--max-dets", 1, 1000000, &v, err);
        p->max_dets[i] = (int32_t)v;
    }
    p->max_det_count = max_dets.count;
    qsort(p->max_dets, p->max_det_count, sizeof(p->max_dets[0]), by_value);
    return rc;
}

static int read_sigmas(struct sb_coco_params *p, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan s;
    bool first = true;
    if (!sigmas_file)
        return 0;
    int rc = sb_map_open(&map, sigmas_file, err);
    if (rc)
        return rc;
    p->keypoint_count = 0;
    rc = sb_scan_init(&s, map.data, map.size, sigmas_file, err);
    if (rc == 0)
        rc = sb_scan_open_array(&s);
    while (rc == 0 && (rc = sb_scan_element(&s, &first)) == 1) {
        const char *const at = s.pos;
        double v = 0;
        rc = sb_scan_double(&s, &v);
        if (rc == 0 && (p->keypoint_count == SB_EVAL_MAX_KEYPOINTS || !(v > 0 && v < 1e6)))
            rc = sb_scan_fail(&s, at, "expected up to %d sigmas above 0", SB_EVAL_MAX_KEYPOINTS);
        else if (rc == 0)
            p->sigmas[p->keypoint_count++] = v;
    }
    if (rc == 0)
        rc = sb_scan_finish(&s);
    if (rc == 0 && p->keypoint_count == 0)
        rc = sb_error_set(err, SB_EFORMAT, "expected a sigma for each keypoint, found none");
    sb_map_release(&map);
    if (rc)
        sb_error_file(err, sigmas_file);
    return rc;
}

/* The lines of a file that are not blank. */
static int read_lines(struct words *w, const char *path, struct sb_error *err)
{
    size_t capacity = 0;
    int rc = sb_map_open(&w->map, path, err);
    if (rc)
        return rc;
    w->text = sb_malloc(w->map.size + 1, TAG);
    if (!w->text)
        return sb_error_nomem(err, path, w->map.size);
    memcpy(w->text, w->map.data, w->map.size);
    w->text[w->map.size] = '\0';
    char *rest = w->text;
    for (char *line; (line = strtok_r(rest, "\r\n", &rest));) {
        if (sb_grow(&w->items, &capacity, w->count + 1, sizeof(*w->items), TAG))
            return sb_error_nomem(err, path, w->count);
        w->items[w->count++] = line;
    }
    return w->count > 0 ? 0 : sb_error_set(err, SB_EINVAL, "%s has no lines", path);
}

static int choose(struct words *w, const struct sb_option_list *list, struct sb_chosen *chosen,
                  struct sb_error *err)
{
    chosen->count = list->count;
    chosen->words = list->items;
    if (list->count != 1 || list->items[0][0] != '@')
        return 0;
    const int rc = read_lines(w, list->items[0] + 1, err);
    chosen->count = w->count;
    chosen->words = w->items;
    return rc;
}

static int find_metric(struct sb_coco_params *params, struct sb_error *err)
{
    const enum sb_protocol protocol = crowdpose ? SB_PROTOCOL_CROWDPOSE
                                      : lvis    ? SB_PROTOCOL_LVIS
                                                : SB_PROTOCOL_COCO;
    const char *const name = iou_type ? iou_type : crowdpose ? "keypoints" : "bbox";
    enum sb_iou_type type;
    if (lvis && crowdpose)
        return sb_error_set(err, SB_EINVAL, "--lvis and --crowdpose exclude each other");
    if (!sb_iou_type_parse(name, &type))
        return sb_error_set(err, SB_EINVAL,
                            "--iou-type: expected bbox, segm, boundary or keypoints, got '%s'",
                            name);
    const struct sb_metric *const metric = sb_metric_find(protocol, type);
    if (!metric)
        return sb_error_set(err, SB_EINVAL, "%s has no %s", crowdpose ? "--crowdpose" : "--lvis",
                            name);
    sb_coco_params_init(params, metric);
    return 0;
}

static int read_rules(struct sb_coco_params *params, struct sb_error *err)
{
    for (size_t i = 0; i < SB_RULES; i++) {
        uint8_t value;
        if (!rule_words[i])
            continue;
        const int rc = sb_rule_parse((enum sb_rule)i, rule_words[i], &value, err);
        if (rc)
            return rc;
        sb_coco_params_set_rule(params, (enum sb_rule)i, value);
    }
    return 0;
}

static int read_crowding(struct sb_coco_params *params, struct sb_error *err)
{
    size_t count = 2;
    const int rc = parse_numbers("crowding", &crowding, 2, params->crowding, &count, err);
    if (rc == 0 && count != 2)
        return sb_error_set(err, SB_EINVAL, "--crowding: expected two numbers");
    return rc;
}

/* Whether a rule can change anything in such an evaluation. */
static bool has_meaning(const struct sb_coco_params *p, enum sb_rule rule)
{
    switch (rule) {
    case SB_RULE_DET_AREA:
    case SB_RULE_RLE_COMPAT:
        return sb_compares_masks(p);
    case SB_RULE_SHORT_POLYGONS:
        return sb_needs_image_sizes(p);
    case SB_RULE_NO_CATS_OKS:
        return sb_compares_keypoints(p) && !p->use_cats;
    default:
        return true;
    }
}

static int has_no_meaning(const char *option, const struct sb_coco_params *p, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "--%s has no meaning for the metric %s", option, p->metric->name);
    return SB_EINVAL;
}

/* Options that would change nothing are refused: whoever gave them expects something else. */
static int check_meaning(const struct sb_coco_params *p, struct sb_error *err)
{
    if (sigmas_file && !sb_compares_keypoints(p))
        return has_no_meaning("sigmas", p, err);
    if (dilation_ratio > 0 && p->iou_type != SB_IOU_BOUNDARY)
        return has_no_meaning("dilation-ratio", p, err);
    if (crowding.count > 0 && p->metric->protocol != SB_PROTOCOL_CROWDPOSE)
        return has_no_meaning("crowding", p, err);
    for (size_t i = 0; i < SB_RULES; i++) {
        if (!rule_words[i] || has_meaning(p, (enum sb_rule)i))
            continue;
        has_no_meaning(sb_rule_row((enum sb_rule)i)->option, p, err);
        return i == SB_RULE_NO_CATS_OKS
                   ? sb_error_hint(err, "it belongs to keypoints with --no-cats")
                   : SB_EINVAL;
    }
    return 0;
}

bool sb_eval_rule_is_given(enum sb_rule rule)
{
    return rule_words[rule] != NULL;
}

int sb_eval_params_read(struct sb_coco_params *p, struct sb_error *err)
{
    int rc = find_metric(p, err);
    if (rc)
        return rc;
    p->use_cats = use_cats;
    if (dilation_ratio > 0)
        p->dilation_ratio = dilation_ratio;
    rc = read_rules(p, err);
    if (rc == 0)
        rc = check_meaning(p, err);
    if (rc == 0)
        rc = parse_numbers("iou-thresholds", &iou_thresholds, SB_EVAL_MAX_IOUS, p->iou_thresholds,
                           &p->iou_count, err);
    if (rc == 0 && recall_points.count > 0 && rule_words[SB_RULE_AP_POINTS])
        rc = sb_error_set(err, SB_EINVAL, "--recall-points and --ap-points exclude each other");
    if (rc == 0)
        rc = parse_numbers("recall-points", &recall_points, SB_EVAL_MAX_RECALLS, p->recall_points,
                           &p->recall_count, err);
    if (rc == 0)
        rc = parse_areas(p, err);
    if (rc == 0)
        rc = parse_limits(p, err);
    if (rc == 0)
        rc = read_sigmas(p, err);
    if (rc == 0)
        rc = read_crowding(p, err);
    if (rc == 0)
        rc = choose(&image_words, &images, &p->images, err);
    if (rc == 0)
        rc = choose(&category_words, &categories, &p->categories, err);
    return rc ? rc : sb_coco_params_check(p, err);
}

static uint64_t digest_words(uint64_t hash, const struct sb_chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++)
        hash = sb_fnv1a(hash, chosen->words[i], strlen(chosen->words[i]) + 1);
    return hash;
}

uint64_t sb_eval_params_digest(const struct sb_coco_params *params)
{
    uint64_t hash =
        sb_fnv1a(SB_FNV_START, params->sigmas, params->keypoint_count * sizeof(*params->sigmas));
    hash = digest_words(hash, &params->images);
    return digest_words(hash, &params->categories);
}

static void release_words(struct words *w)
{
    sb_map_release(&w->map);
    sb_free(w->text);
    sb_free(w->items);
    memset(w, 0, sizeof(*w));
}

void sb_eval_params_release(void)
{
    release_words(&image_words);
    release_words(&category_words);
}
