/* Where numbers come from: the files, runs, commits and machines behind tables and figures, and the
 * command that makes each again. */
#ifndef SB_REPORTS_PROVENANCE_H
#define SB_REPORTS_PROVENANCE_H

#include "base/error.h"
#include "base/str.h"
#include "bench/record.h"

#include <stddef.h>

/* Appends "run.jsonl; commit 802ec135c283, machine 5b38fe98 (AMD EPYC)": files without folders,
 * then each distinct commit and machine of the runs. */
void sb_origin_text(const struct sb_records *records, const char *const *inputs, size_t num_inputs,
                    struct sb_str *out);
/* Appends "spinebench report run.jsonl --preset NAME"; preset may be NULL. */
void sb_origin_command(const char *const *inputs, size_t num_inputs, const char *preset,
                       struct sb_str *out);

#endif
