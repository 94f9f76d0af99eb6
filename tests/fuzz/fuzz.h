/*
 * Fuzz targets: functions that take any bytes and abort when a promise of the code is broken.
 * `make fuzz` builds a libFuzzer program of each (clang, address and undefined-behaviour
 * sanitizers); test_fuzz_seeds.c runs the seeds, and simple changes of them, in every test run.
 */
#ifndef SB_TESTS_FUZZ_FUZZ_H
#define SB_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name; /* of its folder below tests/fuzz/seeds/, too */
    void (*run)(const uint8_t *data, size_t size);
};

/* Ended by a NULL name. */
extern const struct fuzz_target fuzz_targets[];

/* Text with the padding that the JSON scanner asks for: SB_SCAN_PADDING zeros in exactly so many
 * bytes. Free with free(). */
char *fuzz_padded_text(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
/* Tells what does not hold and aborts. */
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

void fuzz_json(const uint8_t *data, size_t size);
void fuzz_rle(const uint8_t *data, size_t size);
void fuzz_polygon(const uint8_t *data, size_t size);
void fuzz_results(const uint8_t *data, size_t size);
void fuzz_annotations(const uint8_t *data, size_t size);
void fuzz_panoptic(const uint8_t *data, size_t size);

#endif
