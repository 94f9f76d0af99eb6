/* base/file.c: outputs appear whole or not at all; links, devices, full disks and odd inputs. */
#include "base/file.h"

#include "base/mem.h"
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool refuse_links; /* of linkat() below, which stands before the C library's */

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    if (!refuse_links)
        return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    errno = EOPNOTSUPP;
    return -1;
}

static size_t count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    size_t n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2; /* . and .. */
}

static void assert_content(const char *path, const char *text)
{
    struct sb_map map;
    struct sb_error err;
    assert_ok(sb_map_open(&map, path, &err), &err);
    assert_int_equal(map.size, strlen(text));
    if (map.size)
        assert_memory_equal(map.data, text, map.size);
    sb_map_release(&map);
    assert_null(map.data);
}

/* An empty folder of its own below the scratch folder. */
static const char *fresh_dir(const char *name)
{
    struct sb_error err;
    const char *dir = test_path(name);
    assert_ok(sb_make_dirs(dir, &err), &err);
    return dir;
}

static void test_map__reads_files_and_the_empty_file(void **state)
{
    (void)state;
    assert_content(test_write_text("plain", "two\nlines"), "two\nlines");
    assert_content(test_write_text("empty", ""), "");
}

static void test_map__files_in_a_row_can_be_changed_in_memory(void **state)
{
    (void)state;
    struct sb_map map;
    struct sb_error err;
    size_t starts[2];
    char *bytes;
    const char *paths[] = {test_write_text("first", "[1]\n"), test_write_text("second", "[2]")};
    assert_ok(sb_map_open_all(&map, paths, 2, starts, &bytes, &err), &err);
    assert_int_equal(starts[0], 0);
    assert_int_equal(map.size, starts[1] + 3);
    for (size_t i = 4; i < starts[1]; i++)
        assert_int_equal(map.data[i], ' ');
    bytes[starts[1]] = ',';
    sb_map_forget(&map, 0, map.size); /* what was changed is not read again */
    assert_memory_equal(map.data + starts[1], ",2]\0", 4);
    sb_map_release(&map);
    assert_content(paths[1], "[2]");
    paths[0] = test_write_text("first", "");
    assert_int_equal(sb_map_open_all(&map, paths, 2, starts, &bytes, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "first: the file is empty");
    paths[0] = test_path("absent");
    assert_int_equal(sb_map_open_all(&map, paths, 2, starts, &bytes, &err), SB_EIO);
}

static void test_file__digest_is_of_the_content(void **state)
{
    (void)state;
    struct sb_error err;
    uint64_t a, b;
    assert_ok(sb_file_digest(test_write_text("digest-a", "foobar"), &a, &err), &err);
    assert_true(a == 0x85944171f73967e8u); /* published value of FNV-1a */
    assert_ok(sb_file_digest(test_write_text("digest-b", ""), &b, &err), &err);
    assert_true(b == 0xcbf29ce484222325u);
    assert_int_equal(sb_file_digest(test_path("nosuch"), &b, &err), SB_EIO);
}

static void test_map__refuses_what_is_no_file(void **state)
{
    (void)state;
    struct sb_map map;
    struct sb_error err;
    assert_int_equal(sb_map_open(&map, test_path("absent"), &err), SB_EIO);
    assert_error(&err, SB_EIO, "absent: cannot open: No such file");
    assert_int_equal(sb_map_open(&map, test_scratch(), &err), SB_EIO);
    assert_error(&err, SB_EIO, "is a folder, expected a file");
    const char *fifo = test_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(sb_map_open(&map, fifo, &err), SB_EIO); /* and does not wait for a writer */
    assert_error(&err, SB_EIO, "not a regular file");
}

static void test_outfile__appears_only_on_commit(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_outfile out;
    const char *dir = fresh_dir("commit");
    const char *path = test_path("commit/result");
    assert_ok(sb_outfile_open(&out, path, &err), &err);
    fputs("new", out.fp);
    assert_false(sb_is_file(path));
    assert_ok(sb_outfile_commit(&out, &err), &err);
    assert_content(path, "new");
    sb_outfile_abort(&out); /* after a commit it does nothing */
    assert_content(path, "new");
    assert_int_equal(count_entries(dir), 1);
}

static void test_outfile__abort_keeps_the_old_file(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_outfile out;
    const char *dir = fresh_dir("abort");
    const char *path = test_write_text("abort/result", "old");
    assert_ok(sb_outfile_open(&out, path, &err), &err);
    fputs("new", out.fp);
    sb_outfile_abort(&out);
    assert_content(path, "old");
    assert_int_equal(count_entries(dir), 1);
}

/* Writes to a file and is killed before it commits; false where files must have names. */
static bool write_and_die(const char *path)
{
    struct sb_outfile out;
    struct sb_error err;
    int status;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (sb_outfile_open(&out, path, &err) != 0 || out.named)
            _exit(77);
        fputs("new", out.fp);
        fflush(out.fp);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void test_outfile__of_a_killed_program_leaves_nothing(void **state)
{
    (void)state;
    const char *dir = fresh_dir("killed");
    if (!write_and_die(test_path("killed/result")))
        skip(); /* a file system without unnamed files */
    assert_int_equal(count_entries(dir), 0);
    const char *path = test_write_text("killed/result", "old");
    assert_true(write_and_die(path));
    assert_content(path, "old");
    assert_int_equal(count_entries(dir), 1);
}

/* As on file systems without unnamed files. What lies under the name is of a dead process. */
static void test_outfile__works_with_a_temporary_name(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_outfile out;
    char name[64];
    const char *dir = fresh_dir("named");
    const char *path = test_path("named/result");
    snprintf(name, sizeof(name), "named/result.tmp-%ld", (long)getpid());
    for (int commit = 0; commit < 2; commit++) {
        test_write_text(name, "left behind");
        assert_ok(sb_outfile_open(&out, path, &err), &err);
        assert_true(out.named);
        fputs("new", out.fp);
        if (commit)
            assert_ok(sb_outfile_commit(&out, &err), &err);
        else
            sb_outfile_abort(&out);
        assert_int_equal(count_entries(dir), commit);
    }
    assert_content(path, "new");
}

/* A name that can never be is refused before the work, not after it. */
static void test_outfile__refuses_names_that_are_too_long(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_outfile out;
    char name[300] = "";
    memset(name, 'n', sizeof(name) - 1);
    assert_int_equal(sb_outfile_open(&out, test_path(name), &err), SB_EIO);
    assert_error(&err, SB_EIO, "cannot create: File name too long");
}

static void test_outfile__writes_through_links(void **state)
{
    (void)state;
    struct sb_error err;
    const char *dir = fresh_dir("links");
    const char *target = test_write_text("links/target", "old");
    const char *link = test_path("links/link");
    assert_int_equal(symlink("target", link), 0);
    assert_ok(sb_write_file(link, "new", 3, &err), &err);
    assert_content(target, "new");
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(count_entries(dir), 2);
}

static void test_outfile__full_disk_is_an_error(void **state)
{
    (void)state;
    struct sb_error err;
    char big[100000];
    memset(big, 'x', sizeof(big));
    assert_int_equal(sb_write_file("/dev/full", "x", 1, &err), SB_EIO);
    assert_error(&err, SB_EIO, "/dev/full: cannot write: No space left");
    assert_int_equal(sb_write_file("/dev/full", big, sizeof(big), &err), SB_EIO);
    assert_error(&err, SB_EIO, "No space left");
    struct sb_outfile out;
    assert_ok(sb_outfile_open(&out, "/dev/full", &err), &err);
    for (int i = 0; i < 10; i++)
        fwrite(big, 1, sizeof(big), out.fp); /* the caller need not look: commit does */
    assert_int_equal(sb_outfile_commit(&out, &err), SB_EIO);
    struct stat st;
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode)); /* the device is still there */
}

