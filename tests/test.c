/* Helpers of the test programs. See test.h. */
#include "tests/test.h"

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
