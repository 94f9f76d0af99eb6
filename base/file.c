/* Files and folders. See file.h. */
#include "base/file.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/str.h"
#include "base/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of the address range that holds size bytes and a page of zeros after their last page. */
static size_t padded_bytes(size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return sb_align_size(size, page) + page;
}

/* Maps the file over the front of an anonymous range, so that zeros follow its last byte. */
static char *map_with_padding(int fd, size_t size)
{
    char *const range =
        mmap(NULL, padded_bytes(size), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED)
        return NULL;
    if (mmap(range, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
        const int saved = errno;
        munmap(range, padded_bytes(size));
        errno = saved;
        return NULL;
    }
    return range;
}

/* Opens a regular file. */
static int open_file(const char *path, int *fd, size_t *size, struct sb_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block us */
    if (*fd < 0)
        return sb_error_errno(err, "cannot open", path);
    struct stat st;
    int rc = 0;
    if (fstat(*fd, &st) != 0) {
        rc = sb_error_errno(err, "cannot stat", path);
    } else if (!S_ISREG(st.st_mode)) {
        rc = sb_error_set(err, SB_EIO,
                          S_ISDIR(st.st_mode) ? "is a folder, expected a file"
                                              : "not a regular file");
        sb_error_file(err, path);
    }
    *size = rc ? 0 : (size_t)st.st_size;
    if (rc)
        close(*fd);
    return rc;
}

int sb_map_open(struct sb_map *map, const char *path, struct sb_error *err)
{
    int fd;
    size_t size;
    memset(map, 0, sizeof(*map));
    int rc = open_file(path, &fd, &size, err);
    if (rc)
        return rc;
    if (size > 0) {
        map->data = map_with_padding(fd, size);
        if (map->data)
            map->size = size;
        else
            rc = sb_error_errno(err, "cannot map", path);
    }
    close(fd);
    return rc;
}

int sb_file_digest(const char *path, uint64_t *digest, struct sb_error *err)
{
    struct sb_map map;
    const int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    *digest = sb_fnv1a(SB_FNV_START, map.data, map.size);
    sb_map_release(&map);
    return 0;
}

/* Where each file starts, at a page of its own; *size is that of all. */
static int place_files(const char *const *paths, size_t count, size_t *starts, size_t *size,
                       struct sb_error *err)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        int fd;
        size_t bytes;
        const int rc = open_file(paths[i], &fd, &bytes, err);
        if (rc)
            return rc;
        close(fd);
        if (bytes == 0) {
            sb_error_set(err, SB_EFORMAT, "the file is empty");
            return sb_error_file(err, paths[i]);
        }
        starts[i] = sb_align_size(*size, page);
        if (!sb_add_size(starts[i], bytes, size) || *size > SIZE_MAX / 2)
            return sb_error_nomem(err, "a text", SIZE_MAX);
    }
    return 0;
}

/* Maps a file over the front of [at, at + room); blanks follow, unless it is the last. */
static int place_file(const char *path, char *at, size_t room, bool last, struct sb_error *err)
{
    int fd;
    size_t size;
    int rc = open_file(path, &fd, &size, err);
    if (rc)
        return rc;
    if (size == 0 || size > room) {
        sb_error_set(err, SB_EIO, "the file changed while it was opened");
        rc = sb_error_file(err, path);
    } else if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
               MAP_FAILED) {
        rc = sb_error_errno(err, "cannot map", path);
    } else if (!last) {
        memset(at + size, ' ', room - size);
    }
    close(fd);
    return rc;
}

int sb_map_open_all(struct sb_map *map, const char *const *paths, size_t count, size_t *starts,
                    char **bytes, struct sb_error *err)
{
    size_t size;
    memset(map, 0, sizeof(*map));
    int rc = place_files(paths, count, starts, &size, err);
    if (rc == 0)
        rc = sb_map_new(map, size, bytes, err);
    map->changed = true;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const bool last = i + 1 == count;
        rc = place_file(paths[i], *bytes + starts[i], (last ? size : starts[i + 1]) - starts[i],
                        last, err);
    }
    if (rc)
        sb_map_release(map);
    return rc;
}

