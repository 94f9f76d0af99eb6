/* Anchor generation. Half sizes are computed in double and rounded once, as officially. See
 * anchors.h. */
#include "detect/anchors.h"

#include "base/mem.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

int sb_anchor_config_check(const struct sb_anchor_config *c, struct sb_error *err)
{
    if (c->min_level < 1 || c->max_level > 7 || c->min_level > c->max_level)
        return sb_error_set(err, SB_EINVAL, "anchor levels %d to %d, expected 1 to 7", c->min_level,
                            c->max_level);
    const int max_ratios = (int)(sizeof(c->aspect_ratios) / sizeof(c->aspect_ratios[0]));
    if (c->num_scales < 1 || c->num_ratios < 1 || c->num_ratios > max_ratios ||
        !(c->anchor_size > 0))
        return sb_error_set(err, SB_EINVAL, "anchors: %d scales, %d ratios, size %g", c->num_scales,
                            c->num_ratios, c->anchor_size);
    for (int i = 0; i < c->num_ratios; i++)
        if (!(c->aspect_ratios[i] > 0))
            return sb_error_set(err, SB_EINVAL, "anchor aspect ratio %g, expected > 0",
                                c->aspect_ratios[i]);
    return 0;
}

static int check_size(const struct sb_anchor_config *c, int padded_h, int padded_w,
                      struct sb_error *err)
{
    const int stride = 1 << c->max_level;
    if (padded_h < 1 || padded_w < 1 || padded_h % stride || padded_w % stride)
        return sb_error_set(err, SB_EINVAL, "network input of %d x %d, expected multiples of %d",
                            padded_h, padded_w, stride);
    return 0;
}

void sb_anchor_cell(const struct sb_anchor_config *c, int level, struct sb_box *cell)
{
    int n = 0;
    for (int scale = 0; scale < c->num_scales; scale++) {
        for (int r = 0; r < c->num_ratios; r++) {
            const double side =
                c->anchor_size * (1 << level) * pow(2.0, scale / (double)c->num_scales);
            const float half_h = (float)(side * pow(c->aspect_ratios[r], -0.5) / 2.0);
            const float half_w = (float)(side * pow(c->aspect_ratios[r], 0.5) / 2.0);
            cell[n++] = (struct sb_box){-half_h, -half_w, half_h, half_w};
        }
    }
}

struct sb_box sb_anchor_at(struct sb_box offset, int level, int y, int x)
{
    const float stride = (float)(1 << level);
    const float cy = ((float)y + 0.5f) * stride, cx = ((float)x + 0.5f) * stride;
    const struct sb_box box = {cy + offset.ymin, cx + offset.xmin, cy + offset.ymax,
                               cx + offset.xmax};
    return box;
}

static void fill_level(struct sb_anchors *a, int level, const struct sb_box *cell)
{
    struct sb_box *out = a->boxes + a->start[level];
    for (int y = 0; y < a->rows[level]; y++)
        for (int x = 0; x < a->columns[level]; x++)
            for (int k = 0; k < a->per_cell; k++)
                *out++ = sb_anchor_at(cell[k], level, y, x);
}

/* Row numbers of every level; SB_ENOMEM when the count does not fit. */
static int lay_out(struct sb_anchors *a, int padded_h, int padded_w, struct sb_error *err)
{
    for (int level = a->min_level; level <= a->max_level; level++) {
        a->rows[level] = padded_h >> level;
        a->columns[level] = padded_w >> level;
        size_t n = 0;
        if (!sb_mul_size((size_t)a->rows[level], (size_t)a->columns[level], &n) ||
            !sb_mul_size(n, (size_t)a->per_cell, &n) || !sb_add_size(a->count, n, &n))
            return sb_error_nomem(err, "anchors", SIZE_MAX);
        a->start[level] = a->count;
        a->count = n;
    }
    a->start[a->max_level + 1] = a->count;
    return 0;
}

int sb_anchors_init(struct sb_anchors *anchors, const struct sb_anchor_config *config, int padded_h,
                    int padded_w, struct sb_error *err)
{
    memset(anchors, 0, sizeof(*anchors));
    int rc = sb_anchor_config_check(config, err);
    if (rc == 0)
        rc = check_size(config, padded_h, padded_w, err);
    if (rc)
        return rc;
    anchors->min_level = config->min_level;
    anchors->max_level = config->max_level;
    if (__builtin_mul_overflow(config->num_scales, config->num_ratios, &anchors->per_cell))
        return sb_error_nomem(err, "anchors", SIZE_MAX);
    rc = lay_out(anchors, padded_h, padded_w, err);
    if (rc)
        return rc;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    struct sb_box *const cell = sb_calloc((size_t)anchors->per_cell, sizeof(*cell), tag);
    anchors->boxes = sb_calloc(anchors->count, sizeof(*anchors->boxes), tag);
    if (cell && anchors->boxes) {
        for (int level = anchors->min_level; level <= anchors->max_level; level++) {
            sb_anchor_cell(config, level, cell);
            fill_level(anchors, level, cell);
        }
    } else {
        rc = sb_error_nomem(err, "anchors", anchors->count);
        sb_anchors_release(anchors);
    }
    sb_free(cell);
    return rc;
}

void sb_anchors_release(struct sb_anchors *anchors)
{
    sb_free(anchors->boxes);
    memset(anchors, 0, sizeof(*anchors));
}