static void test_outfile__refuses_folders_and_missing_parents(void **state)
{
    (void)state;
    struct sb_error err;
    assert_int_equal(sb_write_file(test_scratch(), "x", 1, &err), SB_EIO);
    assert_error(&err, SB_EIO, "is a folder");
    assert_int_equal(sb_write_file(test_path("no/such/dir"), "x", 1, &err), SB_EIO);
    assert_error(&err, SB_EIO, "cannot create");
}

static int write_small(void *path)
{
    return sb_write_file(path, "x", 1, NULL);
}

static void test_file__try_leaves_everything_as_it_was(void **state)
{
    (void)state;
    struct sb_error err;
    const char *dir = fresh_dir("try");
    const char *path = test_write_text("try/result", "old");
    assert_ok(sb_file_try(path, &err), &err);
    assert_content(path, "old");
    assert_int_equal(unlink(path), 0);
    assert_ok(sb_file_try(path, &err), &err);
    assert_int_equal(count_entries(dir), 0);
    assert_ok(sb_file_try("/dev/full", &err), &err);
    assert_int_equal(sb_file_try("/nonexistent/file", &err), SB_EIO);
    assert_int_equal(sb_file_try("/", &err), SB_EIO);
}

static void test_outfile__survives_failing_allocations(void **state)
{
    (void)state;
    char path[512];
    const char *dir = fresh_dir("nomem");
    snprintf(path, sizeof(path), "%s/file", dir);
    test_every_allocation_fails(write_small, path);
    assert_content(path, "x");
    assert_int_equal(count_entries(dir), 1);
}

