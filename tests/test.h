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
/* Fails the test with the error's text unless rc == 0. */
#define assert_ok(rc, err) test_assert_ok((rc), (err), __FILE__, __LINE__)
void test_assert_ok(int rc, const struct sb_error *err, const char *file, int line);

#endif
