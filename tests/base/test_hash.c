/* base/hash.c: published check values, and the fast path against the portable one. */
#include "base/hash.h"

#include "base/rng.h"
#include "tests/test.h"

#include <string.h>

/* RFC 3720, B.4, and the usual check value of "123456789". */
static void test_crc32c__known_vectors(void **state)
{
    (void)state;
    unsigned char zeros[32] = {0}, ones[32], rising[32], falling[32];
    memset(ones, 0xff, sizeof(ones));
    for (int i = 0; i < 32; i++) {
        rising[i] = (unsigned char)i;
        falling[i] = (unsigned char)(31 - i);
    }
    assert_int_equal(sb_crc32c(0, "", 0), 0);
    assert_int_equal(sb_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(sb_crc32c(0, zeros, 32), 0x8a9136aau);
    assert_int_equal(sb_crc32c(0, ones, 32), 0x62a8ab43u);
    assert_int_equal(sb_crc32c(0, rising, 32), 0x46dd794eu);
    assert_int_equal(sb_crc32c(0, falling, 32), 0x113fdb5cu);
}

static void test_crc32c__fast_equals_portable_at_any_cut(void **state)
{
    (void)state;
    unsigned char data[99];
    struct sb_rng rng = sb_rng_seed(1);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)sb_rng_below(&rng, 256);
    for (size_t start = 0; start < 9; start++) {
        for (size_t cut = start; cut <= sizeof(data); cut++) {
            const uint32_t head = sb_crc32c(7, data + start, cut - start);
            assert_int_equal(head, sb_crc32c_portable(7, data + start, cut - start));
            assert_int_equal(sb_crc32c(head, data + cut, sizeof(data) - cut),
                             sb_crc32c(7, data + start, sizeof(data) - start));
        }
    }
}

static void test_crc32c__fast_equals_portable_on_long_data(void **state)
{
    (void)state;
    static unsigned char data[60000]; /* more than two rounds of the interleaved loop */
    struct sb_rng rng = sb_rng_seed(2);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)sb_rng_below(&rng, 256);
    static const size_t sizes[] = {8191, 8192, 24575, 24576, 24577, 24576 + 8192, 49152, 59999};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_int_equal(sb_crc32c(0xdeadbeefu, data + 1, sizes[i]),
                         sb_crc32c_portable(0xdeadbeefu, data + 1, sizes[i]));
}

static void test_fnv1a__known_vectors(void **state)
{
    (void)state;
    assert_true(sb_fnv1a(SB_FNV_START, "", 0) == 0xcbf29ce484222325u);
    assert_true(sb_fnv1a(SB_FNV_START, "a", 1) == 0xaf63dc4c8601ec8cu);
    assert_true(sb_fnv1a(SB_FNV_START, "foobar", 6) == 0x85944171f73967e8u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c__known_vectors),
        cmocka_unit_test(test_crc32c__fast_equals_portable_at_any_cut),
        cmocka_unit_test(test_crc32c__fast_equals_portable_on_long_data),
        cmocka_unit_test(test_fnv1a__known_vectors),
    };
    return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
