/* A table of names to remove. See temporary.h. */
#include "base/temporary.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS     64
#define MAX_BYTES 1024 /* of a path */

/* Who writes holds the lock; the signal handler only reads what is kept. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    atomic_bool kept;
    char path[MAX_BYTES];
} slots[SLOTS];

void sb_temporary_keep(const char *path)
{
    const size_t bytes = strlen(path) + 1;
    size_t i = 0;
    pthread_mutex_lock(&lock);
    while (i < SLOTS && atomic_load(&slots[i].kept))
        i++;
    if (i < SLOTS && bytes <= MAX_BYTES) {
        memcpy(slots[i].path, path, bytes);
        atomic_store(&slots[i].kept, true);
    }
    pthread_mutex_unlock(&lock);
}

void sb_temporary_drop(const char *path)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].kept) && strcmp(slots[i].path, path) == 0) {
            atomic_store(&slots[i].kept, false);
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

void sb_temporary_clear(void)
{
    /* files before the folders that hold them; nobody can be told of what stays */
    for (size_t i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].kept))
            (void)unlink(slots[i].path);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (atomic_load(&slots[i].kept))
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

static bool is_inside(const char *path, const char *folder)
{
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

void sb_temporary_remove_folder(const char *path)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SLOTS; i++) {
        if (!atomic_load(&slots[i].kept) || !is_inside(slots[i].path, path))
            continue;
        (void)unlink(slots[i].path); /* most were never made, or are gone */
        atomic_store(&slots[i].kept, false);
    }
    pthread_mutex_unlock(&lock);
    (void)rmdir(path);
    sb_temporary_drop(path);
}
