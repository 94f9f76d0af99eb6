/* Error values: filling and formatting. See error.h. */
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The code a setter returns when there is no error object to ask. */
static int code_of(const struct sb_error *err)
{
    return err ? (int)err->code : (int)SB_EINTERNAL;
}

void sb_error_init(struct sb_error *err)
{
    memset(err, 0, sizeof(*err));
    err->offset = -1;
}

int sb_error_set(struct sb_error *err, enum sb_err code, const char *fmt, ...)
{
    if (!err)
        return code;
    sb_error_init(err);
    err->code = code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    return code;
}

int sb_error_errno(struct sb_error *err, const char *what, const char *path)
{
    const int saved = errno;
    sb_error_set(err, SB_EIO, "%s: %s", what, strerror(saved));
    sb_error_file(err, path);
    return SB_EIO;
}

int sb_error_nomem(struct sb_error *err, const char *what, size_t size)
{
    return sb_error_set(err, SB_ENOMEM, "cannot allocate %zu bytes for %s", size, what);
}

int sb_error_file(struct sb_error *err, const char *path)
{
    if (err)
        snprintf(err->path, sizeof(err->path), "%s", path);
    return code_of(err);
}

int sb_error_line(struct sb_error *err, int64_t line, int64_t column)
{
    if (err) {
        err->line = line;
        err->column = column;
    }
    return code_of(err);
}

int sb_error_offset(struct sb_error *err, int64_t offset)
{
    if (err)
        err->offset = offset;
    return code_of(err);
}

int sb_error_pointer(struct sb_error *err, const char *fmt, ...)
{
    if (!err)
        return SB_EINTERNAL;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->pointer, sizeof(err->pointer), fmt, args);
    va_end(args);
    return err->code;
}

int sb_error_hint(struct sb_error *err, const char *fmt, ...)
{
    if (!err)
        return SB_EINTERNAL;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->hint, sizeof(err->hint), fmt, args);
    va_end(args);
    return err->code;
}

void sb_error_text(const struct sb_error *err, char *buf, size_t size)
{
    char where[128] = "";
    size_t n = 0;
    if (err->line > 0 && err->column > 0)
        n = (size_t)snprintf(where, sizeof(where), ":%" PRId64 ":%" PRId64, err->line, err->column);
    else if (err->line > 0)
        n = (size_t)snprintf(where, sizeof(where), ":%" PRId64, err->line);
    if (err->offset >= 0)
        snprintf(where + n, sizeof(where) - n, " (byte %" PRId64 ")", err->offset);
    const int has_place = err->path[0] || where[0] || err->pointer[0];
    snprintf(buf, size, "%s%s%s%s%s%s%s%s", err->path, where, err->pointer[0] ? " " : "",
             err->pointer, has_place ? ": " : "", err->message, err->hint[0] ? "\nhint: " : "",
             err->hint);
}
