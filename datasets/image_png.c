/*
 * PNG in and out through libpng. Errors leave libpng by longjmp: everything that must survive it
 * lives in struct png_reader and struct png_writer, in the caller's frame.
 */
#include "base/file.h"
#include "base/mem.h"
#include "datasets/image_codec.h"
#include "datasets/png_rows.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

/* Deflate cannot shrink below 1/1032 of its input, so a header that promises more is a lie. */
#define MAX_DEFLATE_RATIO 1032
/* Of width and height: the header is the first chunk, after the signature, a length and a type. */
#define SIZE_OFFSET  16
#define COLOR_OFFSET 25 /* of the colour type */
#define SIGNATURE    8  /* bytes */

struct png_reader {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    const uint8_t *data;
    size_t size, offset;
    const struct sb_image_options *options;
    struct sb_image *out;
    struct sb_error *err;
    int rc;
};

struct png_writer {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    struct sb_outfile file;
    const struct sb_image *image;
    struct sb_error *err;
    int rc;
};

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message; /* ancillary chunks only: the pixels are not affected */
}

static void on_read_error(png_structp png, png_const_charp message)
{
    struct png_reader *r = png_get_error_ptr(png);
    r->rc = sb_error_set(r->err, SB_EFORMAT, "broken PNG: %s", message);
    sb_error_offset(r->err, (int64_t)r->offset);
    longjmp(r->jump, 1);
}

static void read_bytes(png_structp png, png_bytep out, size_t count)
{
    struct png_reader *r = png_get_io_ptr(png);
    if (count > r->size - r->offset) {
        r->offset = r->size;
        png_error(png, "the file ends in the middle of the image");
    }
    memcpy(out, r->data + r->offset, count);
    r->offset += count;
}

/* Sizes from the header against the limits and against what the file can hold. */
static int check_header(struct png_reader *r)
{
    const png_uint_32 width = png_get_image_width(r->png, r->info);
    const png_uint_32 height = png_get_image_height(r->png, r->info);
    if (sb_image_check_size(width, height, r->options, r->err) != 0)
        return sb_error_offset(r->err, SIZE_OFFSET);
    const size_t raw = png_get_rowbytes(r->png, r->info) * height; /* within the pixel limit * 8 */
    if (raw / MAX_DEFLATE_RATIO <= r->size)
        return 0;
    sb_error_set(r->err, SB_EFORMAT, "the header says %u x %u pixels, which %zu bytes cannot hold",
                 width, height, r->size);
    return sb_error_offset(r->err, SIZE_OFFSET);
}

/* Every kind of PNG becomes 8-bit RGB. */
static void set_transforms(struct png_reader *r)
{
    png_set_expand(r->png); /* palette, 1 to 4 bits of grey, transparent colour */
    png_set_strip_16(r->png);
    png_set_strip_alpha(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)r->out->width * 3)
        png_error(r->png, "unknown pixel format");
}

static int run_reader(struct png_reader *r)
{
    if (setjmp(r->jump))
        return r->rc;
    png_set_read_fn(r->png, r, read_bytes);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* check_header() says more */
    png_read_info(r->png, r->info);
    r->rc = check_header(r);
    if (r->rc == 0)
        r->rc = sb_image_create(r->out, (int)png_get_image_width(r->png, r->info),
                                (int)png_get_image_height(r->png, r->info), r->err);
    if (r->rc)
        return r->rc;
    set_transforms(r);
    /* all passes of an interlaced file; without interlace there is one */
    const int passes = png_get_interlace_type(r->png, r->info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < r->out->height; y++)
            png_read_row(r->png, r->out->pixels + (size_t)y * (size_t)r->out->width * 3, NULL);
    png_read_end(r->png, NULL);
    return 0;
}

int sb_png_decode(const uint8_t *data, size_t size, const struct sb_image_options *options,
                  struct sb_image *out, struct sb_error *err)
{
    struct png_reader r = {
        .data = data, .size = size, .options = options, .out = out, .err = err, .rc = 0};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_read_error, on_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    const int rc = r.info ? run_reader(&r) : sb_error_nomem(err, "the PNG decoder", 0);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (rc)
        sb_image_release(out);
    return rc;
}

/*
 * Row by row.
 */

struct sb_png_rows {
    struct png_reader reader;
    struct sb_image_options defaults;
    struct sb_image whole; /* of an interlaced file, decoded at once; else empty */
    uint8_t *row;          /* owned; NULL when interlaced */
    int width, height, next;
};

