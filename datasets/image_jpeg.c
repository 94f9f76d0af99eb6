/*
 * JPEG decoding through libjpeg-turbo with TensorFlow's choices
 * (tensorflow/core/lib/jpeg/jpeg_mem.cc tells them: JDCT_IFAST, fancy upsampling, CMYK for four
 * components). Errors leave libjpeg by longjmp: everything that must survive it lives in struct
 * jpeg_reader, in the caller's frame.
 */
#include "base/mem.h"
#include "datasets/image_codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* A progressive file may repeat scans without end; real encoders write about ten. */
#define MAX_SCANS 500

struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_source_mgr source;
    jmp_buf jump;
    size_t size;
    const struct sb_image_options *options;
    struct sb_image *out;
    uint8_t *cmyk_row; /* width * 4 bytes when the file has four components */
    int orientation;
    struct sb_error *err;
    int rc;
};

static struct jpeg_reader *reader_of(j_common_ptr cinfo)
{
    return cinfo->client_data;
}

/* Bytes consumed so far. */
static int64_t position(const struct jpeg_reader *r)
{
    return (int64_t)(r->size - r->source.bytes_in_buffer);
}

static void fail(struct jpeg_reader *r, const char *message) __attribute__((noreturn));
static void fail(struct jpeg_reader *r, const char *message)
{
    r->rc = sb_error_set(r->err, SB_EFORMAT, "broken JPEG: %s", message);
    sb_error_offset(r->err, position(r));
    longjmp(r->jump, 1);
}

static void on_error(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    fail(reader_of(cinfo), text);
}

/* Level -1 is a warning: libjpeg goes on with invented data. Data that breaks off is an error here;
 * stray bytes between markers are harmless and common. */
static void on_message(j_common_ptr cinfo, int level)
{
    if (level != -1)
        return;
    cinfo->err->num_warnings++;
    const int code = cinfo->err->msg_code;
    if (code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF || code == JWRN_HUFF_BAD_CODE ||
        code == JWRN_ARITH_BAD_CODE)
        on_error(cinfo);
}

static void on_progress(j_common_ptr cinfo)
{
    struct jpeg_reader *r = reader_of(cinfo);
    if (r->jpeg.input_scan_number > MAX_SCANS)
        fail(r, "more than 500 scans");
}

static void source_nothing(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

/* The whole file is in the buffer from the start: being asked for more means it was cut. */
static boolean source_fill(j_decompress_ptr cinfo)
{
    fail(reader_of((j_common_ptr)cinfo), "the file ends in the middle of the image");
}

static void source_skip(j_decompress_ptr cinfo, long count)
{
    struct jpeg_source_mgr *s = cinfo->src;
    if (count <= 0)
        return;
    if ((size_t)count > s->bytes_in_buffer) {
        s->bytes_in_buffer = 0;
        source_fill(cinfo);
    }
    s->next_input_byte += count;
    s->bytes_in_buffer -= (size_t)count;
}

static void set_up(struct jpeg_reader *r, const uint8_t *data, size_t size)
{
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->jpeg.client_data = r;
    r->size = size;
    r->source.next_input_byte = data;
    r->source.bytes_in_buffer = size;
    r->source.init_source = source_nothing;
    r->source.fill_input_buffer = source_fill;
    r->source.skip_input_data = source_skip;
    r->source.resync_to_restart = jpeg_resync_to_restart;
    r->source.term_source = source_nothing;
    r->progress.progress_monitor = on_progress;
}

/* Header, limits, output format and memory. */
static void start(struct jpeg_reader *r)
{
    struct jpeg_decompress_struct *j = &r->jpeg;
    if (r->options->apply_exif)
        jpeg_save_markers(j, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(j, TRUE);
    r->rc = sb_image_check_size(j->image_width, j->image_height, r->options, r->err);
    if (r->rc)
        sb_error_offset(r->err, position(r));
    else
        r->rc = sb_image_create(r->out, (int)j->image_width, (int)j->image_height, r->err);
    if (r->rc)
        longjmp(r->jump, 1);
    r->orientation = 1;
    for (const struct jpeg_marker_struct *m = j->marker_list; m && r->orientation == 1; m = m->next)
        r->orientation = sb_exif_orientation(m->data, m->data_length);
    const bool four = j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK;
    j->out_color_space = four ? JCS_CMYK : JCS_RGB;
    j->dct_method = JDCT_IFAST;
    j->do_fancy_upsampling = TRUE;
    if (four) {
        r->cmyk_row = sb_calloc(j->image_width, 4, SB_MEM_TAG(SB_MEM_DATA, 0));
        if (!r->cmyk_row) {
            r->rc = sb_error_nomem(r->err, "an image row", (size_t)j->image_width * 4);
            longjmp(r->jump, 1);
        }
    }
    jpeg_start_decompress(j);
}

/* Adobe's files hold inverted inks (255 = none), others plain inks (0 = none). */
static void cmyk_to_rgb(const uint8_t *cmyk, int width, bool inverted, uint8_t *rgb)
{
    for (int x = 0; x < width; x++) {
        const int k = inverted ? cmyk[4 * x + 3] : 255 - cmyk[4 * x + 3];
        for (int c = 0; c < 3; c++) {
            const int ink = inverted ? cmyk[4 * x + c] : 255 - cmyk[4 * x + c];
            rgb[3 * x + c] = (uint8_t)(k * ink / 255);
        }
    }
}

static void read_rows(struct jpeg_reader *r)
{
    const size_t stride = (size_t)r->out->width * 3;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *const row = r->out->pixels + r->jpeg.output_scanline * stride;
        JSAMPROW target = r->cmyk_row ? r->cmyk_row : row;
        if (jpeg_read_scanlines(&r->jpeg, &target, 1) != 1)
            fail(r, "the decoder stopped");
        if (r->cmyk_row)
            cmyk_to_rgb(r->cmyk_row, r->out->width, r->jpeg.saw_Adobe_marker, row);
    }
}

/* The only frame that longjmp returns to; it has no locals to lose. */
static int run(struct jpeg_reader *r)
{
    if (setjmp(r->jump))
        return r->rc;
    jpeg_create_decompress(&r->jpeg);
    r->jpeg.src = &r->source;
    r->jpeg.progress = &r->progress;
    start(r);
    read_rows(r);
    jpeg_finish_decompress(&r->jpeg);
    return 0;
}

int sb_jpeg_decode(const uint8_t *data, size_t size, const struct sb_image_options *options,
                   struct sb_image *out, struct sb_error *err)
{
    struct jpeg_reader r;
    memset(&r, 0, sizeof(r));
    r.options = options;
    r.out = out;
    r.err = err;
    set_up(&r, data, size);
    int rc = run(&r);
    jpeg_destroy_decompress(&r.jpeg);
    sb_free(r.cmyk_row);
    if (rc == 0 && options->apply_exif)
        rc = sb_image_orient(out, r.orientation, err);
    if (rc)
        sb_image_release(out);
    return rc;
}
