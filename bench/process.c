/* Child processes. See process.h. */
#include "bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_FAILED 127
#define MAX_PADDING  4096

static const struct sb_process_options defaults = {.cpu = -1};

void sb_command_add(struct sb_command_line *c, const char *fmt, ...)
{
    va_list args;
    if (c->count == SB_COMMAND_WORDS) {
        c->failed = true;
        return;
    }
    va_start(args, fmt);
    const int n = vsnprintf(c->text[c->count], PATH_MAX, fmt, args);
    va_end(args);
    c->failed = c->failed || n < 0 || n >= PATH_MAX;
    c->argv[c->count] = c->text[c->count];
    c->argv[++c->count] = NULL;
}

static bool redirect(const char *path, int target)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return fd >= 0 && dup2(fd, target) >= 0 && close(fd) == 0;
}

/* In the child, between fork and exec. */
static void become(char *const *argv, const struct sb_process_options *o)
{
    char padding[MAX_PADDING + 1];
    const size_t n = o->padding < MAX_PADDING ? o->padding : MAX_PADDING;
    memset(padding, 'x', n);
    padding[n] = '\0';
    if (n)
        setenv("SPINEBENCH_PADDING", padding, 1);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* not to go on when the one who waits is gone */
    if (o->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(o->cpu, &set);
        if (sched_setaffinity(0, sizeof(set), &set) != 0)
            _exit(START_FAILED);
    }
    if (!redirect(o->stdout_path ? o->stdout_path : "/dev/null", STDOUT_FILENO))
        _exit(START_FAILED);
    if (o->stderr_path && !redirect(o->stderr_path, STDERR_FILENO))
        _exit(START_FAILED);
    execv(argv[0], argv);
    _exit(START_FAILED);
}

int sb_process_run(char *const *argv, const struct sb_process_options *options, int *exit_code,
                   struct sb_error *err)
{
    if (access(argv[0], X_OK) != 0)
        return sb_error_errno(err, "cannot run", argv[0]);
    const pid_t child = fork();
    if (child < 0)
        return sb_error_errno(err, "cannot start", argv[0]);
    if (child == 0)
        become(argv, options ? options : &defaults);
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return sb_error_errno(err, "cannot wait for", argv[0]);
    }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (*exit_code == START_FAILED) {
        sb_error_set(err, SB_EIO, "could not be started");
        return sb_error_file(err, argv[0]);
    }
    return 0;
}

bool sb_process_can_pin(int cpu)
{
    cpu_set_t before, wanted;
    if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof(before), &before) != 0)
        return false;
    CPU_ZERO(&wanted);
    CPU_SET(cpu, &wanted);
    const bool can = sched_setaffinity(0, sizeof(wanted), &wanted) == 0;
    sched_setaffinity(0, sizeof(before), &before);
    return can;
}

int sb_process_self(char *buf, size_t size, struct sb_error *err)
{
    const ssize_t n = readlink("/proc/self/exe", buf, size);
    if (n < 0 || (size_t)n >= size)
        return sb_error_errno(err, "cannot find this program", "/proc/self/exe");
    buf[n] = '\0';
    return 0;
}
