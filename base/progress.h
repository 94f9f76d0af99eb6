/*
 * Progress of long work, on stderr: one line rewritten in place on a terminal, else a line now and
 * then. Libraries take a `struct sb_progress *` that may be NULL; the CLI makes one.
 */
#ifndef SB_BASE_PROGRESS_H
#define SB_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_progress {
    char label[48];
    char unit[16]; /* "images" */
    size_t total;  /* 0 when unknown */
    size_t done;
    int64_t started_ns;
    int64_t last_ns; /* when the line was last written */
    bool tty;
    bool quiet;
    bool shown;        /* something was written */
    size_t shown_done; /* `done` of the last line */
};

/* quiet writes nothing at all. */
void sb_progress_start(struct sb_progress *p, const char *label, const char *unit, size_t total,
                       bool quiet);
/* done = items finished so far. Rate-limited; p may be NULL. Only one thread may call it. */
void sb_progress_update(struct sb_progress *p, size_t done);
/* Ends the line. p may be NULL. */
void sb_progress_finish(struct sb_progress *p);

#endif
