/* cli/options.c: what parses, what is refused and with which words. */
#include "cli/options.h"

#include "tests/test.h"

#include <string.h>

static struct {
    const char *weights;
    int64_t threads;
    double score;
    bool json;
    bool resume;
    struct sb_option_list sizes;
    bool draw, soft, merge;
    const char *folder;
} opt;

static const struct sb_option options[] = {
    SB_OPT_STRING("weights", 'w', "FILE", "a file", &opt.weights),
    SB_OPT_INT("threads", 't', "N", "threads", &opt.threads, 1, 64),
    SB_OPT_DOUBLE("score", 0, "X", "a threshold", &opt.score, 0, 1),
    SB_OPT_FLAG("json", 'j', "JSON", &opt.json),
    SB_OPT_NEGATE("no-resume", 0, "start again", &opt.resume),
    SB_OPT_LIST("size", 0, "N,...", "sizes", &opt.sizes),
    SB_OPT_FLAG("draw", 'd', "draws", &opt.draw),
    SB_OPT_FLAG("soft", 0, "softly", &opt.soft),
    SB_OPT_STRING("folder", 0, "DIR", "a folder", &opt.folder),
    SB_OPT_FLAG("merge", 0, "merges", &opt.merge),
    SB_OPT_NEEDS("soft,score", "draw,folder"),
    SB_OPT_EXCLUDES("json", "folder,size"),
    SB_OPT_ALONE("merge", "weights,json"),
    SB_OPT_END,
};
static const struct sb_command_help help = {"test [options]", "A test.", options, NULL};

static int setup(void **state)
{
    (void)state;
    memset(&opt, 0, sizeof(opt));
    opt.threads = 7;
    opt.resume = true;
    return 0;
}

