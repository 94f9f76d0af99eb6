/* Options, errors and structs of the library's callers. See library.h and
 * include/spinebench/eval.h. */
#include "eval/library.h"

#include "base/build.h"
#include "eval/metric.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)SPINEBENCH_EINVAL == SB_EINVAL && (int)SPINEBENCH_EFORMAT == SB_EFORMAT &&
                   (int)SPINEBENCH_EIO == SB_EIO && (int)SPINEBENCH_ENOMEM == SB_ENOMEM &&
                   (int)SPINEBENCH_EUNSUPPORTED == SB_EUNSUPPORTED &&
                   (int)SPINEBENCH_EINTERNAL == SB_EINTERNAL,
               "public status codes are the internal ones");
_Static_assert((int)SPINEBENCH_BBOX == SB_IOU_BBOX && (int)SPINEBENCH_SEGM == SB_IOU_SEGM &&
                   (int)SPINEBENCH_KEYPOINTS == SB_IOU_KEYPOINTS &&
                   (int)SPINEBENCH_BOUNDARY == SB_IOU_BOUNDARY,
               "public similarities are the internal ones");
_Static_assert((int)SPINEBENCH_COCO == SB_PROTOCOL_COCO &&
                   (int)SPINEBENCH_LVIS == SB_PROTOCOL_LVIS &&
                   (int)SPINEBENCH_CROWDPOSE == SB_PROTOCOL_CROWDPOSE,
               "public protocols are the internal ones");

const char *spinebench_version(void)
{
    return sb_build.version;
}

int sb_library_take(void *own, size_t own_size, const void *given, const char *what,
                    struct sb_error *err)
{
    size_t size;
    memset(own, 0, own_size);
    if (!given)
        return sb_error_set(err, SB_EINVAL, "%s: NULL", what);
    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size) || size > 65536)
        return sb_error_set(err, SB_EINVAL, "%s: size is %zu, expected sizeof of the struct", what,
                            size);
    const unsigned char *const bytes = given;
    for (size_t i = own_size; i < size; i++) {
        if (bytes[i])
            return sb_error_set(err, SB_EINVAL, "%s: sets what this version (%s) does not know",
                                what, spinebench_version());
    }
    memcpy(own, given, size < own_size ? size : own_size);
    return 0;
}

bool sb_library_give(void *given, const void *own, size_t own_size)
{
    size_t size;
    if (!given)
        return false;
    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size))
        return false;
    memcpy((char *)given + sizeof(size), (const char *)own + sizeof(size),
           (size < own_size ? size : own_size) - sizeof(size));
    return true;
}

int sb_library_error(struct spinebench_error *error, const struct sb_error *err)
{
    char text[sizeof(error->message)];
    if (!error)
        return err->code;
    memset(error, 0, sizeof(*error));
    error->status = err->code;
    if (err->code)
        sb_error_text(err, text, sizeof(text));
    else
        *text = '\0';
    memcpy(error->message, text, strlen(text) + 1);
    return err->code;
}

void spinebench_options_defaults(struct spinebench_options *options, size_t size,
                                 int32_t similarity)
{
    if (size < sizeof(options->size))
        return;
    memset(options, 0, size);
    const struct spinebench_options own = {.size = size, .similarity = similarity};
    memcpy(options, &own, size < sizeof(own) ? size : sizeof(own));
}

/* count values of a list into room for `most`; 0 with NULL keeps what is there. */
static int take_list(const char *what, const void *given, size_t given_count, size_t most,
                     size_t bytes, void *own, size_t *count, struct sb_error *err)
{
    if (!given && given_count == 0)
        return 0;
    if (!given || given_count == 0 || given_count > most)
        return sb_error_set(err, SB_EINVAL, "options: %zu %s%s, expected 1 to %zu", given_count,
                            what, given ? "" : " at NULL", most);
    memcpy(own, given, given_count * bytes);
    *count = given_count;
    return 0;
}

