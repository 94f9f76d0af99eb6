/* A table of names to remove. See temporary.h. */
#include "base/temporary.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS     64
#define MAX_BYTES 1024 /* of a path */

enum { FREE, CLAIMED, KEPT }; /* CLAIMED: someone writes or reads the path */

static struct {
    atomic_int state;
    char path[MAX_BYTES];
} slots[SLOTS];

void sb_temporary_keep(const char *path)
{
    const size_t bytes = strlen(path) + 1;
    for (size_t i = 0; i < SLOTS && bytes <= MAX_BYTES; i++) {
        int expected = FREE;
        if (!atomic_compare_exchange_strong(&slots[i].state, &expected, CLAIMED))
            continue;
        memcpy(slots[i].path, path, bytes);
        atomic_store(&slots[i].state, KEPT);
        return;
    }
}

void sb_temporary_drop(const char *path)
{
    for (size_t i = 0; i < SLOTS; i++) {
        int expected = KEPT;
        if (!atomic_compare_exchange_strong(&slots[i].state, &expected, CLAIMED))
            continue;
        const bool found = strcmp(slots[i].path, path) == 0;
        atomic_store(&slots[i].state, found ? FREE : KEPT);
        if (found)
            return;
    }
}

void sb_temporary_clear(void)
{
    /* files before the folders that hold them; nobody can be told of what stays */
    for (size_t i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].state) == KEPT)
            (void)unlink(slots[i].path);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].state) == KEPT)
            (void)rmdir(slots[i].path);
    }
}

int sb_temporary_folder(char *path, size_t size, struct sb_error *err)
{
    const char *parent = getenv("TMPDIR");
    const int n = snprintf(path, size, "%s/spinebench-XXXXXX", parent && *parent ? parent : "/tmp");
    if (n < 0 || (size_t)n >= size)
        return sb_error_set(err, SB_EINVAL, "the path of TMPDIR is too long: %s", parent);
    if (!mkdtemp(path))
        return sb_error_errno(err, "cannot create a folder like", path);
    sb_temporary_keep(path);
    return 0;
}

void sb_temporary_remove_folder(const char *path)
{
    (void)rmdir(path);
    sb_temporary_drop(path);
}
