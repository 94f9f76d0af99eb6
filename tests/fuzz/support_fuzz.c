/* What the targets share. See fuzz.h. */
#include "base/json_scan.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *fuzz_padded_text(const uint8_t *data, size_t size)
{
    char *const text = calloc(size + SB_SCAN_PADDING, 1);
    FUZZ_CHECK(text != NULL);
    if (size)
        memcpy(text, data, size);
    return text;
}

_Noreturn void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}
