/* The model part of a spec: task, sizes, classes, neck, heads, anchors. See model_spec.h. */
#include "models/model_spec.h"

#include <stdio.h>
#include <string.h>

#define MAX_SIZE    16384
#define MAX_CLASSES 100000
#define MAX_TOP_K   1000000

static int read_task(const struct sb_json *root, enum sb_task *task, struct sb_error *err)
{
    static const char *const names[] = {"retinanet", "maskrcnn", "classification"};
    static const enum sb_task tasks[] = {SB_TASK_RETINANET, SB_TASK_MASKRCNN, SB_TASK_CLASSIFY};
    struct sb_json member;
    const char *name;
    *task = SB_TASK_BACKBONE;
    if (!sb_json_has(root, "task") && sb_json_has(root, "family"))
        return 0;
    int rc = sb_json_get(root, "task", &member, err);
    if (rc == 0)
        rc = sb_json_string(&member, &name, err);
    SB_CHECK(rc == 0, rc);
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *task = tasks[i];
            return 0;
        }
    }
    return sb_json_expected(&member, "\"retinanet\", \"maskrcnn\" or \"classification\"", err);
}

/* "size": one side, or [height, width]. */
static int read_size(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    struct sb_json size, elem;
    int64_t sides[2] = {640, 640};
    int n = 0, rc = 0;
    if (sb_json_has(root, "size")) {
        rc = sb_json_get(root, "size", &size, err);
        SB_CHECK(rc == 0, rc);
        if (!cJSON_IsArray(size.item)) {
            rc = sb_json_int(&size, 1, MAX_SIZE, &sides[0], err);
            sides[1] = sides[0];
        } else if (cJSON_GetArraySize(size.item) != 2) {
            rc = sb_json_expected(&size, "a side, or [height, width]", err);
        } else {
            for (bool ok = sb_json_first(&size, &elem); ok && rc == 0; ok = sb_json_next(&elem))
                rc = sb_json_int(&elem, 1, MAX_SIZE, &sides[n++], err);
        }
    }
    out->size_h = (int)sides[0];
    out->size_w = (int)sides[1];
    return rc;
}

/* "description": a string, or an array of strings that follow each other. */
static int read_description(const struct sb_json *root, char *out, size_t size,
                            struct sb_error *err)
{
    struct sb_json at, elem;
    const char *text;
    if (!sb_json_has(root, "description"))
        return 0;
    int rc = sb_json_get(root, "description", &at, err);
    if (rc == 0 && !cJSON_IsArray(at.item)) {
        rc = sb_json_string(&at, &text, err);
        if (rc == 0)
            snprintf(out, size, "%s", text);
        return rc;
    }
    for (bool ok = rc == 0 && sb_json_first(&at, &elem); ok && rc == 0; ok = sb_json_next(&elem)) {
        const size_t used = strlen(out);
        rc = sb_json_string(&elem, &text, err);
        if (rc == 0)
            snprintf(out + used, size - used, "%s%s", used ? " " : "", text);
    }
    return rc;
}

static int read_epsilon(const struct sb_json *root, double *epsilon, struct sb_error *err)
{
    return sb_spec_opt_positive(root, "batchnorm_epsilon", 0.1, epsilon, err);
}

static int read_ratios(const struct sb_json *at, struct sb_anchor_config *out, struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    int rc = sb_json_get_array(at, "aspect_ratios", &list, &count, err);
    SB_CHECK(rc == 0, rc);
    if (count < 1 || count > 8)
        return sb_json_expected(&list, "one to eight ratios of width to height", err);
    out->num_ratios = 0;
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem)) {
        double ratio = 0.0;
        rc = sb_json_double(&elem, &ratio, err);
        if (rc == 0 && !(ratio > 0.0 && ratio <= 100.0))
            rc = sb_json_expected(&elem, "a ratio above 0 and at most 100", err);
        out->aspect_ratios[out->num_ratios++] = ratio;
    }
    return rc;
}

