/* How an evaluation was shared out among ranks: printed on stderr, where it leaves results alone.
 */
#ifndef SB_CLI_EVAL_BALANCE_H
#define SB_CLI_EVAL_BALANCE_H

#include "eval/eval_ranks.h"

/* What each rank did since start_ns, printed by rank 0. Collective. */
int sb_eval_balance_print(const struct sb_eval_ranks *team, int64_t start_ns, struct sb_error *err);

#endif