/* Parses words after the name of the command; NULL ends them. */
static int parse(const char *const *words, struct sb_arguments *args, struct sb_error *err)
{
    char *argv[16] = {(char[]){"test"}};
    int argc = 1;
    while (words[argc - 1]) {
        assert_true(argc < 16);
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    return sb_options_parse(&help, argc, argv, args, err);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_options__all_forms_parse(void **state)
{
    (void)state;
    struct sb_arguments args;
    struct sb_error err;
    assert_ok(parse(WORDS("a", "--weights", "-x", "--threads=3", "-j", "b", "--no-resume",
                          "--score", "0.5", "-d"),
                    &args, &err),
              &err);
    assert_string_equal(opt.weights, "-x");
    assert_int_equal(opt.threads, 3);
    assert_true(opt.json && !opt.resume && opt.score == 0.5);
    assert_int_equal(args.count, 2);
    assert_string_equal(args.words[0], "a");
    assert_string_equal(args.words[1], "b");
    sb_arguments_release(&args);
    assert_ok(parse(WORDS("-t5", "-w", "f", "-", "--", "--json", "-q"), &args, &err), &err);
    assert_int_equal(opt.threads, 5);
    assert_string_equal(opt.weights, "f");
    assert_int_equal(args.count, 3);
    assert_string_equal(args.words[0], "-");
    assert_string_equal(args.words[1], "--json");
    sb_arguments_release(&args);
}

static void test_options__lists_add_up(void **state)
{
    (void)state;
    struct sb_arguments args;
    struct sb_error err;
    assert_ok(parse(WORDS("--size", "320,640", "--size=", "--size=896"), &args, &err), &err);
    assert_int_equal(opt.sizes.count, 3);
    assert_string_equal(opt.sizes.items[0], "320");
    assert_string_equal(opt.sizes.items[2], "896");
    sb_arguments_release(&args);
}

static void test_options__list_has_no_empty_items(void **state)
{
    (void)state;
    static const char *const texts[] = {"320,", ",320", "320,,640", ","};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sb_arguments args;
        struct sb_error err;
        memset(&opt.sizes, 0, sizeof(opt.sizes));
        assert_int_equal(parse(WORDS("--size", texts[i]), &args, &err), SB_EINVAL);
        assert_non_null(strstr(err.message, "has an empty item"));
        sb_arguments_release(&args);
    }
}

static void test_options__list_is_bounded(void **state)
{
    (void)state;
    struct sb_arguments args;
    struct sb_error err;
    static char many[2 * (SB_OPTION_LIST_MAX + 1)];
    for (size_t i = 0; i + 1 < sizeof(many); i++)
        many[i] = i % 2 ? ',' : '1';
    assert_int_equal(parse(WORDS("--size", many), &args, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "--size: more than 256 items");
    sb_arguments_release(&args);
    static char long_text[9000];
    memset(long_text, '1', sizeof(long_text) - 1);
    memset(&opt.sizes, 0, sizeof(opt.sizes));
    assert_int_equal(parse(WORDS("--size", long_text), &args, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "--size: list too long");
    sb_arguments_release(&args);
}

static void test_options__wrong_use_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *expected;
    } cases[] = {
        {{"--threads", "0"}, "--threads: expected an integer from 1 to 64, got '0'"},
        {{"--threads", "65"}, "got '65'"},
        {{"--threads", "3x"}, "got '3x'"},
        {{"--threads", ""}, "got ''"},
        {{"--threads", "99999999999999999999"}, "got '99999999999999999999'"},
        {{"-t", "x"}, "--threads: expected an integer"},
        {{"--threads"}, "--threads needs a value: N"},
        {{"-t"}, "-t (--threads) needs a value: N"},
        {{"--score", "nan"}, "--score: expected a number from 0 to 1, got 'nan'"},
        {{"--score=1.01"}, "got '1.01'"},
        {{"--json=yes"}, "--json takes no value"},
        {{"-jq"}, "-j (--json) takes no value, got '-jq'"},
        {{"--thread", "3"}, "unknown option '--thread'\nhint: did you mean --threads?"},
        {{"--wieghts=x"}, "did you mean --weights?"},
        {{"--frobnicate"}, "unknown option '--frobnicate'\nhint: --help lists the options"},
        {{"--by"}, "hint: --help lists the options"},
        {{"--weights", ""}, "--weights is empty, expected FILE"},
        {{"--weights="}, "--weights is empty, expected FILE"},
        {{"-z"}, "unknown option '-z'\nhint: --help lists the options"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_arguments args;
        struct sb_error err;
        assert_int_equal(parse(cases[i].words, &args, &err), SB_EINVAL);
        assert_error(&err, SB_EINVAL, cases[i].expected);
        sb_arguments_release(&args);
    }
    assert_int_equal(opt.threads, 7); /* a refused value changes nothing */
}

static void test_options__what_would_change_nothing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[5];
        const char *expected; /* NULL: nothing is wrong */
    } cases[] = {
        {{"--score", "0.5"},
         "--score means nothing without --draw or --folder\nhint: add --draw or --folder DIR"},
        {{"--soft"}, "--soft means nothing without --draw or --folder"},
        {{"--soft", "-d"}, NULL},
        {{"--folder", "f", "--soft"}, NULL},
        {{"-j", "--size", "3"}, "--size means nothing beside --json\nhint: leave one of them out"},
        {{"-j", "-d"}, NULL},
        {{"--merge", "-d"},
         "--draw means nothing beside --merge\nhint: --merge goes with --weights, --json"},
        {{"a", "--merge", "-j", "-wf"}, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_arguments args;
        struct sb_error err;
        const int rc = parse(cases[i].words, &args, &err);
        assert_int_equal(rc < 0 ? SB_EINVAL : 0, cases[i].expected ? SB_EINVAL : 0);
        if (cases[i].expected)
            assert_error(&err, SB_EINVAL, cases[i].expected);
        sb_arguments_release(&args);
    }
}

static void test_options__positional_counts_are_checked(void **state)
{
    (void)state;
    struct sb_arguments args;
    struct sb_error err;
    assert_ok(parse(WORDS("a", "b"), &args, &err), &err);
    assert_ok(sb_arguments_expect(&args, 1, 2, "GT DETS", &err), &err);
    assert_int_equal(sb_arguments_expect(&args, 3, 3, "three", &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "missing argument: expected three");
    assert_int_equal(sb_arguments_expect(&args, 0, 1, "MODEL", &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "unexpected argument 'b': expected MODEL");
    sb_arguments_release(&args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_options__all_forms_parse, setup),
        cmocka_unit_test_setup(test_options__lists_add_up, setup),
        cmocka_unit_test_setup(test_options__list_has_no_empty_items, setup),
        cmocka_unit_test_setup(test_options__list_is_bounded, setup),
        cmocka_unit_test_setup(test_options__wrong_use_says_what_is_wrong, setup),
        cmocka_unit_test_setup(test_options__what_would_change_nothing_is_refused, setup),
        cmocka_unit_test_setup(test_options__positional_counts_are_checked, setup),
    };
    return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}
