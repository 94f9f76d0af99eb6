/* Progress lines. See progress.h. */
#include "base/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TTY_INTERVAL_NS  100000000   /* 0.1 s */
#define PIPE_INTERVAL_NS 10000000000 /* 10 s */

void sb_progress_start(struct sb_progress *p, const char *label, const char *unit, size_t total,
                       bool quiet)
{
    memset(p, 0, sizeof(*p));
    snprintf(p->label, sizeof(p->label), "%s", label);
    snprintf(p->unit, sizeof(p->unit), "%s", unit);
    p->total = total;
    p->started_ns = sb_now_ns();
    p->last_ns = p->started_ns;
    p->tty = isatty(STDERR_FILENO);
    p->quiet = quiet;
}

static void show(struct sb_progress *p)
{
    const double seconds = (double)(sb_now_ns() - p->started_ns) / 1e9;
    const double rate = seconds > 0 ? (double)p->done / seconds : 0;
    fprintf(stderr, "%s%s: %zu", p->tty ? "\r\033[K" : "", p->label, p->done);
    if (p->total)
        fprintf(stderr, "/%zu", p->total);
    fprintf(stderr, " %s", p->unit);
    if (rate > 0)
        fprintf(stderr, ", %.3g/s", rate);
    if (p->total && rate > 0 && p->done < p->total)
        fprintf(stderr, ", %.0f s left", (double)(p->total - p->done) / rate);
    if (!p->tty)
        fputc('\n', stderr);
    fflush(stderr);
    p->shown = true;
    p->shown_done = p->done;
}

void sb_progress_update(struct sb_progress *p, size_t done)
{
    if (!p || p->quiet)
        return;
    p->done = done;
    const int64_t now = sb_now_ns();
    if (now - p->last_ns < (p->tty ? TTY_INTERVAL_NS : PIPE_INTERVAL_NS))
        return;
    p->last_ns = now;
    show(p);
}

void sb_progress_finish(struct sb_progress *p)
{
    if (!p || p->quiet || !p->shown)
        return;
    if (p->shown_done != p->done)
        show(p);
    if (p->tty)
        fputc('\n', stderr);
}
