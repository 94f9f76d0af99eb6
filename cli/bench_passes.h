/* bench --passes: a table of what each pass of the engine gains. */
#ifndef SB_CLI_BENCH_PASSES_H
#define SB_CLI_BENCH_PASSES_H

#include "base/error.h"
#include "bench/session.h"

/* Measures every cell of the session and prints a table for each on stdout. */
int bench_passes(const struct sb_session_options *options, struct sb_error *err);

#endif