int sb_map_new(struct sb_map *map, size_t size, char **bytes, struct sb_error *err)
{
    memset(map, 0, sizeof(*map));
    *bytes = NULL;
    if (size == 0)
        return 0;
    void *const range = size < SIZE_MAX / 2 ? mmap(NULL, padded_bytes(size), PROT_READ | PROT_WRITE,
                                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                            : MAP_FAILED;
    if (range == MAP_FAILED)
        return sb_error_nomem(err, "a text", size);
    map->data = *bytes = range;
    map->size = size;
    return 0;
}

void sb_map_release(struct sb_map *map)
{
    if (map->data && !map->borrowed)
        munmap((void *)(uintptr_t)map->data, padded_bytes(map->size));
    memset(map, 0, sizeof(*map));
}

/* What path leads to when it is a symbolic link to something that exists, else path itself. */
static char *resolve_links(const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = sb_strdup(real ? real : path);
    free(real);
    return copy;
}

static bool is_device_or_pipe(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

void sb_map_forget(const struct sb_map *map, size_t offset, size_t size)
{
    if (map->changed)
        return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t from = sb_align_size(offset, page);
    const size_t to = (offset + size) & ~(page - 1); /* whole pages only */
    if (to > from && !map->borrowed)                 /* advice: a failure changes nothing */
        (void)madvise((void *)(uintptr_t)(map->data + from), to - from, MADV_DONTNEED);
}

void sb_map_forget_behind(const struct sb_map *map, size_t offset, size_t end)
{
    const size_t from = offset - offset % 65536; /* a multiple of every page size */
    sb_map_forget(map, from, end - from);
}

#define LINK_SIZE 40

/* Where linkat() finds an open file. */
static void link_source(int fd, char text[LINK_SIZE])
{
    snprintf(text, LINK_SIZE, "/proc/self/fd/%d", fd);
}

/* A file without a name in the folder where `tmp` can be made; -1 where there is no such thing. */
static int open_unnamed(const char *tmp)
{
    char source[LINK_SIZE];
    struct stat st;
    char *const dir = sb_strdup(tmp);
    if (!dir || lstat(tmp, &st) == 0 || errno != ENOENT) { /* too long a name, above all */
        sb_free(dir);
        return -1;
    }
    dir[sb_path_base(tmp) - tmp] = '\0';
    const int fd = open(dir[0] ? dir : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    sb_free(dir);
    link_source(fd, source);
    if (fd < 0 || stat(source, &st) == 0)
        return fd;
    close(fd); /* without /proc it would never get a name */
    return -1;
}

/* Opens what is under construction, or the device. */
static FILE *open_stream(struct sb_outfile *out, const char *path)
{
    const int fd = out->tmp ? open_unnamed(out->tmp) : -1;
    FILE *const fp = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (fp)
        return fp;
    if (fd >= 0)
        close(fd);
    out->named = out->tmp != NULL;
    return fopen(out->tmp ? out->tmp : path, "wb");
}

int sb_write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int copy_bytes(int from, int to)
{
    char buffer[65536];
    off_t at = 0;
    for (;;) {
        const ssize_t n = pread(from, buffer, sizeof(buffer), at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (sb_write_all(to, buffer, (size_t)n) != 0)
            return -1;
        at += n;
    }
}

/* Writes the bytes of the file without a name into one that has its temporary name. */
static int copy_file(struct sb_outfile *out)
{
    const int to = open(out->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to < 0)
        return -1;
    out->named = true;
    const int rc = copy_bytes(fileno(out->fp), to), reason = errno;
    if (close(to) != 0)
        return -1;
    errno = reason;
    return rc;
}

/* Gives the written file its temporary name. Some file systems make files without a name and then
 * refuse the link. */
static int name_file(struct sb_outfile *out)
{
    char source[LINK_SIZE];
    if (!out->tmp || out->named)
        return 0;
    link_source(fileno(out->fp), source);
    out->named = linkat(AT_FDCWD, source, AT_FDCWD, out->tmp, AT_SYMLINK_FOLLOW) == 0;
    return out->named ? 0 : copy_file(out);
}

int sb_outfile_open(struct sb_outfile *out, const char *path, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    if (sb_is_dir(path)) {
        sb_error_set(err, SB_EIO, "is a folder, expected the name of a file to write");
        sb_error_file(err, path);
        return SB_EIO;
    }
    out->path = resolve_links(path);
    bool failed = !out->path;
    if (!failed && !is_device_or_pipe(path)) {
        struct sb_str tmp = SB_STR_INIT;
        sb_str_printf(&tmp, "%s.tmp-%ld", out->path, (long)getpid());
        failed = tmp.failed;
        out->tmp = tmp.data; /* ownership moves to out */
    }
    if (failed) {
        sb_outfile_abort(out);
        return sb_error_nomem(err, "a file name", strlen(path));
    }
    if (out->tmp)
        sb_temporary_keep(out->tmp);
    out->fp = open_stream(out, path);
    if (!out->fp) {
        const int rc = sb_error_errno(err, "cannot create", path);
        sb_outfile_abort(out);
        return rc;
    }
    return 0;
}

int sb_outfile_commit(struct sb_outfile *out, struct sb_error *err)
{
    int rc = 0;
    errno = 0;
    if (fflush(out->fp) != 0 || ferror(out->fp)) {
        errno = errno ? errno : EIO; /* an earlier write failed, its reason is gone */
        rc = sb_error_errno(err, "cannot write", out->path);
    }
    if (rc == 0 && name_file(out) != 0)
        rc = sb_error_errno(err, "cannot name the finished file", out->path);
    if (fclose(out->fp) != 0 && rc == 0)
        rc = sb_error_errno(err, "cannot write", out->path);
    out->fp = NULL;
    if (rc == 0 && out->tmp && rename(out->tmp, out->path) != 0)
        rc = sb_error_errno(err, "cannot rename the finished file to", out->path);
    if (rc != 0 && out->named)
        unlink(out->tmp);
    if (out->tmp)
        sb_temporary_drop(out->tmp);
    sb_free(out->tmp);
    sb_free(out->path);
    memset(out, 0, sizeof(*out));
    return rc;
}

void sb_outfile_abort(struct sb_outfile *out)
{
    if (out->fp) {
        fclose(out->fp); /* the content is thrown away, so its errors do not matter */
        if (out->named)
            unlink(out->tmp);
    }
    if (out->tmp)
        sb_temporary_drop(out->tmp);
    sb_free(out->tmp);
    sb_free(out->path);
    memset(out, 0, sizeof(*out));
}

int sb_file_try(const char *path, struct sb_error *err)
{
    struct sb_outfile out;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    const int rc = sb_outfile_open(&out, path, err);
    if (rc == 0)
        sb_outfile_abort(&out);
    return rc;
}

int sb_write_file(const char *path, const void *data, size_t size, struct sb_error *err)
{
    struct sb_outfile out;
    int rc = sb_outfile_open(&out, path, err);
    if (rc)
        return rc;
    if (size && fwrite(data, 1, size, out.fp) != size) {
        rc = sb_error_errno(err, "cannot write", path);
        sb_outfile_abort(&out);
        return rc;
    }
    return sb_outfile_commit(&out, err);
}

int sb_make_dirs(const char *path, struct sb_error *err)
{
    char *copy = sb_strdup(path);
    if (!copy)
        return sb_error_nomem(err, "a path", strlen(path));
    int rc = 0;
    for (char *p = copy + 1; rc == 0 && *copy; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        const char kept = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            rc = sb_error_errno(err, "cannot create the folder", path);
        *p = kept;
        if (kept == '\0')
            break;
    }
    if (rc == 0 && !sb_is_dir(path)) {
        sb_error_set(err, SB_EIO, "is not a folder");
        rc = SB_EIO;
        sb_error_file(err, path);
    }
    sb_free(copy);
    return rc;
}

bool sb_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool sb_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *sb_path_join(const char *dir, const char *name)
{
    struct sb_str s = SB_STR_INIT;
    sb_str_puts(&s, dir);
    if (s.length && s.data[s.length - 1] != '/')
        sb_str_puts(&s, "/");
    sb_str_puts(&s, name);
    if (s.failed)
        sb_str_release(&s);
    return s.data;
}

const char *sb_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool sb_ends_with(const char *text, const char *suffix)
{
    const size_t n = strlen(text), m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct sb_names *names, const char *name)
{
    if (sb_grow(&names->items, &names->capacity, names->count + 1, sizeof(*names->items),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return SB_ENOMEM;
    char *const copy = sb_strdup(name);
    if (!copy)
        return SB_ENOMEM;
    names->items[names->count++] = copy;
    return 0;
}

/* One entry, if it is of the kind that is wanted. */
static int take_entry(struct sb_names *names, const char *folder, const char *name, bool folders)
{
    if (name[0] == '.')
        return 0;
    char *const path = sb_path_join(folder, name);
    if (!path)
        return SB_ENOMEM;
    const bool wanted = folders ? sb_is_dir(path) : sb_is_file(path);
    sb_free(path);
    return wanted ? add_name(names, name) : 0;
}

int sb_list_folder(struct sb_names *names, const char *path, bool folders, struct sb_error *err)
{
    memset(names, 0, sizeof(*names));
    DIR *const dir = opendir(path);
    if (!dir)
        return sb_error_errno(err, "cannot open folder", path);
    int rc = 0;
    for (const struct dirent *e; rc == 0 && (e = readdir(dir)) != NULL;)
        rc = take_entry(names, path, e->d_name, folders);
    closedir(dir);
    if (rc) {
        sb_names_release(names);
        return sb_error_nomem(err, "names of files", 0);
    }
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return 0;
}

void sb_names_release(struct sb_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        sb_free(names->items[i]);
    sb_free(names->items);
    memset(names, 0, sizeof(*names));
}
