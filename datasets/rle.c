/* Run-length encoded masks and their compressed text. See rle.h. */
#include "datasets/rle.h"

#include "base/mem.h"

#include <string.h>

static int push(struct sb_rle *rle, size_t *capacity, uint32_t run, struct sb_error *err)
{
    if (sb_grow(&rle->counts, capacity, rle->count + 1, sizeof(*rle->counts),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return sb_error_nomem(err, "the runs of a mask", (rle->count + 1) * sizeof(*rle->counts));
    rle->counts[rle->count++] = run;
    return 0;
}

static int start(struct sb_rle *out, uint32_t h, uint32_t w, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    if ((uint64_t)h * w > UINT32_MAX)
        return sb_error_set(err, SB_EFORMAT, "mask of %u x %u pixels, expected less than 2^32", h,
                            w);
    out->h = h;
    out->w = w;
    return 0;
}

int sb_rle_encode(const uint8_t *mask, uint32_t h, uint32_t w, struct sb_rle *out,
                  struct sb_error *err)
{
    int rc = start(out, h, w, err);
    const size_t n = (size_t)h * w;
    size_t capacity = 0, run_start = 0;
    uint8_t current = 0;
    for (size_t i = 0; rc == 0 && i <= n; i++) {
        if (i < n && (mask[i] != 0) == current)
            continue;
        rc = push(out, &capacity, (uint32_t)(i - run_start), err);
        run_start = i;
        current = !current;
    }
    if (rc)
        sb_rle_release(out);
    return rc;
}

void sb_rle_decode(const struct sb_rle *rle, uint8_t *mask)
{
    for (size_t i = 0; i < rle->count; i++) {
        memset(mask, (int)(i & 1), rle->counts[i]);
        mask += rle->counts[i];
    }
}

void sb_rle_append_text(const struct sb_rle *rle, struct sb_str *text)
{
    for (size_t i = 0; i < rle->count; i++) {
        int64_t value = rle->counts[i];
        if (i > 2)
            value -= rle->counts[i - 2];
        for (bool more = true; more;) {
            int group = (int)(value & 0x1f);
            value >>= 5; /* arithmetic: the sign stays */
            more = group & 0x10 ? value != -1 : value != 0;
            const char c = (char)((more ? group | 0x20 : group) + 48);
            sb_str_append(text, &c, 1);
        }
    }
}

static int bad_text(size_t at, const char *what, struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT, "compressed mask, character %zu: %s", at + 1, what);
    return SB_EFORMAT;
}

/* One number of the text from *at on. */
static int read_number(const char *text, size_t length, size_t *at, int64_t *value,
                       struct sb_error *err)
{
    int64_t v = 0;
    for (int shift = 0;; shift += 5) {
        if (*at >= length)
            return bad_text(*at, "ends inside a number", err);
        const int group = text[*at] - 48;
        if (group < 0 || group > 63)
            return bad_text(*at, "expected '0' to 'o'", err);
        if (shift > 35)
            return bad_text(*at, "number too long", err);
        (*at)++;
        v |= (int64_t)(group & 0x1f) << shift;
        if (group & 0x20)
            continue;
        if (group & 0x10)
            v -= (int64_t)1 << (shift + 5);
        *value = v;
        return 0;
    }
}

int sb_rle_parse_text(const char *text, size_t length, uint32_t h, uint32_t w, struct sb_rle *out,
                      struct sb_error *err)
{
    int rc = start(out, h, w, err);
    const uint64_t pixels = (uint64_t)h * w;
    uint64_t sum = 0;
    size_t capacity = 0;
    for (size_t at = 0; rc == 0 && at < length;) {
        const size_t from = at;
        int64_t run = 0;
        rc = read_number(text, length, &at, &run, err);
        if (rc == 0 && out->count > 2)
            run += out->counts[out->count - 2];
        if (rc == 0 && (run < 0 || (uint64_t)run > pixels - sum))
            rc = bad_text(from, run < 0 ? "negative run" : "the runs exceed the image", err);
        if (rc == 0) {
            rc = push(out, &capacity, (uint32_t)run, err);
            sum += (uint64_t)run;
        }
    }
    if (rc == 0 && sum != pixels)
        rc = sb_error_set(err, SB_EFORMAT,
                          "compressed mask covers %llu pixels, expected %u x %u = %llu",
                          (unsigned long long)sum, h, w, (unsigned long long)pixels);
    if (rc)
        sb_rle_release(out);
    return rc;
}

uint64_t sb_rle_area(const struct sb_rle *rle)
{
    uint64_t area = 0;
    for (size_t i = 1; i < rle->count; i += 2)
        area += rle->counts[i];
    return area;
}

void sb_rle_release(struct sb_rle *rle)
{
    sb_free(rle->counts);
    memset(rle, 0, sizeof(*rle));
}
