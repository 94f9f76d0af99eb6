/* Appending runs to a history. See history.h. */
#include "bench/history.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_whole(const struct sb_record *r)
{
    return !r->part.node && !r->part.op && !r->part.block && !r->part.level;
}

/* Latencies without the reference kernel would be read as a step of the machine. */
static int check_times(const struct sb_records *records, const struct sb_record *run,
                       struct sb_error *err)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_TIME || !is_whole(r) || strcmp(r->run, run->run) != 0 ||
            !r->u.time.ns || r->u.time.reference_ns > 0)
            continue;
        sb_error_set(err, SB_EINVAL, "run %s has latencies without the reference kernel", run->run);
        return sb_error_hint(err, "measure with 'bench' and without --no-probe");
    }
    return 0;
}

static int check_run(const struct sb_records *records, const struct sb_record *run, bool dirty,
                     struct sb_error *err)
{
    const struct sb_run_record *r = &run->u.run;
    if (!r->commit) {
        sb_error_set(err, SB_EINVAL, "run %s names no commit", run->run);
        return sb_error_hint(err, "build the program in its repository");
    }
    if (r->dirty && !dirty) {
        sb_error_set(err, SB_EINVAL, "run %s is of a changed working tree", run->run);
        return sb_error_hint(err, "commit and build before measuring, or add it with --dirty");
    }
    if (!r->machine || strspn(r->machine, "0123456789abcdef") != strlen(r->machine) ||
        !r->machine[0])
        return sb_error_set(err, SB_EFORMAT, "run %s: '%s' is no machine type", run->run,
                            r->machine ? r->machine : "null");
    return check_times(records, run, err);
}

/* Writes all of text behind the file's end; on failure the file is what it was. */
static int append_text(int fd, const char *path, const struct sb_str *text, struct sb_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sb_error_errno(err, "cannot stat", path);
    if (sb_write_all(fd, text->data, text->length) == 0 && fsync(fd) == 0)
        return 0;
    const int rc = sb_error_errno(err, "cannot append to", path);
    if (ftruncate(fd, st.st_size) != 0)
        sb_error_hint(err, "its last line is cut: remove it");
    return rc;
}

/* The lines of a run's records about whole models, behind its own. */
static void put_run(const struct sb_records *records, const struct sb_record *run,
                    struct sb_str *text)
{
    sb_record_to_json(run, text);
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_RUN && r->kind != SB_RECORD_OUTPUT && is_whole(r) &&
            strcmp(r->run, run->run) == 0)
            sb_record_to_json(r, text);
    }
}

/* Runs of one machine that its file does not hold; the file is locked by the caller. */
static int append_runs(int fd, const char *path, const struct sb_records *records,
                       const char *machine, struct sb_history_added *added, struct sb_error *err)
{
    struct sb_records old;
    struct sb_str text = SB_STR_INIT;
    size_t fresh = 0;
    sb_records_init(&old);
    int rc = sb_records_read(&old, path, NULL, NULL, err);
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        const struct sb_record *run = &records->items[i];
        if (run->kind != SB_RECORD_RUN || strcmp(run->u.run.machine, machine) != 0 ||
            sb_records_find_run(records, run->run) != run) /* a repeated run record */
            continue;
        if (sb_records_find_run(&old, run->run)) {
            added->known++;
            continue;
        }
        put_run(records, run, &text);
        fresh++;
    }
    if (rc == 0 && text.failed)
        rc = sb_error_nomem(err, "records", text.length);
    if (rc == 0 && fresh)
        rc = append_text(fd, path, &text, err);
    if (rc == 0)
        added->runs += fresh;
    sb_str_release(&text);
    sb_records_release(&old);
    return rc;
}

static int add_machine(const char *dir, const struct sb_records *records, const char *machine,
                       struct sb_history_added *added, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s/%s.jsonl", dir, machine);
    if (path.failed)
        return sb_error_nomem(err, "a file name", strlen(dir));
    const int fd = open(path.data, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int rc = 0;
    if (fd < 0)
        rc = sb_error_errno(err, "cannot open", path.data);
    else if (flock(fd, LOCK_EX) != 0)
        rc = sb_error_errno(err, "cannot lock", path.data);
    else
        rc = append_runs(fd, path.data, records, machine, added, err);
    if (fd >= 0)
        close(fd); /* everything is synced; the lock goes with it */
    sb_str_release(&path);
    return rc;
}

/* True when an earlier run of `records` is of the same machine. */
static bool machine_was_seen(const struct sb_records *records, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_RUN &&
            strcmp(r->u.run.machine, records->items[index].u.run.machine) == 0)
            return true;
    }
    return false;
}

int sb_history_add(const char *dir, const struct sb_records *records, bool dirty,
                   struct sb_history_added *added, struct sb_error *err)
{
    size_t runs = 0;
    int rc = 0;
    memset(added, 0, sizeof(*added));
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        if (records->items[i].kind != SB_RECORD_RUN)
            continue;
        rc = check_run(records, &records->items[i], dirty, err);
        runs++;
    }
    if (rc == 0 && runs == 0)
        rc = sb_error_set(err, SB_EFORMAT, "there is no run record, so no commit and machine");
    if (rc == 0)
        rc = sb_make_dirs(dir, err);
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_RUN && !machine_was_seen(records, i))
            rc = add_machine(dir, records, r->u.run.machine, added, err);
    }
    return rc;
}
