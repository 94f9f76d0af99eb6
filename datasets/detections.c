/* Detections in columns, and the COCO results format. See detections.h. */
#include "datasets/detections.h"

#include "base/file.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void sb_detections_init(struct sb_detections *dets)
{
    memset(dets, 0, sizeof(*dets));
}

void sb_detections_clear(struct sb_detections *dets)
{
    for (size_t i = 0; dets->mask && i < dets->count; i++)
        sb_free(dets->mask[i].counts);
    dets->count = 0;
}

void sb_detections_release(struct sb_detections *dets)
{
    sb_detections_clear(dets);
    sb_free(dets->image_id);
    sb_free(dets->category_id);
    sb_free(dets->box);
    sb_free(dets->score);
    sb_free(dets->mask);
    memset(dets, 0, sizeof(*dets));
}

/* Makes room for `need` rows in one column; capacities of all columns grow alike. */
static int reserve(void *column, size_t capacity, size_t need, size_t size, size_t *grown)
{
    *grown = capacity;
    return sb_grow(column, grown, need, size, SB_MEM_TAG(SB_MEM_DATA, 0));
}

static int reserve_row(struct sb_detections *d)
{
    const size_t need = d->count + 1, old = d->capacity;
    if (need <= old)
        return 0;
    size_t grown = 0;
    if (reserve(&d->image_id, old, need, sizeof(*d->image_id), &grown) ||
        reserve(&d->category_id, old, need, sizeof(*d->category_id), &grown) ||
        reserve(&d->box, old, need, sizeof(*d->box), &grown) ||
        reserve(&d->score, old, need, sizeof(*d->score), &grown) ||
        (d->mask && reserve(&d->mask, old, need, sizeof(*d->mask), &grown)))
        return SB_ENOMEM;
    d->capacity = grown;
    return 0;
}

/* The mask column appears with the first mask; rows before it have none. */
static int reserve_masks(struct sb_detections *d)
{
    if (!d->mask)
        d->mask = sb_calloc(d->capacity, sizeof(*d->mask), SB_MEM_TAG(SB_MEM_DATA, 0));
    return d->mask ? 0 : SB_ENOMEM;
}

int sb_detections_add(struct sb_detections *dets, int64_t image_id, int64_t category_id,
                      const double box[4], double score, const struct sb_rle_text *mask)
{
    if (reserve_row(dets) || (mask && reserve_masks(dets)))
        return SB_ENOMEM;
    const size_t i = dets->count;
    if (dets->mask)
        memset(&dets->mask[i], 0, sizeof(dets->mask[i]));
    if (mask) {
        dets->mask[i] = *mask;
        dets->mask[i].counts = sb_strdup(mask->counts);
        if (!dets->mask[i].counts)
            return SB_ENOMEM;
    }
    dets->image_id[i] = image_id;
    dets->category_id[i] = category_id;
    memcpy(dets->box[i], box, sizeof(dets->box[i]));
    dets->score[i] = score;
    dets->count++;
    return 0;
}

static void append_mask(struct sb_str *out, const struct sb_rle_text *mask)
{
    sb_str_printf(out, ",\"segmentation\":{\"size\":[%d,%d],\"counts\":\"", mask->h, mask->w);
    for (const char *c = mask->counts; *c; c++) {
        if (*c == '\\' || *c == '"')
            sb_str_puts(out, "\\");
        sb_str_append(out, c, 1);
    }
    sb_str_puts(out, "\"}");
}

int sb_detections_append_json(const struct sb_detections *dets, size_t i, struct sb_str *line,
                              struct sb_error *err)
{
    const double *const box = dets->box[i];
    bool finite = isfinite((float)dets->score[i]);
    for (int k = 0; k < 4; k++)
        finite = finite && isfinite((float)box[k]);
    if (!finite)
        return sb_error_set(err, SB_EINVAL,
                            "image %lld: a detection has box %g %g %g %g and score %g, expected "
                            "finite numbers",
                            (long long)dets->image_id[i], box[0], box[1], box[2], box[3],
                            dets->score[i]);
    sb_str_printf(line, "{\"image_id\":%lld,\"category_id\":%lld,\"bbox\":[",
                  (long long)dets->image_id[i], (long long)dets->category_id[i]);
    for (int k = 0; k < 4; k++) {
        sb_str_puts(line, k ? "," : "");
        sb_str_float(line, (float)box[k]);
    }
    sb_str_puts(line, "],\"score\":");
    sb_str_float(line, (float)dets->score[i]);
    if (dets->mask && dets->mask[i].counts)
        append_mask(line, &dets->mask[i]);
    sb_str_puts(line, "}");
    return 0;
}

int sb_detections_write(const struct sb_detections *dets, const char *path, struct sb_error *err)
{
    struct sb_outfile out;
    struct sb_str line = SB_STR_INIT;
    int rc = sb_outfile_open(&out, path, err);
    if (rc)
        return rc;
    fputs("[", out.fp);
    for (size_t i = 0; rc == 0 && i < dets->count; i++) {
        sb_str_clear(&line);
        sb_str_puts(&line, i ? ",\n" : "\n");
        rc = sb_detections_append_json(dets, i, &line, err);
        if (rc == 0 && line.failed)
            rc = sb_error_nomem(err, "a line of results", line.length);
        if (rc == 0)
            fwrite(line.data, 1, line.length, out.fp); /* errors show at commit */
    }
    fputs("\n]\n", out.fp);
    sb_str_release(&line);
    if (rc == 0)
        return sb_outfile_commit(&out, err);
    sb_outfile_abort(&out);
    return rc;
}
