/* Running shells and comparing their output. See runner.h. */
#include "tests/runner.h"

#include "base/mem.h"
#include "tests/test.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT "300" /* seconds */

/* name=absolute path of what it held, or of fallback; unset when that does not exist. */
static void export_absolute(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    char *real = realpath(value ? value : fallback, NULL);
    if (real)
        setenv(name, real, 1);
    else
        unsetenv(name);
    free(real);
}

static void prepare_environment(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    export_absolute("SPINEBENCH", "build/spinebench");
    export_absolute("SPINEBENCH_SOURCE", ".");
    export_absolute("SPINEBENCH_DATA", "../shared/data");
    const char *program = getenv("SPINEBENCH");
    if (!program) {
        fail_msg("the program is not built; run this through make check");
        return;
    }
    char path[8192];
    snprintf(path, sizeof(path), "%.*s:%s", (int)(strrchr(program, '/') - program), program,
             getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("LC_ALL", "C", 1);
}

bool test_read_file(const char *path, struct sb_str *out)
{
    FILE *fp = fopen(path, "rb");
    if (!fp)
        return false;
    char buf[4096];
    size_t n;
    while ((n = fread(buf, 1, sizeof(buf), fp)) > 0)
        sb_str_append(out, buf, n);
    fclose(fp);
    return true;
}

static void redirect(const char *path, int flags, int target)
{
    const int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, target) < 0)
        _exit(125);
    close(fd);
}

void test_run_shell(const char *dir, const char *command, struct test_run *run)
{
    static int serial;
    char out[64], err[64];
    prepare_environment();
    memset(run, 0, sizeof(*run));
    snprintf(out, sizeof(out), "stdout-%d", ++serial);
    snprintf(err, sizeof(err), "stderr-%d", serial);
    const char *out_path = test_path(out), *err_path = test_path(err);
    const pid_t pid = fork();
    if (pid == 0) {
        redirect("/dev/null", O_RDONLY, STDIN_FILENO);
        redirect(out_path, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
        redirect(err_path, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
        if (chdir(dir) == 0)
            execlp("timeout", "timeout", TIME_LIMIT, "sh", "-eu", "-c", command, (char *)NULL);
        _exit(125);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail_msg("cannot run a shell");
    run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    test_read_file(out_path, &run->out);
    test_read_file(err_path, &run->err);
    unlink(out_path);
    unlink(err_path);
}

void test_run_release(struct test_run *run)
{
    sb_str_release(&run->out);
    sb_str_release(&run->err);
}

const char *test_fresh_dir(void)
{
    static int serial;
    char name[32];
    snprintf(name, sizeof(name), "dir-%d", ++serial);
    const char *path = test_path(name);
    char command[1100];
    snprintf(command, sizeof(command), "mkdir '%s'", path);
    if (system(command) != 0)
        fail_msg("cannot create %s", path);
    return path;
}

/* Length of the line at p, without its newline. */
static size_t line_length(const char *p)
{
    return strcspn(p, "\n");
}

/* The line after the one at p. */
static const char *next_line(const char *p)
{
    p += line_length(p);
    return *p ? p + 1 : p;
}

/* pattern[0..m) with its stars against text[0..n). */
static bool line_matches(const char *pattern, size_t m, const char *text, size_t n)
{
    while (m > 0 && pattern[0] != '*') {
        if (n == 0 || pattern[0] != text[0])
            return false;
        pattern++, m--;
        text++, n--;
    }
    if (m == 0)
        return n == 0;
    for (size_t skip = 0; skip <= n; skip++) {
        if (line_matches(pattern + 1, m - 1, text + skip, n - skip))
            return true;
    }
    return false;
}

bool test_lines_match(const char *pattern, const char *text)
{
    while (*pattern) {
        const size_t m = line_length(pattern);
        if (m == 3 && memcmp(pattern, "...", 3) == 0) {
            const char *rest = next_line(pattern);
            for (;; text = next_line(text)) {
                if (test_lines_match(rest, text))
                    return true;
                if (!*text)
                    return false;
            }
        }
        if (!*text || !line_matches(pattern, m, text, line_length(text)))
            return false;
        pattern = next_line(pattern);
        text = next_line(text);
    }
    return *text == '\0';
}

void test_assert_lines(const char *what, const char *pattern, const char *text)
{
    if (test_lines_match(pattern, text))
        return;
    print_error("%s differs; expected:\n%s--- but got:\n%s---\n", what, pattern, text);
    fail();
}

int test_each_file(const char *group, const char *const *patterns, void (*fn)(void **state))
{
    glob_t found = {0};
    for (size_t i = 0; patterns[i]; i++)
        glob(test_source(patterns[i]), i ? GLOB_APPEND : 0, NULL, &found);
    struct CMUnitTest *tests =
        sb_calloc(found.gl_pathc, sizeof(*tests), SB_MEM_TAG(SB_MEM_DATA, 0));
    int failed = 1;
    if (tests && found.gl_pathc > 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            char *path = found.gl_pathv[i];
            tests[i] = (struct CMUnitTest){strrchr(path, '/') + 1, fn, NULL, NULL, path};
        }
        failed = _cmocka_run_group_tests(group, tests, found.gl_pathc, NULL, NULL);
    }
    sb_free(tests);
    globfree(&found);
    return failed;
}
