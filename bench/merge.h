/* Joining files of records: all of them in order, each only once. */
#ifndef SB_BENCH_MERGE_H
#define SB_BENCH_MERGE_H

#include "base/error.h"
#include "bench/record.h"

/* Moves records that repeat an earlier one word for word out of the list; returns how many. */
int sb_records_drop_repeated(struct sb_records *records, size_t *dropped, struct sb_error *err);

/* Writes all records to path, through a .part file. */
int sb_records_write(const struct sb_records *records, const char *path, struct sb_error *err);

#endif
