/* The balance of ranks. See eval_balance.h. */
#include "cli/eval_balance.h"

#include "base/clock.h"
#include "base/mem.h"
#include "bench/memory.h"

#include <stdio.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* What a rank did. */
struct share {
    struct sb_eval_work work;
    uint64_t sent;
    int64_t peak_bytes; /* resident; below 0 = not known */
};

static void print_rank(const struct share *share, int rank, const char *host, double elapsed_ns)
{
    static const char *const stages[] = {"reading", "moving", "matching", "accumulating"};
    int64_t busy_ns = 0;
    for (int i = 0; i < SB_EVAL_STAGES; i++)
        busy_ns += share->work.busy_ns[i];
    fprintf(stderr, "  rank %d on %s: busy %.0f %% (", rank, host,
            100.0 * (double)busy_ns / elapsed_ns);
    for (int i = 0; i < SB_EVAL_STAGES; i++)
        fprintf(stderr, "%s%s %.3f s", i ? ", " : "", stages[i],
                (double)share->work.busy_ns[i] / 1e9);
    fprintf(stderr, "), %llu objects and detections, sent %.3f MB",
            (unsigned long long)share->work.rows, (double)share->sent / 1e6);
    if (share->peak_bytes >= 0)
        fprintf(stderr, ", peak %.0f MB", (double)share->peak_bytes / 1e6);
    fprintf(stderr, "\n");
}

int sb_eval_balance_print(const struct sb_eval_ranks *team, int64_t start_ns, struct sb_error *err)
{
    const int n = sb_ranks_count(team->ranks);
    const struct share mine = {team->work, sb_ranks_sent(team->ranks), sb_peak_resident_bytes()};
    struct share *const all = sb_calloc((size_t)n, sizeof(*all), TAG);
    const int rc = sb_ranks_agree(
        team->ranks, all ? 0 : sb_error_nomem(err, "the balance", (size_t)n * sizeof(*all)), err);
    if (rc == 0)
        sb_ranks_gather(team->ranks, &mine, sizeof(mine), all);
    if (rc == 0 && sb_ranks_rank(team->ranks) == 0) {
        const double elapsed_ns = (double)(sb_now_ns() - start_ns);
        uint64_t sent = 0, columns = 0;
        for (int r = 0; r < n; r++) {
            print_rank(&all[r], r, sb_ranks_host(team->ranks, r), elapsed_ns);
            sent += all[r].sent;
            columns += all[r].work.column_bytes;
        }
        fprintf(stderr,
                "  %d rank(s) in %.3f s, sent %.3f MB; the columns of the detections are %.3f MB\n",
                n, elapsed_ns / 1e9, (double)sent / 1e6, (double)columns / 1e6);
    }
    sb_free(all);
    return rc;
}
