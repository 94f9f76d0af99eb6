/* Runs every fuzz target on its seeds (tests/fuzz/seeds/TARGET/) and on simple changes of them: cut
 * at every byte, bytes replaced, parts repeated. A broken promise aborts the program. */
#include "base/rng.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES 300 /* of a seed */

/* The target runs on a copy without a byte behind it, so that sanitizers see every overrun. */
static void run_exact(const struct fuzz_target *target, const char *data, size_t size)
{
    uint8_t *const copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    target->run(copy, size);
    free(copy);
}

static void change(struct sb_str *text, struct sb_rng *rng)
{
    static const char bytes[] = "\0\1\x7f\x80\xff\"\\[]{},:-+.eE019a";
    for (uint32_t n = 1 + sb_rng_below(rng, 4); n > 0; n--) {
        char *const at = text->data + sb_rng_below(rng, (uint32_t)text->length);
        const char *const other = text->data + sb_rng_below(rng, (uint32_t)text->length);
        if (sb_rng_below(rng, 3)) {
            *at = bytes[sb_rng_below(rng, sizeof(bytes) - 1)];
        } else {
            const size_t room = text->length - (size_t)((at > other ? at : other) - text->data);
            memmove(at, other, sb_rng_below(rng, (uint32_t)room + 1));
        }
    }
}

static void run_seed(const struct fuzz_target *target, const struct sb_str *seed)
{
    struct sb_rng rng = sb_rng_seed(seed->length);
    run_exact(target, sb_str_text(seed), seed->length);
    for (size_t cut = 0; cut < seed->length; cut++)
        run_exact(target, seed->data, cut);
    for (int i = 0; seed->length > 0 && i < CHANGES; i++) {
        struct sb_str text = SB_STR_INIT;
        sb_str_append(&text, seed->data, seed->length);
        assert_false(text.failed);
        change(&text, &rng);
        run_exact(target, text.data, text.length);
        sb_str_release(&text);
    }
}

static void test_seed(void **state)
{
    const char *const path = *state;
    struct sb_str seed = SB_STR_INIT;
    assert_true(test_read_file(path, &seed));
    for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
        char folder[64];
        snprintf(folder, sizeof(folder), "/seeds/%s/", t->name);
        if (strstr(path, folder))
            run_seed(t, &seed);
    }
    sb_str_release(&seed);
}

int main(void)
{
    static const char *const seeds[] = {"fuzz/seeds/json/*",
                                        "fuzz/seeds/rle/*",
                                        "fuzz/seeds/polygon/*",
                                        "fuzz/seeds/results/*",
                                        "fuzz/seeds/annotations/*",
                                        "fuzz/seeds/panoptic/*",
                                        NULL};
    return test_each_file("fuzz", seeds, test_seed);
}
