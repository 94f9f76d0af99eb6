/*
 * Errors as values. Every function that can fail returns 0 or a negative enum sb_err and, where it
 * takes a `struct sb_error *`, fills it with what a user needs: file, position, message, next step.
 * Libraries never print or exit; only cli/ shows an error (see sb_error_text()).
 *
 *     int load(const char *path, struct sb_error *err)
 *     {
 *         if (broken) {
 *             sb_error_set(err, SB_EFORMAT, "tensor '%s' has %d dimensions, expected 4", name, n);
 *             sb_error_file(err, path);
 *             return sb_error_hint(err, "was it written by an older version?");
 *         }
 *         return 0;
 *     }
 */
#ifndef SB_BASE_ERROR_H
#define SB_BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

enum sb_err {
    SB_OK = 0,
    SB_EINVAL = -1,       /* bad argument or option                                  -> exit 2 */
    SB_EFORMAT = -2,      /* a file's content is not what its format says            -> exit 2 */
    SB_EIO = -3,          /* open, read, write, rename, disk full                    -> exit 2 */
    SB_ENOMEM = -4,       /* an allocation failed or a size would overflow           -> exit 2 */
    SB_ENOTFOUND = -5,    /* unknown model, tensor, category, ...                    -> exit 2 */
    SB_EUNSUPPORTED = -6, /* well-formed, but nothing here handles it (no silent skip) -> exit 2 */
    SB_EINTERNAL = -7,    /* a bug in spinebench                                     -> exit 2 */
    SB_ECHECK = -8,       /* a check or gate failed                                  -> exit 1 */
    SB_ENOISY = -9        /* the machine was too noisy to tell                       -> exit 3 */
};

struct sb_error {
    enum sb_err code;
    char path[512];     /* file it is about; "" if none */
    int64_t line;       /* 1-based; 0 if unknown */
    int64_t column;     /* 1-based, bytes; 0 if unknown */
    int64_t offset;     /* byte offset in the file; -1 if unknown */
    char pointer[256];  /* JSON pointer inside the file, "/blocks/3/level"; "" if none */
    char message[4096]; /* what is wrong, what was expected, lists too; no trailing newline or
                           period */
    char hint[384];     /* what to do next; "" if none */
};

/* An empty error: code SB_OK, offset -1. */
void sb_error_init(struct sb_error *err);

/* Starts a new error with a printf message. All functions below accept err == NULL.
 * Returns code, so that `return sb_error_set(...)` reads well. */
int sb_error_set(struct sb_error *err, enum sb_err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* SB_EIO with the text of the C library's errno: "cannot open: No such file or directory". */
int sb_error_errno(struct sb_error *err, const char *what, const char *path);

/* SB_ENOMEM for an allocation of `size` bytes for `what`. */
int sb_error_nomem(struct sb_error *err, const char *what, size_t size);

/* Add where and what next to the current error; each returns its code. */
int sb_error_file(struct sb_error *err, const char *path);
int sb_error_line(struct sb_error *err, int64_t line, int64_t column);
int sb_error_offset(struct sb_error *err, int64_t offset);
int sb_error_pointer(struct sb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int sb_error_hint(struct sb_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "FILE:LINE:COLUMN (byte N) /pointer: MESSAGE\nhint: ..." into buf, always terminated. */
void sb_error_text(const struct sb_error *err, char *buf, size_t size);

/* Precondition of a function that returns int and has no better message. */
#define SB_CHECK(cond, code)                                                                       \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return (code);                                                                         \
    } while (0)

#endif
