/* What every test program includes: cmocka, and helpers for test data and scratch folders. */
#ifndef SB_TESTS_TEST_H
#define SB_TESTS_TEST_H

/* cmocka needs these before it, in this order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

/* Path of a file below SPINEBENCH_DATA (default ../shared/data); skips the test, with a message
 * that names the file, where it is absent. Valid until the next four calls. */
const char *test_data_or_skip(const char *name);
/* Path of a file below tests/ of the source tree. Valid until the next four calls. */
const char *test_source(const char *name);
/* A fresh scratch folder, removed at exit. Valid for the whole program. */
const char *test_scratch(void);
/* Path of NAME in the scratch folder. Valid until the next four calls. */
const char *test_path(const char *name);
/* Writes a file into the scratch folder; returns its path as test_path() does. */
const char *test_write(const char *name, const void *data, size_t size);
/* The same for a C string. */
const char *test_write_text(const char *name, const char *text);
/* Fails the test unless the error has this code and its text (sb_error_text) contains `part`. */
#define assert_error(err, code, part) test_assert_error((err), (code), (part), __FILE__, __LINE__)
void test_assert_error(const struct sb_error *err, enum sb_err code, const char *part,
                       const char *file, int line);
/* Runs fn(ctx) with its 1st, 2nd, ... allocation failing until it returns 0. Every other result
 * must be SB_ENOMEM, and no run may leave memory behind: fn releases what it made. */
void test_every_allocation_fails(int (*fn)(void *ctx), void *ctx);
/* Fails the test with the error's text unless rc == 0. */
#define assert_ok(rc, err) test_assert_ok((rc), (err), __FILE__, __LINE__)
void test_assert_ok(int rc, const struct sb_error *err, const char *file, int line);

#endif