static int start_rows(struct sb_png_rows *rows)
{
    struct png_reader *const r = &rows->reader;
    if (setjmp(r->jump))
        return r->rc;
    png_set_read_fn(r->png, r, read_bytes);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(r->png, r->info);
    r->rc = check_header(r);
    if (r->rc)
        return r->rc;
    const int type = png_get_color_type(r->png, r->info);
    rows->width = (int)png_get_image_width(r->png, r->info);
    rows->height = (int)png_get_image_height(r->png, r->info);
    if (type != PNG_COLOR_TYPE_RGB && type != PNG_COLOR_TYPE_RGB_ALPHA) {
        r->rc =
            sb_error_set(r->err, SB_EFORMAT, "expected a PNG with red, green and blue, found %s",
                         type == PNG_COLOR_TYPE_PALETTE ? "a palette" : "grey");
        return sb_error_offset(r->err, COLOR_OFFSET);
    }
    if (png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE)
        return 0;
    png_set_strip_16(r->png);
    png_set_strip_alpha(r->png);
    png_read_update_info(r->png, r->info);
    rows->row = sb_malloc((size_t)rows->width * 3, SB_MEM_TAG(SB_MEM_DATA, 0));
    return rows->row ? 0 : sb_error_nomem(r->err, "a row of an image", (size_t)rows->width * 3);
}

int sb_png_rows_open(struct sb_png_rows **out, const void *data, size_t size, struct sb_error *err)
{
    *out = NULL;
    if (size < SIGNATURE || png_sig_cmp(data, 0, SIGNATURE) != 0) {
        sb_error_set(err, SB_EFORMAT, "not a PNG file");
        return sb_error_offset(err, 0);
    }
    struct sb_png_rows *rows = sb_calloc(1, sizeof(*rows), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!rows)
        return sb_error_nomem(err, "the PNG decoder", sizeof(*rows));
    struct png_reader *const r = &rows->reader;
    sb_image_options_defaults(&rows->defaults);
    *r = (struct png_reader){.data = data, .size = size, .options = &rows->defaults, .err = err};
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_read_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    int rc = r->info ? start_rows(rows) : sb_error_nomem(err, "the PNG decoder", 0);
    if (rc == 0 && !rows->row)
        rc = sb_png_decode(data, size, &rows->defaults, &rows->whole, err);
    if (rc)
        sb_png_rows_close(&rows);
    *out = rows;
    return rc;
}

static int read_row(struct sb_png_rows *rows)
{
    struct png_reader *const r = &rows->reader;
    if (setjmp(r->jump))
        return r->rc;
    png_read_row(r->png, rows->row, NULL);
    if (rows->next == rows->height)
        png_read_end(r->png, NULL);
    return 0;
}

int sb_png_rows_next(struct sb_png_rows *rows, const uint8_t **row)
{
    const size_t stride = (size_t)rows->width * 3;
    SB_CHECK(rows->next < rows->height, SB_EINTERNAL);
    *row = rows->row ? rows->row : rows->whole.pixels + (size_t)rows->next * stride;
    rows->next++;
    return rows->row ? read_row(rows) : 0;
}

void sb_png_rows_size(const struct sb_png_rows *rows, int *width, int *height)
{
    *width = rows->width;
    *height = rows->height;
}

void sb_png_rows_close(struct sb_png_rows **rows)
{
    if (!*rows)
        return;
    png_destroy_read_struct(&(*rows)->reader.png, &(*rows)->reader.info, NULL);
    sb_image_release(&(*rows)->whole);
    sb_free((*rows)->row);
    sb_free(*rows);
    *rows = NULL;
}

static void on_write_error(png_structp png, png_const_charp message)
{
    struct png_writer *w = png_get_error_ptr(png);
    if (ferror(w->file.fp))
        w->rc = sb_error_errno(w->err, "cannot write", w->file.path);
    else
        w->rc = sb_error_set(w->err, SB_EIO, "cannot write the PNG: %s", message);
    longjmp(w->jump, 1);
}

static int run_writer(struct png_writer *w)
{
    if (setjmp(w->jump))
        return w->rc;
    const struct sb_image *image = w->image;
    png_init_io(w->png, w->file.fp);
    png_set_IHDR(w->png, w->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    /* libpng's defaults, said so that the same pixels keep giving the same bytes */
    png_set_compression_level(w->png, 6);
    png_set_compression_strategy(w->png, Z_FILTERED);
    png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
    png_write_info(w->png, w->info);
    for (int y = 0; y < image->height; y++)
        png_write_row(w->png, image->pixels + (size_t)y * (size_t)image->width * 3);
    png_write_end(w->png, w->info);
    return 0;
}

int sb_image_save_png(const struct sb_image *image, const char *path, struct sb_error *err)
{
    struct png_writer w = {.image = image, .err = err, .rc = 0};
    int rc = sb_outfile_open(&w.file, path, err);
    if (rc)
        return rc;
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_write_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    rc = w.info ? run_writer(&w) : sb_error_nomem(err, "the PNG encoder", 0);
    png_destroy_write_struct(&w.png, &w.info);
    if (rc == 0)
        return sb_outfile_commit(&w.file, err);
    sb_error_file(err, path);
    sb_outfile_abort(&w.file);
    return rc;
}
