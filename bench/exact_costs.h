/*
 * Exact costs as CSV lines: what must not change by accident. tests/golden/costs.csv holds them for
 * every model of the zoo, and a gate compares a program's with them before it times anything.
 *
 *     model,size,level,nodes,params,macs,other_ops,tf_float_ops,output_bytes,weight_bytes,arena_bytes,live_peak_bytes
 *
 * One line per level and one with the level "all". weight_bytes are packed, arena_bytes planned, by
 * the openblas engine with one thread, whose layout is the same on every CPU; the last two are
 * known for "all" only and 0 in other lines.
 */
#ifndef SB_BENCH_EXACT_COSTS_H
#define SB_BENCH_EXACT_COSTS_H

#include "base/error.h"
#include "base/str.h"
#include "engine/plan.h"
#include "models/graph.h"

/* The header line. */
extern const char sb_exact_costs_header[];

/* Appends the lines of one model (zoo name or path) at size pixels (0: its own). */
int sb_exact_costs(const char *model, int size, struct sb_str *out, struct sb_error *err);

/* What a plan of this graph would take, without weights to read. */
int sb_planned_memory(const struct sb_graph *graph, const struct sb_plan_options *options,
                      struct sb_plan_memory *out, struct sb_error *err);

/* Appends the lines that differ between two texts as "-" (want) and "+" (got) lines, the first 20
 * differences and the number of others. Returns how many there are. Lines belong together by their
 * first three fields. */
size_t sb_exact_costs_diff(const char *want, const char *got, struct sb_str *out);

#endif
