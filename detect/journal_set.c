/* All journals of a run: finding, reading, the results file. See journal.h. */
#include "detect/journal.h"

#include "base/file.h"
#include "base/mem.h"
#include "detect/journal_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Paths of the journals of a results file, in any order. */
struct paths {
    char **items;
    size_t count, capacity;
};

static void release_paths(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        sb_free(p->items[i]);
    sb_free(p->items);
    memset(p, 0, sizeof(*p));
}

/* True for NAME.journal and NAME.journal-DIGITS. */
static bool is_journal_of(const char *file, const char *name)
{
    const size_t n = strlen(name);
    static const char suffix[] = ".journal";
    if (strncmp(file, name, n) != 0 || strncmp(file + n, suffix, sizeof(suffix) - 1) != 0)
        return false;
    const char *const rest = file + n + sizeof(suffix) - 1;
    return rest[0] == '\0' || (rest[0] == '-' && rest[1] != '\0' &&
                               strspn(rest + 1, "0123456789") == strlen(rest + 1));
}

static int add_path(struct paths *p, const char *dir, const char *file, struct sb_error *err)
{
    if (sb_grow(&p->items, &p->capacity, p->count + 1, sizeof(*p->items), TAG) != 0)
        return sb_error_nomem(err, "file names", p->count * sizeof(*p->items));
    p->items[p->count] = sb_path_join(dir, file);
    if (!p->items[p->count])
        return sb_error_nomem(err, "a file name", strlen(file));
    p->count++;
    return 0;
}

static int find_journals(const char *results, struct paths *p, struct sb_error *err)
{
    const char *const name = sb_path_base(results);
    char *const dir = sb_strdup(results);
    if (!dir)
        return sb_error_nomem(err, "a file name", strlen(results));
    dir[name - results] = '\0';
    DIR *const d = opendir(dir[0] ? dir : ".");
    int rc = 0;
    if (!d && errno != ENOENT)
        rc = sb_error_errno(err, "cannot list the folder", dir);
    for (const struct dirent *e; d && rc == 0 && (e = readdir(d)) != NULL;) {
        if (is_journal_of(e->d_name, name))
            rc = add_path(p, dir, e->d_name, err);
    }
    if (d)
        closedir(d);
    sb_free(dir);
    if (rc)
        release_paths(p);
    return rc;
}

/* One file being read into a set. */
struct reading {
    struct sb_journal_set *set;
    uint32_t file;
};

static void take_entry(void *ctx, size_t image, struct sb_journal_entry entry)
{
    const struct reading *const r = ctx;
    struct sb_journal_set *const set = r->set;
    if (set->entries[image].offset >= 0)
        return; /* has it already: one is as good as the other */
    entry.file = r->file;
    set->entries[image] = entry;
    set->images++;
    set->lines += entry.lines;
    set->broken += entry.broken;
}

int sb_journal_set_read(struct sb_journal_set *set, const struct sb_journal_run *run,
                        struct sb_error *err)
{
    struct paths paths = {0};
    const size_t n = run->list->count;
    memset(set, 0, sizeof(*set));
    set->run = run;
    int rc = find_journals(run->results, &paths, err);
    if (rc)
        return rc;
    set->paths = paths.items; /* ownership moves */
    set->path_count = paths.count;
    set->entries = sb_calloc(n, sizeof(*set->entries), TAG);
    if (!set->entries)
        rc = sb_error_nomem(err, "the state of images", n * sizeof(*set->entries));
    for (size_t i = 0; rc == 0 && i < n; i++)
        set->entries[i].offset = -1;
    for (size_t i = 0; rc == 0 && i < set->path_count; i++) {
        struct reading reading = {set, (uint32_t)i};
        struct sb_journal_scan scan;
        rc = sb_journal_scan(set->paths[i], run, &scan, take_entry, &reading, err);
        if (rc == 0 && scan.damaged_line && !set->damaged_line) {
            set->damaged_path = set->paths[i];
            set->damaged_line = scan.damaged_line;
        }
    }
    if (rc)
        sb_journal_set_release(set);
    return rc;
}

size_t sb_journal_set_prefix(const struct sb_journal_set *set)
{
    size_t n = 0;
    while (n < set->run->list->count && set->entries[n].offset >= 0)
        n++;
    return n;
}

/* Copies the result lines of images, and nothing else. */
static void copy_results(const struct sb_journal_set *set, size_t images, const struct sb_map *maps,
                         FILE *out)
{
    const bool array = set->run->format.array;
    size_t copied = 0;
    for (size_t i = 0; i < images; i++) {
        const struct sb_journal_entry *const e = &set->entries[i];
        const struct sb_map *const map = &maps[e->file];
        struct sb_journal_lines r = {map->data + e->offset, map->data + map->size};
        const char *line = NULL;
        size_t length = 0;
        for (uint32_t k = 0; k < e->lines && sb_journal_line(&r, &line, &length); k++, copied++) {
            if (array)
                fputs(copied ? ",\n" : "[\n", out);
            fwrite(line, 1, length, out); /* errors show at commit */
            if (!array)
                fputs("\n", out);
        }
        sb_map_forget_behind(map, (size_t)e->offset, (size_t)(r.at - map->data));
    }
    if (array)
        fputs(copied ? "\n]\n" : "[\n]\n", out);
}

int sb_journal_set_publish(const struct sb_journal_set *set, size_t images, struct sb_error *err)
{
    struct sb_outfile out;
    struct sb_map *const maps = sb_calloc(set->path_count, sizeof(*maps), TAG);
    int rc = maps ? 0 : sb_error_nomem(err, "files", set->path_count * sizeof(*maps));
    for (size_t i = 0; rc == 0 && i < set->path_count; i++)
        rc = sb_map_open(&maps[i], set->paths[i], err);
    if (rc == 0)
        rc = sb_outfile_open(&out, set->run->results, err);
    if (rc == 0) {
        copy_results(set, images, maps, out.fp);
        rc = sb_outfile_commit(&out, err);
    }
    for (size_t i = 0; maps && i < set->path_count; i++)
        sb_map_release(&maps[i]);
    sb_free(maps);
    return rc;
}

void sb_journal_set_release(struct sb_journal_set *set)
{
    for (size_t i = 0; i < set->path_count; i++)
        sb_free(set->paths[i]);
    sb_free(set->paths);
    sb_free(set->entries);
    memset(set, 0, sizeof(*set));
}

int sb_journals_remove(const char *results, struct sb_error *err)
{
    struct paths paths = {0};
    int rc = find_journals(results, &paths, err);
    for (size_t i = 0; rc == 0 && i < paths.count; i++) {
        if (unlink(paths.items[i]) != 0 && errno != ENOENT)
            rc = sb_error_errno(err, "cannot remove", paths.items[i]);
    }
    release_paths(&paths);
    return rc;
}
