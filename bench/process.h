/* Running a program as a child: the engine of fresh-process repetitions and of gates. */
#ifndef SB_BENCH_PROCESS_H
#define SB_BENCH_PROCESS_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A command line under construction, 160 KiB: from sb_calloc(), which is an empty one. */
#define SB_COMMAND_WORDS 40
struct sb_command_line {
    char text[SB_COMMAND_WORDS][PATH_MAX];
    char *argv[SB_COMMAND_WORDS + 1]; /* the words so far and NULL */
    int count;
    bool failed; /* a word did not fit */
};

/* Appends a word, formatted as by printf; one that does not fit sets `failed`. */
void sb_command_add(struct sb_command_line *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct sb_process_options {
    const char *stdout_path; /* NULL: /dev/null */
    const char *stderr_path; /* NULL: ours */
    int cpu;                 /* >= 0: pinned to this CPU; -1: not */
    size_t padding;          /* length of an environment variable that shifts the stack (Mytkowicz
                                et al. 2009, "Producing wrong data without doing anything obviously
                                wrong") */
};

/* Runs argv[0] with argv (NULL-terminated) and waits. *exit_code: its exit status, or 128 + signal.
 * SB_EIO when it could not be started. options may be NULL. */
int sb_process_run(char *const *argv, const struct sb_process_options *options, int *exit_code,
                   struct sb_error *err);

/* Whether a child could be pinned to this CPU. */
bool sb_process_can_pin(int cpu);

/* Path of this program's own file ("/proc/self/exe" resolved) into buf. */
int sb_process_self(char *buf, size_t size, struct sb_error *err);

#endif
