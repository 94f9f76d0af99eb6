/*
 * What must not be left behind when a signal ends the program: files under temporary names, and
 * folders for what passes between processes. Names are kept in a table of the process; the
 * program's signal handler removes what is in it.
 */
#ifndef SB_BASE_TEMPORARY_H
#define SB_BASE_TEMPORARY_H

#include "base/error.h"

#include <stddef.h>

/* Remembers a file or folder; harmless when the table is full (64 names) or the path too long: then
 * the path is only left behind after a signal. Any thread may call it. */
void sb_temporary_keep(const char *path);
/* Forgets it: it has its final name, or is removed. */
void sb_temporary_drop(const char *path);
/* Removes what is remembered; may be called from a signal handler. */
void sb_temporary_clear(void);

/* Makes a folder of its own in $TMPDIR, or /tmp, and remembers it; `path` has room for `size`
 * bytes. The caller remembers what it will put there. */
int sb_temporary_folder(char *path, size_t size, struct sb_error *err);
/* Removes and forgets the folder and what is remembered in it. */
void sb_temporary_remove_folder(const char *path);

#endif
