/* A session under way; for session*.c only. */
#ifndef SB_BENCH_SESSION_INTERNAL_H
#define SB_BENCH_SESSION_INTERNAL_H

#include "bench/measure_records.h"
#include "bench/session.h"

#define SESSION_PEAKS 16

struct session_cell {
    char name[96];      /* the model's */
    struct sb_cell key; /* as records say it; model is name */
    size_t outputs;     /* that checked runs record (bench/output_values.h) */
};

struct session {
    const struct sb_session_options *options;
    const struct sb_environment *env;
    struct sb_records *records;
    struct sb_session_result *result;
    struct sb_run_identity identity;
    struct session_cell *cells; /* owned */
    struct sb_str settings;     /* sb_session_settings */
    size_t first_cell;          /* those before were resumed */
    struct sb_record_writer writer;
    bool writing;
    struct {
        int threads;
        struct sb_peak peak;
    } peaks[SESSION_PEAKS];
    size_t num_peaks;
};

/* Adds a record to the session's records and file (an sb_record_fn; ctx is the session). */
int sb_session_emit(void *ctx, const struct sb_record *record, struct sb_error *err);

/* This session's run record; its strings are the session's. */
void sb_session_run_record(const struct session *s, struct sb_record *run);

/* True when the accuracy is evaluated with this cell: once per model and size, because it depends
 * on neither threads nor engine nor batch. */
bool sb_session_evaluates(const struct session *s, size_t cell);

/* What samples depend on besides cells, machine and build, as a run record has it: how runs are
 * repeated, what is checked, the digest of the weight file. "name value; name value". */
int sb_session_settings(const struct sb_session_options *o, struct sb_str *out,
                        struct sb_error *err);

/* Continues the file of an earlier session: takes its complete cells over, opens the writer after
 * them. SB_EINVAL when that session was another one or ran elsewhere, SB_EFORMAT when any line but
 * a last one that was cut is broken. */
int sb_session_resume(struct session *s, const char *part, struct sb_error *err);

/* Reads an output that is complete already, which must be this session's, too. */
int sb_session_take_complete(struct session *s, struct sb_error *err);

/* Measures a cell in options->processes fresh processes of this program. */
int sb_session_children(struct session *s, const struct sb_measure_options *o,
                        const struct sb_peak *peak, struct sb_error *err);

#endif