static void test_dirs__creates_parents_and_accepts_existing(void **state)
{
    (void)state;
    struct sb_error err;
    const char *deep = test_path("a/b//c/");
    assert_ok(sb_make_dirs(deep, &err), &err);
    assert_ok(sb_make_dirs(deep, &err), &err);
    assert_true(sb_is_dir(deep));
    assert_false(sb_is_file(deep));
    assert_ok(sb_make_dirs("/", &err), &err);
    const char *file = test_write_text("a/file", "");
    assert_true(sb_is_file(file));
    assert_int_equal(sb_make_dirs(file, &err), SB_EIO);
    assert_error(&err, SB_EIO, "is not a folder");
    assert_int_equal(sb_make_dirs(test_path("a/file/below"), &err), SB_EIO);
    assert_error(&err, SB_EIO, "cannot create the folder");
    assert_int_equal(sb_make_dirs("", &err), SB_EIO);
}

static void test_path__joins_and_splits(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}, {"", "", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *joined = sb_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        sb_free(joined);
    }
    assert_string_equal(sb_path_base("a/b.json"), "b.json");
    assert_string_equal(sb_path_base("b.json"), "b.json");
    assert_true(sb_ends_with("x.json", ".json"));
    assert_false(sb_ends_with("json", ".json"));
    assert_true(sb_ends_with("x", ""));
}

/* Some file systems make files without a name and then refuse to link them. */
static void test_outfile__is_copied_where_links_are_refused(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_outfile out;
    struct rlimit limit, small;
    const size_t size = 200000;
    char path[512], *text = calloc(size + 1, 1);
    snprintf(path, sizeof(path), "%s/out", fresh_dir("refused"));
    memset(text, 'x', size);
    refuse_links = true;
    assert_ok(sb_write_file(path, text, size, &err), &err);
    assert_content(path, text);
    assert_int_equal(count_entries(test_path("refused")), 1);
    /* a copy that fails leaves the old file and nothing else */
    assert_ok(sb_outfile_open(&out, path, &err), &err);
    assert_true(fwrite("new", 1, 3, out.fp) == 3 && fflush(out.fp) == 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 1;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int rc = sb_outfile_commit(&out, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    refuse_links = false;
    assert_int_equal(rc, SB_EIO);
    assert_error(&err, SB_EIO, "cannot name the finished file");
    assert_content(path, text);
    assert_int_equal(count_entries(test_path("refused")), 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outfile__is_copied_where_links_are_refused),
        cmocka_unit_test(test_map__reads_files_and_the_empty_file),
        cmocka_unit_test(test_map__files_in_a_row_can_be_changed_in_memory),
        cmocka_unit_test(test_map__refuses_what_is_no_file),
        cmocka_unit_test(test_file__digest_is_of_the_content),
        cmocka_unit_test(test_outfile__appears_only_on_commit),
        cmocka_unit_test(test_outfile__abort_keeps_the_old_file),
        cmocka_unit_test(test_outfile__of_a_killed_program_leaves_nothing),
        cmocka_unit_test(test_outfile__works_with_a_temporary_name),
        cmocka_unit_test(test_outfile__refuses_names_that_are_too_long),
        cmocka_unit_test(test_outfile__writes_through_links),
        cmocka_unit_test(test_outfile__full_disk_is_an_error),
        cmocka_unit_test(test_outfile__refuses_folders_and_missing_parents),
        cmocka_unit_test(test_file__try_leaves_everything_as_it_was),
        cmocka_unit_test(test_outfile__survives_failing_allocations),
        cmocka_unit_test(test_dirs__creates_parents_and_accepts_existing),
        cmocka_unit_test(test_path__joins_and_splits),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
