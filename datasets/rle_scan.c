/* Reading run-length codes. See rle_scan.h. */
#include "datasets/rle_scan.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static int read_size(struct sb_scan *s, uint32_t *h, uint32_t *w)
{
    int64_t size[2] = {0, 0}, extra;
    size_t n = 0;
    bool first = true;
    const char *const at = s->pos;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        rc = sb_scan_int(s, 0, UINT32_MAX, n < 2 ? &size[n] : &extra);
        n++;
    }
    if (rc == 0 && n != 2)
        return sb_scan_fail(s, at, "expected the size [height, width], found %zu numbers", n);
    *h = (uint32_t)size[0];
    *w = (uint32_t)size[1];
    return rc;
}

static int read_runs(struct sb_scan *s, struct sb_rle_code *code)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    code->run_count = 0;
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        int64_t run = 0;
        if (sb_grow(&code->runs, &code->runs_capacity, code->run_count + 1, sizeof(uint32_t), TAG))
            return sb_error_nomem(s->err, "runs of a mask", code->run_count * sizeof(uint32_t));
        rc = sb_scan_int(s, 0, UINT32_MAX, &run);
        code->runs[code->run_count++] = (uint32_t)run;
    }
    return rc;
}

int sb_rle_scan(struct sb_scan *s, struct sb_rle_code *code)
{
    enum { SIZE, COUNTS };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("size"), SB_SCAN_NAME("counts"),
                                                SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = names};
    struct sb_scan_text text = {0};
    const char *const at = s->pos;
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == SIZE) {
            rc = read_size(s, &code->h, &code->w);
        } else if (key == COUNTS) {
            code->counts_at = s->pos;
            code->compressed = sb_scan_peek(s) == SB_SCAN_STRING;
            rc = code->compressed ? sb_scan_string(s, &text) : read_runs(s, code);
        } else {
            rc = key < 0 ? key : sb_scan_skip(s);
        }
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, SIZE, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, COUNTS, at);
    if (rc == 0 && code->compressed) {
        sb_str_clear(&code->text);
        sb_scan_unescape(&text, &code->text);
        if (code->text.failed)
            rc = sb_error_nomem(s->err, "a mask's counts", text.length);
    }
    return rc;
}

int sb_rle_from_code(struct sb_rle *rle, const struct sb_rle_code *code, struct sb_error *err)
{
    return code->compressed
               ? sb_rle_from_text(rle, code->h, code->w, sb_str_text(&code->text),
                                  code->text.length, err)
               : sb_rle_from_runs(rle, code->h, code->w, code->runs, code->run_count, err);
}

void sb_rle_code_release(struct sb_rle_code *code)
{
    sb_str_release(&code->text);
    sb_free(code->runs);
    memset(code, 0, sizeof(*code));
}