static int read_anchors(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    static const char *const keys[] = {"scales", "aspect_ratios", "size", NULL};
    static const double ratios[] = {1.0, 2.0, 0.5};
    struct sb_anchor_config *a = &out->anchor;
    struct sb_json at;
    a->min_level = out->min_level;
    a->max_level = out->max_level;
    a->num_scales = out->task == SB_TASK_MASKRCNN ? 1 : 3;
    a->num_ratios = 3;
    memcpy(a->aspect_ratios, ratios, sizeof(ratios));
    int rc = sb_json_get(root, "anchors", &at, err);
    if (rc == 0)
        rc = sb_json_only(&at, keys, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "scales", 1, 8, &a->num_scales, err);
    if (rc == 0 && sb_json_has(&at, "aspect_ratios"))
        rc = read_ratios(&at, a, err);
    SB_CHECK(rc == 0, rc);
    struct sb_json size;
    rc = sb_json_get(&at, "size", &size, err);
    return rc ? rc : sb_spec_opt_positive(&at, "size", 1000.0, &a->anchor_size, err);
}

static int read_postprocess(const struct sb_json *root, struct sb_model_spec *out,
                            struct sb_error *err)
{
    static const char *const keys[] = {"pre_nms_top_k", "max_detections", "nms_threshold",
                                       "score_threshold", NULL};
    struct sb_postprocess_config *p = &out->postprocess;
    struct sb_json at;
    p->pre_nms_top_k = out->task == SB_TASK_MASKRCNN ? 1000 : 5000;
    p->max_detections = 100;
    p->nms_threshold = 0.5;
    p->score_threshold = 0.05;
    if (!sb_json_has(root, "postprocess"))
        return 0;
    int rc = sb_json_get(root, "postprocess", &at, err);
    if (rc == 0)
        rc = sb_json_only(&at, keys, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "pre_nms_top_k", 1, MAX_TOP_K, &p->pre_nms_top_k, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "max_detections", 1, MAX_TOP_K, &p->max_detections, err);
    if (rc == 0)
        rc = sb_spec_opt_fraction(&at, "nms_threshold", &p->nms_threshold, err);
    return rc ? rc : sb_spec_opt_fraction(&at, "score_threshold", &p->score_threshold, err);
}

/* Members that every task reads, and those of one task. */
static int check_members(const struct sb_json *root, enum sb_task task, struct sb_error *err)
{
    static const char *const retinanet[] = {
        "name",       "description",       "task",           "size",   "classes",  "class_names",
        "activation", "batchnorm_epsilon", "sync_batchnorm", "levels", "backbone", "neck",
        "head",       "anchors",           "postprocess",    NULL};
    static const char *const maskrcnn[] = {
        "name",       "description",       "task",           "size",      "classes",  "class_names",
        "activation", "batchnorm_epsilon", "sync_batchnorm", "levels",    "backbone", "neck",
        "rpn",        "proposals",         "box_head",       "mask_head", "anchors",  "postprocess",
        NULL};
    static const char *const classification[] = {"name",
                                                 "description",
                                                 "task",
                                                 "size",
                                                 "classes",
                                                 "first_class",
                                                 "class_names",
                                                 "activation",
                                                 "batchnorm_epsilon",
                                                 "sync_batchnorm",
                                                 "backbone",
                                                 "head",
                                                 NULL};
    switch (task) {
    case SB_TASK_RETINANET:
        return sb_json_only(root, retinanet, err);
    case SB_TASK_MASKRCNN:
        return sb_json_only(root, maskrcnn, err);
    case SB_TASK_CLASSIFY:
        return sb_json_only(root, classification, err);
    case SB_TASK_BACKBONE:
        break;
    }
    return 0;
}

/* The backbone object, or the root itself for a bare backbone. */
static int read_backbone(const struct sb_json *root, struct sb_model_spec *out,
                         struct sb_error *err)
{
    struct sb_json at = *root;
    int rc = 0;
    if (out->task != SB_TASK_BACKBONE)
        rc = sb_json_get(root, "backbone", &at, err);
    if (rc == 0)
        rc = sb_backbone_spec_parse(&at, &out->backbone, err);
    SB_CHECK(rc == 0, rc);
    out->act = out->backbone.act;
    out->min_level = out->backbone.min_level;
    out->max_level = out->backbone.max_level;
    rc = read_epsilon(&at, &out->epsilon, err);
    return rc ? rc : sb_spec_opt_act(root, err, &out->act);
}

