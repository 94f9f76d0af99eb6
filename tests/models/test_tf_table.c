/* models/tf_table.c: well-formed tables in all their forms, and every way in which a table can lie
 * with checksums that are right. Damaged bytes are tested through whole checkpoints, in
 * test_tf_bundle.c. */
#include "models/tf_table.h"

#include "base/hash.h"
#include "base/str.h"
#include "tests/test.h"

#include <string.h>

static void put_u32(struct sb_str *s, uint32_t v)
{
    const char bytes[4] = {(char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24)};
    sb_str_append(s, bytes, 4);
}

/* Appends a block with a right checksum; returns its offset. */
static size_t put_block(struct sb_str *s, const char *content, size_t length, char type)
{
    const size_t start = s->length;
    sb_str_append(s, content, length);
    sb_str_append(s, &type, 1);
    put_u32(s, sb_crc_mask(sb_crc32c(0, s->data + start, length + 1)));
    return start;
}

#define NO_RESTARTS "\0\0\0\0"

/* A table of one data block (shorter than 100 bytes); its index block is `index`, or one right
 * entry when that is NULL. */
static void make_table(struct sb_str *s, const char *content, size_t length, char type,
                       const char *index, size_t index_length)
{
    put_block(s, content, length, type);
    const size_t meta = put_block(s, NO_RESTARTS, 4, 0);
    const char right[] = {0, 1, 2, 'z', 0, (char)length, 0, 0, 0, 0};
    const size_t at = put_block(s, index ? index : right, index ? index_length : sizeof(right), 0);
    const char handles[] = {(char)meta, 4, (char)at, (char)(s->length - at - 5)};
    const size_t footer = s->length;
    sb_str_append(s, handles, sizeof(handles));
    while (s->length < footer + 40)
        sb_str_append(s, "\0", 1);
    put_u32(s, 0x8b80fb57u);
    put_u32(s, 0xdb477524u);
    assert_false(s->failed);
}

static int collect(void *ctx, const char *key, size_t key_length, const char *value,
                   size_t value_length, int64_t offset, struct sb_error *err)
{
    (void)offset;
    (void)err;
    struct sb_str *out = ctx;
    sb_str_append(out, key, key_length);
    sb_str_puts(out, "=");
    sb_str_append(out, value, value_length);
    sb_str_puts(out, ";");
    return 0;
}

static void test_tf_table__keys_share_prefixes(void **state)
{
    (void)state;
    static const char block[] = "\0\2\1abX\2\1\2cYZ\1\1\0z"
                                "\0\0\0\0"
                                "\1\0\0\0";
    struct sb_str file = SB_STR_INIT, seen = SB_STR_INIT;
    struct sb_error err;
    make_table(&file, block, sizeof(block) - 1, 0, NULL, 0);
    assert_ok(sb_tf_table_walk(file.data, file.length, "t", collect, &seen, &err), &err);
    assert_string_equal(sb_str_text(&seen), "ab=X;abc=YZ;az=;");
    sb_str_release(&file);
    sb_str_release(&seen);
}

static void test_tf_table__snappy_blocks_are_inflated(void **state)
{
    (void)state;
    /* Snappy: length 13, then one literal of 13 bytes */
    static const char block[] = "\x0d\x30\0\1\1kv\0\0\0\0\1\0\0\0";
    struct sb_str file = SB_STR_INIT, seen = SB_STR_INIT;
    struct sb_error err;
    make_table(&file, block, sizeof(block) - 1, 1, NULL, 0);
    assert_ok(sb_tf_table_walk(file.data, file.length, "t", collect, &seen, &err), &err);
    assert_string_equal(sb_str_text(&seen), "k=v;");
    sb_str_release(&file);
    sb_str_release(&seen);
}

static int stop(void *ctx, const char *key, size_t key_length, const char *value,
                size_t value_length, int64_t offset, struct sb_error *err)
{
    (void)key, (void)key_length, (void)value, (void)value_length, (void)offset;
    ++*(int *)ctx;
    return sb_error_set(err, SB_ENOTFOUND, "enough");
}

static void test_tf_table__result_of_the_callback_ends_the_walk(void **state)
{
    (void)state;
    static const char block[] = "\0\1\0a\0\1\0b" NO_RESTARTS;
    struct sb_str file = SB_STR_INIT;
    struct sb_error err;
    int calls = 0;
    make_table(&file, block, sizeof(block) - 1, 0, NULL, 0);
    assert_int_equal(sb_tf_table_walk(file.data, file.length, "t", stop, &calls, &err),
                     SB_ENOTFOUND);
    assert_int_equal(calls, 1);
    sb_str_release(&file);
}

struct malformed {
    const char *what;
    const char *block;
    size_t length;
    char type;
    const char *index; /* NULL: a right one */
    size_t index_length;
    const char *expect;
};

#define BYTES(text) text, sizeof(text) - 1
#define RIGHT_BLOCK BYTES("\0\1\0a" NO_RESTARTS)
#define NO_INDEX    NULL, 0