static int take_areas(const struct spinebench_options *o, struct sb_coco_params *p,
                      struct sb_error *err)
{
    if (!o->areas && o->area_count == 0)
        return 0;
    if (!o->areas || o->area_count == 0 || o->area_count > SB_EVAL_MAX_AREAS)
        return sb_error_set(err, SB_EINVAL, "options: %zu area ranges%s, expected 1 to %d",
                            o->area_count, o->areas ? "" : " at NULL", SB_EVAL_MAX_AREAS);
    for (size_t a = 0; a < o->area_count; a++) {
        struct sb_area_range *const own = &p->areas[a];
        const char *const name = o->areas[a].name;
        if (!name || strlen(name) >= sizeof(own->name))
            return sb_error_set(err, SB_EINVAL,
                                "options: area range %zu needs a name of at most %zu bytes", a,
                                sizeof(own->name) - 1);
        own->lo = o->areas[a].lo;
        own->hi = o->areas[a].hi;
        snprintf(own->name, sizeof(own->name), "%s", name);
    }
    p->area_count = o->area_count;
    return 0;
}

/* Rules as "NAME=WORD". */
static int take_rules(const struct spinebench_options *o, struct sb_coco_params *p,
                      struct sb_error *err)
{
    if (o->rule_count > 0 && !o->rules)
        return sb_error_set(err, SB_EINVAL, "options: %zu rules at NULL", o->rule_count);
    for (size_t i = 0; i < o->rule_count; i++) {
        const char *const text = o->rules[i] ? o->rules[i] : "";
        const size_t name = strcspn(text, "=");
        int rule = 0;
        uint8_t value = 0;
        while (rule < SB_RULES &&
               (strlen(sb_rule_row((enum sb_rule)rule)->option) != name ||
                strncmp(sb_rule_row((enum sb_rule)rule)->option, text, name) != 0))
            rule++;
        if (rule == SB_RULES || text[name] != '=')
            return sb_error_set(err, SB_EINVAL, "options: unknown rule '%s'", text);
        const int rc = sb_rule_parse((enum sb_rule)rule, text + name + 1, &value, err);
        if (rc)
            return rc;
        sb_coco_params_set_rule(p, (enum sb_rule)rule, value);
    }
    return 0;
}

int sb_library_params(const struct spinebench_options *options, struct sb_coco_params *params,
                      struct sb_error *err)
{
    const struct spinebench_options *const o = options;
    if (o->similarity < SPINEBENCH_BBOX || o->similarity > SPINEBENCH_BOUNDARY)
        return sb_error_set(err, SB_EINVAL, "options: unknown similarity %d", (int)o->similarity);
    if (o->threads < 0 || o->threads > 1024)
        return sb_error_set(err, SB_EINVAL, "options: %d threads, expected 0 to 1024",
                            (int)o->threads);
    if (o->numpy_mean < 0 || o->numpy_mean > 2)
        return sb_error_set(err, SB_EINVAL, "options: numpy_mean is %d, expected 0, 1 or 2",
                            (int)o->numpy_mean);
    const struct sb_metric *const metric =
        o->protocol >= SPINEBENCH_COCO && o->protocol <= SPINEBENCH_CROWDPOSE
            ? sb_metric_find((enum sb_protocol)o->protocol, (enum sb_iou_type)o->similarity)
            : NULL;
    if (!metric)
        return sb_error_set(err, SB_EINVAL, "options: protocol %d does not have this similarity",
                            (int)o->protocol);
    sb_coco_params_init(params, metric);
    params->use_cats = !o->class_agnostic;
    if (o->dilation_ratio != 0)
        params->dilation_ratio = o->dilation_ratio;
    int rc = take_rules(o, params, err);
    if (rc == 0)
        rc =
            take_list("IoU thresholds", o->iou_thresholds, o->iou_threshold_count, SB_EVAL_MAX_IOUS,
                      sizeof(double), params->iou_thresholds, &params->iou_count, err);
    if (rc == 0)
        rc =
            take_list("recall points", o->recall_points, o->recall_point_count, SB_EVAL_MAX_RECALLS,
                      sizeof(double), params->recall_points, &params->recall_count, err);
    if (rc == 0)
        rc = take_list("limits of detections", o->max_dets, o->max_det_count, SB_EVAL_MAX_MAX_DETS,
                       sizeof(int32_t), params->max_dets, &params->max_det_count, err);
    if (rc == 0)
        rc = take_list("sigmas", o->sigmas, o->keypoint_count, SB_EVAL_MAX_KEYPOINTS,
                       sizeof(double), params->sigmas, &params->keypoint_count, err);
    if (rc == 0)
        rc = take_areas(o, params, err);
    return rc ? rc : sb_coco_params_check(params, err);
}
