/* The schema tables behind record.h; for record*.c and session_resume.c only. */
#ifndef SB_BENCH_RECORD_FIELDS_H
#define SB_BENCH_RECORD_FIELDS_H

#include "bench/record.h"

enum sb_field_type {
    SB_FIELD_STRING,
    SB_FIELD_INT,
    SB_FIELD_DOUBLE,
    SB_FIELD_BOOL,
    SB_FIELD_SAMPLES, /* u.time.ns with u.time.num_ns */
    SB_FIELD_NUMBERS  /* struct sb_numbers */
};

/* A JSON member and its place in struct sb_record. A table ends with name == NULL. */
struct sb_field {
    const char *name;
    enum sb_field_type type;
    size_t offset;
    bool null_ok;
};

/* The tables of a kind in JSON order; returns how many. */
size_t sb_record_tables(enum sb_record_kind kind, const struct sb_field *tables[3]);
/* Members that must be there, be it as null, though their field may be null; NULL ends the list. */
const char *const *sb_record_required(enum sb_record_kind kind);

#endif