static const struct malformed cases[] = {
    {"block without restart count", BYTES("\0\1"), 0, NO_INDEX, "too short"},
    {"restart array longer than the block", BYTES("\xff\0\0\0"), 0, NO_INDEX, "restart array"},
    {"key cut off", BYTES("\0\x09\0a" NO_RESTARTS), 0, NO_INDEX, "outside it"},
    {"value cut off", BYTES("\0\1\x09\x61" NO_RESTARTS), 0, NO_INDEX, "outside it"},
    {"value length of 2^64-1", BYTES("\0\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1a" NO_RESTARTS), 0,
     NO_INDEX, "outside it"},
    {"varint without an end", BYTES("\x80\x80\x80\x80" NO_RESTARTS), 0, NO_INDEX, "outside it"},
    {"varint of more than 64 bits",
     BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\1\0a" NO_RESTARTS), 0, NO_INDEX, "outside it"},
    {"first key shares a prefix", BYTES("\1\1\0a" NO_RESTARTS), 0, NO_INDEX, "outside it"},
    {"key shares more than its neighbour has", BYTES("\0\1\0a\2\1\0b" NO_RESTARTS), 0, NO_INDEX,
     "outside it"},
    {"same key twice", BYTES("\0\1\0a\0\1\0a" NO_RESTARTS), 0, NO_INDEX, "ascend"},
    {"keys descend", BYTES("\0\1\0b\0\1\0a" NO_RESTARTS), 0, NO_INDEX, "ascend"},
    {"key is a prefix of the one before", BYTES("\0\2\0ab\0\1\0a" NO_RESTARTS), 0, NO_INDEX,
     "ascend"},
    {"unknown compression", RIGHT_BLOCK, 2, NO_INDEX, "compression"},
    {"Snappy literal longer than the block", BYTES("\4\x1c" NO_RESTARTS), 1, NO_INDEX, "inflate"},
    {"Snappy block of a claimed 4 GB", BYTES("\xff\xff\xff\xff\x0f\0a"), 1, NO_INDEX,
     "impossible size"},
    {"empty Snappy block", BYTES(""), 1, NO_INDEX, "impossible size"},
    {"handle without a size", RIGHT_BLOCK, 0, BYTES("\0\1\1z\0" NO_RESTARTS), "handle"},
    {"empty handle", RIGHT_BLOCK, 0, BYTES("\0\1\0z" NO_RESTARTS), "handle"},
    {"block beyond the file", RIGHT_BLOCK, 0, BYTES("\0\1\3z\xff\x7f\7" NO_RESTARTS), "outside"},
    {"block size beyond the file", RIGHT_BLOCK, 0, BYTES("\0\1\3z\0\xff\x7f" NO_RESTARTS),
     "outside"},
    {"block trailer beyond the file", RIGHT_BLOCK, 0, BYTES("\0\1\2z\0\x2b" NO_RESTARTS),
     "outside"},
    {"block offset of 2^64-1", RIGHT_BLOCK, 0,
     BYTES("\0\1\x0bz\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\7" NO_RESTARTS), "outside"},
    {"block that is no block", RIGHT_BLOCK, 0, BYTES("\0\1\2z\1\7" NO_RESTARTS), "checksum"},
    {"one block twice", RIGHT_BLOCK, 0, BYTES("\0\1\2z\0\x08\0\1\2z\0\x08" NO_RESTARTS), "ascend"},
};

static void test_tf_table__malformed_tables_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct malformed *c = &cases[i];
        struct sb_str file = SB_STR_INIT, seen = SB_STR_INIT;
        struct sb_error err;
        make_table(&file, c->block, c->length, c->type, c->index, c->index_length);
        const int rc = sb_tf_table_walk(file.data, file.length, "t", collect, &seen, &err);
        if (rc != SB_EFORMAT || !strstr(err.message, c->expect))
            fail_msg("%s: %d '%s', expected '%s'", c->what, rc, rc ? err.message : "", c->expect);
        assert_string_equal(err.path, "t");
        sb_str_release(&file);
        sb_str_release(&seen);
    }
}

static void test_tf_table__checksum_masks_and_unmasks(void **state)
{
    (void)state;
    assert_int_equal(sb_crc_mask(0), 0xa282ead8u);
    for (uint32_t crc = 1; crc; crc <<= 1)
        assert_int_equal(sb_crc_unmask(sb_crc_mask(crc)), crc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tf_table__keys_share_prefixes),
        cmocka_unit_test(test_tf_table__snappy_blocks_are_inflated),
        cmocka_unit_test(test_tf_table__result_of_the_callback_ends_the_walk),
        cmocka_unit_test(test_tf_table__malformed_tables_are_refused),
        cmocka_unit_test(test_tf_table__checksum_masks_and_unmasks),
    };
    return cmocka_run_group_tests_name("models/tf_table", tests, NULL, NULL);
}
