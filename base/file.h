/*
 * Files: whole-file read-only maps, outputs that appear under their name only when complete, and
 * folders. Every function fills err with the path and the C library's reason.
 */
#ifndef SB_BASE_FILE_H
#define SB_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A file's bytes, mapped read-only, with at least a page of zeros behind them, so that scanners may
 * read a little past the end. data is NULL only for an empty file. */
struct sb_map {
    const char *data;
    size_t size;
    bool changed;  /* in memory: pages must not be read from the file again */
    bool borrowed; /* someone else's memory, which release leaves alone */
};

/* Maps a regular file (folders and devices are SB_EIO). Release with sb_map_release(). */
int sb_map_open(struct sb_map *map, const char *path, struct sb_error *err);
void sb_map_release(struct sb_map *map);
/*
 * Maps files one behind the other, with blanks between the end of one and the start of the next,
 * starts[i] of the map. *bytes is where the caller may change what is read; the files stay as they
 * are, and only pages that are changed take memory of their own. None may be empty.
 */
int sb_map_open_all(struct sb_map *map, const char *const *paths, size_t count, size_t *starts,
                    char **bytes, struct sb_error *err);
/* A map without a file: `size` zeros in this process, for text that is made here and read as from a
 * file. *bytes is where to write it. */
int sb_map_new(struct sb_map *map, size_t size, char **bytes, struct sb_error *err);
/* The bytes [offset, offset + size) will not be needed soon: lets the system drop their pages from
 * the process. They stay readable. */
void sb_map_forget(const struct sb_map *map, size_t offset, size_t size);
/* The same for a reader that goes from front to back in small steps, and has read [offset, end): a
 * page that two steps share is dropped by the second. */
void sb_map_forget_behind(const struct sb_map *map, size_t offset, size_t end);

/*
 * An output file under construction: it has no name until commit, which links it to PATH.tmp-PID
 * and renames that to PATH, so a program that is killed leaves nothing. File systems that make such
 * files but refuse the link have their bytes copied to PATH.tmp-PID, and those without unnamed
 * files (NFS) have it from the start. Without commit nothing appears under PATH.
 * abort and commit release; abort after commit does nothing, so one `goto fail` label can always
 * call it. A symbolic link keeps pointing where it does, and a device or pipe (/dev/stdout) is
 * written directly, since it must not be replaced.
 */
struct sb_outfile {
    FILE *fp;   /* write here; NULL when not open */
    char *path; /* final name with links resolved, owned */
    char *tmp;  /* temporary name, owned; NULL for a device or pipe */
    bool named; /* tmp exists */
};
int sb_outfile_open(struct sb_outfile *out, const char *path, struct sb_error *err);
/* Flushes, checks for write errors, closes, renames. On failure the temporary file is removed. */
int sb_outfile_commit(struct sb_outfile *out, struct sb_error *err);
void sb_outfile_abort(struct sb_outfile *out);

/* Writes size bytes to a descriptor, however many calls that takes; -1 and errno on failure. */
int sb_write_all(int fd, const char *data, size_t size);
/* Writes size bytes to path through an sb_outfile. */
int sb_write_file(const char *path, const void *data, size_t size, struct sb_error *err);

/* Whether a file could be made there, tried before long work whose result it takes; leaves nothing.
 * A device or pipe is not opened, since its reader would see an end. */
int sb_file_try(const char *path, struct sb_error *err);

/* sb_fnv1a() over a file's bytes: the same content has the same digest under every name. */
int sb_file_digest(const char *path, uint64_t *digest, struct sb_error *err);

/* Creates a folder and its missing parents; an existing folder is fine. */
int sb_make_dirs(const char *path, struct sb_error *err);
/* What a folder holds: its files, or its folders, by name in the order of bytes; names that start
 * with a dot are left out. Release with sb_names_release(). */
struct sb_names {
    char **items; /* owned, as is each */
    size_t count, capacity;
};
int sb_list_folder(struct sb_names *names, const char *path, bool folders, struct sb_error *err);
void sb_names_release(struct sb_names *names);

bool sb_is_file(const char *path);
bool sb_is_dir(const char *path);

/* "dir/name" (no slash doubled; name alone when dir is ""); NULL when out of memory. sb_free(). */
char *sb_path_join(const char *dir, const char *name);
/* The part after the last slash; points into path. */
const char *sb_path_base(const char *path);
bool sb_ends_with(const char *text, const char *suffix);

#endif
