/* Helpers of the test programs. See test.h. */
#include "tests/test.h"

#include "base/mem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char paths[4][1024];
static int next_path;
static char scratch[256];

static char *path_slot(void)
{
    next_path = (next_path + 1) % 4;
    return paths[next_path];
}

const char *test_data_or_skip(const char *name)
{
    const char *root = getenv("SPINEBENCH_DATA");
    char *path = path_slot();
    snprintf(path, sizeof(paths[0]), "%s/%s", root ? root : "../shared/data", name);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "skipped: %s is absent (set SPINEBENCH_DATA)\n", path);
        skip();
    }
    return path;
}

const char *test_source(const char *name)
{
    const char *root = getenv("SPINEBENCH_SOURCE");
    char *path = path_slot();
    snprintf(path, sizeof(paths[0]), "%s/tests/%s", root ? root : ".", name);
    return path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_scratch(void)
{
    nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_scratch(void)
{
    if (!scratch[0]) {
        snprintf(scratch, sizeof(scratch), "/tmp/spinebench-test-XXXXXX");
        if (!mkdtemp(scratch))
            fail_msg("cannot create a scratch folder");
        atexit(remove_scratch);
    }
    return scratch;
}

void test_assert_ok(int rc, const struct sb_error *err, const char *file, int line)
{
    if (rc == 0)
        return;
    char text[2048];
    sb_error_text(err, text, sizeof(text));
    print_error("%s\n", text);
    _assert_int_equal((LargestIntegralType)rc, 0, file, line);
}

const char *test_path(const char *name)
{
    char *path = path_slot();
    snprintf(path, sizeof(paths[0]), "%s/%s", test_scratch(), name);
    return path;
}

const char *test_write(const char *name, const void *data, size_t size)
{
    const char *path = test_path(name);
    FILE *fp = fopen(path, "wb");
    if (!fp || fwrite(data, 1, size, fp) != size || fclose(fp) != 0)
        fail_msg("cannot write %s", path);
    return path;
}

const char *test_write_text(const char *name, const char *text)
{
    return test_write(name, text, strlen(text));
}

void test_assert_error(const struct sb_error *err, enum sb_err code, const char *part,
                       const char *file, int line)
{
    char text[2048];
    sb_error_text(err, text, sizeof(text));
    if (err->code == code && strstr(text, part))
        return;
    print_error("error %d '%s', expected %d with '%s'\n", (int)err->code, text, (int)code, part);
    _fail(file, line);
}

void test_every_allocation_fails(int (*fn)(void *ctx), void *ctx)
{
    struct sb_mem_stats before, after;
    int rc = SB_ENOMEM;
    for (long n = 1; rc != 0; n++) {
        sb_mem_get_stats(&before);
        sb_mem_fail_after(n);
        rc = fn(ctx);
        sb_mem_fail_after(0);
        sb_mem_get_stats(&after);
        if (rc != 0 && rc != SB_ENOMEM)
            fail_msg("allocation %ld failing gave %d, expected SB_ENOMEM", n, rc);
        if (after.current_total_bytes != before.current_total_bytes)
            fail_msg("allocation %ld failing left memory behind", n);
    }
}