/* "levels": [min, max] of the pyramid; the backbone's own levels unless a neck makes new ones. */
static int read_levels(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    int64_t levels[2] = {out->min_level, out->max_level};
    const bool neck = sb_json_has(root, "neck");
    int i = 0;
    if (neck) {
        levels[0] = 3;
        levels[1] = 7;
    }
    if (!sb_json_has(root, "levels")) {
        out->min_level = (int)levels[0];
        out->max_level = (int)levels[1];
        return 0;
    }
    int rc = sb_json_get_array(root, "levels", &list, &count, err);
    SB_CHECK(rc == 0, rc);
    if (count != 2)
        return sb_json_expected(&list, "[lowest, highest] level of the pyramid", err);
    const int64_t lo = out->min_level, hi = neck ? SB_MAX_LEVEL : out->max_level;
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem)) {
        rc = sb_json_int(&elem, i == 0 ? lo : levels[0], hi, &levels[i], err);
        i++;
    }
    if (rc)
        return sb_error_hint(err, "the backbone puts out levels %d to %d%s", out->min_level,
                             out->max_level, neck ? "; the neck may add levels up to 7" : "");
    out->min_level = (int)levels[0];
    out->max_level = (int)levels[1];
    return 0;
}

/* "class_names": of every class but the background. */
static int read_class_names(const struct sb_json *root, struct sb_model_spec *out,
                            struct sb_error *err)
{
    struct sb_json list, elem;
    const char *name;
    size_t count;
    char what[80];
    if (!sb_json_has(root, "class_names"))
        return 0;
    int rc = sb_json_get_array(root, "class_names", &list, &count, err);
    SB_CHECK(rc == 0, rc);
    snprintf(what, sizeof(what), "%d names, the background has none, of at most %d",
             out->num_classes - 1, SB_SPEC_MAX_NAMES);
    if (count != (size_t)out->num_classes - 1 || count > SB_SPEC_MAX_NAMES)
        return sb_json_expected(&list, what, err);
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem)) {
        rc = sb_json_string(&elem, &name, err);
        if (rc == 0 && (!*name || strlen(name) >= SB_SPEC_NAME_SIZE))
            rc = sb_json_expected(&elem, "a name of 1 to 47 bytes", err);
        if (rc == 0)
            memcpy(out->class_names[out->num_names++], name, strlen(name) + 1);
    }
    return rc;
}

static int read_task_members(const struct sb_json *root, struct sb_model_spec *out,
                             struct sb_error *err)
{
    int64_t classes = 0;
    if (out->task == SB_TASK_BACKBONE)
        return 0;
    int rc = sb_json_get_int(root, "classes", 2, MAX_CLASSES, &classes, err);
    out->num_classes = (int)classes;
    if (rc == 0 && out->task == SB_TASK_CLASSIFY)
        rc = sb_spec_opt_int(root, "first_class", 0, out->num_classes - 1, &out->first_class, err);
    if (rc == 0)
        rc = read_class_names(root, out, err);
    if (rc == 0)
        rc = sb_head_spec_parse(root, out, err);
    if (rc || out->task == SB_TASK_CLASSIFY)
        return rc;
    rc = read_levels(root, out, err);
    if (rc == 0)
        rc = sb_neck_spec_parse(root, out, err);
    if (rc == 0)
        rc = read_anchors(root, out, err);
    return rc ? rc : read_postprocess(root, out, err);
}

int sb_model_spec_parse(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    const char *name = "model";
    memset(out, 0, sizeof(*out));
    int rc = read_task(root, &out->task, err);
    if (rc == 0)
        rc = check_members(root, out->task, err);
    if (rc == 0)
        rc = sb_json_opt_string(root, "name", &name, err);
    if (rc == 0)
        rc = read_description(root, out->description, sizeof(out->description), err);
    SB_CHECK(rc == 0, rc);
    snprintf(out->name, sizeof(out->name), "%s", name);
    out->epsilon = out->task == SB_TASK_MASKRCNN ? 1e-3 : 1e-4;
    if (out->task == SB_TASK_CLASSIFY)
        out->epsilon = 1e-5;
    out->sync_batchnorm = out->task != SB_TASK_CLASSIFY;
    rc = read_backbone(root, out, err);
    if (rc == 0)
        rc = read_epsilon(root, &out->epsilon, err);
    if (rc == 0)
        rc = sb_json_opt_bool(root, "sync_batchnorm", &out->sync_batchnorm, err);
    if (rc == 0)
        rc = read_size(root, out, err);
    return rc ? rc : read_task_members(root, out, err);
}
