/*
 * Where numbers come from: the files, runs, commits and machines behind a table or figure, and the
 * command that makes it again. Files are named without folders, so that the same records give the
 * same bytes wherever they lie.
 */
#ifndef SB_REPORTS_PROVENANCE_H
#define SB_REPORTS_PROVENANCE_H

#include "base/str.h"
#include "base/texts.h"

#include <stddef.h>

struct sb_records;

/* The texts belong to the table or figure. NULL: not known, and left out. */
struct sb_origin {
    const char *command; /* "spinebench report run.jsonl --preset models" */
    const char *records; /* "run.jsonl, more.jsonl" */
    const char *runs;    /* "commit 802ec135c283, machine 5b38fe98 (AMD EPYC)"; more after "; " */
};

/* Kinds of records as bits: SB_KIND(COST) | SB_KIND(TIME). */
#define SB_KIND(name) (1u << SB_RECORD_##name)
/* Those that rows (rows.h) are made of. */
#define SB_KINDS_OF_ROWS                                                                           \
    (SB_KIND(COST) | SB_KIND(TIME) | SB_KIND(MEMORY) | SB_KIND(CHECK) | SB_KIND(ACCURACY))

/* One option of a command: "--preset", "models"; the value of a flag is NULL. */
struct sb_origin_option {
    const char *name, *value;
};

/* Appends "spinebench report run.jsonl --preset models"; words are quoted for a shell where they
 * must be. */
void sb_origin_command(const char *const *inputs, size_t num_inputs,
                       const struct sb_origin_option *options, size_t num_options,
                       struct sb_str *out);

/* Sets records and runs, with texts kept in `texts`. Runs are those of records whose kind is in
 * `kinds` (SB_KIND() bits; 0: any), each distinct commit and machine once; "no run record"
 * without any, unless all are points of histories or verdicts, which name commit and machine
 * themselves. */
void sb_origin_read(struct sb_origin *origin, const struct sb_records *records, unsigned kinds,
                    const char *const *inputs, size_t num_inputs, struct sb_texts *texts);

/* A copy with texts kept in `texts`. */
struct sb_origin sb_origin_keep(const struct sb_origin *origin, struct sb_texts *texts);

/* Appends "Records: run.jsonl; commit ..., machine ..."; nothing when they are not known. */
void sb_origin_records_text(const struct sb_origin *origin, struct sb_str *out);
/* Appends "run.jsonl; commit ..., machine ...; COMMAND", with " --format FORMAT" behind the command
 * unless format is NULL; nothing when nothing is known. */
void sb_origin_text(const struct sb_origin *origin, const char *format, struct sb_str *out);

#endif
