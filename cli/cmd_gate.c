/* spinebench gate: is one build slower than another? */
#include "base/file.h"
#include "bench/environment.h"
#include "bench/gate.h"
#include "bench/measure_records.h"
#include "bench/merge.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "reports/junit.h"
#include "reports/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base, *head, *engine, *costs, *outputs, *new_outputs;
static const char *markdown, *junit, *output, *pairs;
static struct sb_option_list cells;
static int64_t rounds, threads, cpu, seed;
static double delta, alpha, run_ms, limit;
static bool deterministic, quiet, no_wait;

/* Light models of different kinds, so that a gate takes a minute. */
static const char *const default_cells[] = {"retinanet-mobile-spinenet-49xs@128",
                                            "resnet-18-imagenet@64"};

/* "MODEL@SIZE" or "MODEL"; the model's name is cut off in place of `text`, a copy. */
static int read_cell(char *text, struct sb_gate_point *point, struct sb_error *err)
{
    char *at = strrchr(text, '@');
    int64_t size = 0;
    int rc = 0;
    if (at) {
        *at = '\0';
        rc = sb_parse_int(at + 1, "--cells: size after '@'", 1, 65536, &size, err);
    }
    point->model = text;
    point->size = (int)size;
    return rc;
}

static int read_cells(struct sb_gate_options *o, struct sb_error *err)
{
    static char texts[SB_GATE_MAX_CELLS][512];
    const bool own = cells.count > 0;
    const size_t count = own ? cells.count : sizeof(default_cells) / sizeof(default_cells[0]);
    int rc = 0;
    if (count > SB_GATE_MAX_CELLS)
        return sb_error_set(err, SB_EINVAL, "--cells: at most %d", SB_GATE_MAX_CELLS);
    for (size_t i = 0; i < count && rc == 0; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%s", own ? cells.items[i] : default_cells[i]);
        rc = read_cell(texts[i], &o->points[i], err);
    }
    o->num_points = count;
    return rc;
}

static int read_options(struct sb_gate_options *o, struct sb_error *err)
{
    sb_gate_options_defaults(o);
    o->base = base;
    o->head = head;
    o->engine = engine;
    o->costs = costs;
    o->outputs = outputs;
    o->rounds = (size_t)rounds;
    o->threads = (int)threads;
    o->cpu = (int)cpu;
    o->seed = (uint64_t)seed;
    o->rule.delta = delta / 100;
    o->rule.alpha = alpha / 100;
    o->run_ns = (int64_t)(run_ms * 1e6);
    o->limit_ns = (int64_t)(limit * 1e9);
    o->deterministic_only = deterministic;
    o->wait_for_quiet = !no_wait;
    o->quiet = quiet;
    if (cpu >= 0 && threads > 1) {
        sb_error_set(err, SB_EINVAL,
                     "--cpu means nothing beside --threads %lld: only one thread "
                     "is pinned",
                     (long long)threads);
        return sb_error_hint(err, "leave one of them out");
    }
    return read_cells(o, err);
}

static const char *outcome_text(enum sb_gate_outcome outcome)
{
    static const char *const texts[] = {
        [SB_GATE_PASSED] = "passed",
        [SB_GATE_FAILED] = "FAILED",
        [SB_GATE_TOO_NOISY] = "too noisy to tell",
    };
    return texts[outcome];
}

/* Lines of text as they are, or as items of a Markdown list, which would run into each other. */
static void put_lines(const struct sb_str *text, bool md, struct sb_str *out)
{
    const char *line = sb_str_text(text);
    while (*line) {
        const size_t length = strcspn(line, "\n");
        sb_str_puts(out, md ? "- " : "");
        sb_str_append(out, line, length);
        sb_str_puts(out, "\n");
        line += length + (line[length] == '\n');
    }
    if (text->failed)
        out->failed = true;
}

/* WHAT differ from FILE, how, and what to do when that is meant. */
static void put_differences(const char *what, const char *path, const struct sb_str *diff,
                            const char *meant, bool md, struct sb_str *out)
{
    sb_str_printf(out, "%s differ from %s:\n\n%s%s%s\nIf that is meant, commit new ones: %s\n%s",
                  what, path, md ? "```diff\n" : "", sb_str_text(diff), md ? "```\n" : "", meant,
                  md ? "\n" : "");
}

/* What was compared exactly. */
static void put_deterministic(const struct sb_gate_result *r, bool md, struct sb_str *out)
{
    struct sb_str lines = SB_STR_INIT;
    if (costs && r->cost_differences)
        put_differences("Costs and planned memory", costs, &r->cost_diff,
                        "spinebench cost --all --exact > FILE", md, out);
    else if (costs)
        sb_str_printf(&lines, "Costs and planned memory equal %s.\n", costs);
    if (outputs && r->output_differences)
        put_differences("Outputs", outputs, &r->output_diff, "gate --write-outputs FILE", md, out);
    else if (outputs)
        sb_str_printf(&lines, "%zu output%s of %s, largest error %.1e of a deviation.\n",
                      r->num_outputs, r->num_outputs == 1 ? " is that" : "s are those", outputs,
                      r->output_error);
    for (size_t i = 0; i < r->num_cells; i++) {
        const struct sb_gate_cell_result *c = &r->cells[i];
        if (!c->checked)
            continue;
        const bool same = c->digest[0][0] && strcmp(c->digest[0], c->digest[1]) == 0;
        sb_str_printf(&lines, "Output of %s at %d: error %.1e against the reference%s%s.\n",
                      c->model, c->size, c->nmse, c->check_passed ? "" : ", which is TOO LARGE",
                      !c->digest[0][0] ? ""
                      : same           ? ", the same bits as base"
                                       : ", other bits than base");
    }
    put_lines(&lines, md, out);
    sb_str_release(&lines);
}

/* What the control pairs say, and why the outcome is what it is. */
static void put_reasons(const struct sb_gate_result *r, struct sb_str *out)
{
    if (r->num_control)
        sb_str_printf(out, "Control%s: %zu pairs of base against itself within +-%.1f %%, p %.2f%s",
                      r->control_repeated ? " (repeated)" : "", r->checked_control.count,
                      100 * r->checked_control.half_width, r->checked_control.p,
                      r->checked_control.noisy ? ": NOISY" : "");
    if (r->num_control && r->steal_ticks != SB_NO_INT)
        sb_str_printf(out, "; %lld ticks stolen", (long long)r->steal_ticks);
    if (r->num_control && r->cpu >= 0)
        sb_str_printf(out, "; CPU %d", r->cpu);
    sb_str_printf(out, "%s%s", r->num_control ? ".\n" : "", sb_str_text(&r->why));
}

static int put_table(const struct sb_records *verdicts, const char *format, struct sb_str *out,
                     struct sb_error *err)
{
    const struct sb_view *view;
    struct sb_table t;
    if (verdicts->count == 0)
        return 0;
    int rc = sb_view_find("gate", &view, err);
    if (rc == 0)
        rc = sb_view_table(&t, view, verdicts, err);
    if (rc)
        return rc;
    sb_cli_put_table(&t, sb_table_format(format), out);
    sb_table_release(&t);
    return 0;
}

/* The whole summary in a table format: text for the terminal, markdown for a pull request. */
static int put_summary(const struct sb_gate_result *r, const struct sb_records *verdicts,
                       const char *format, struct sb_str *out, struct sb_error *err)
{
    const bool md = strcmp(format, "markdown") == 0;
    struct sb_str lines = SB_STR_INIT;
    sb_str_printf(out, "%sPerformance gate: %s\n%s", md ? "## " : "", outcome_text(r->outcome),
                  md ? "\n" : "");
    put_deterministic(r, md, out);
    sb_str_puts(out, "\n");
    const int rc = put_table(verdicts, format, out, err);
    put_reasons(r, &lines);
    if (lines.length && md)
        sb_str_puts(out, "\n");
    put_lines(&lines, md, out);
    sb_str_release(&lines);
    return out->failed ? sb_error_nomem(err, "the summary", out->length) : rc;
}

static enum sb_junit_status status_of(const struct sb_gate_result *r,
                                      const struct sb_gate_cell_result *cell)
{
    if (r->checked_control.noisy || cell->judged.count == 0 ||
        cell->judged.verdict == SB_GATE_UNRESOLVED)
        return SB_JUNIT_SKIPPED;
    return cell->judged.verdict == SB_GATE_REGRESSED ? SB_JUNIT_FAILED : SB_JUNIT_PASSED;
}

static void put_junit(const struct sb_gate_result *r, struct sb_str *out)
{
    struct sb_junit_case list[2 * SB_GATE_MAX_CELLS + 2];
    char names[SB_GATE_MAX_CELLS][128], messages[2 * SB_GATE_MAX_CELLS][160];
    size_t n = 0;
    if (costs)
        list[n++] = (struct sb_junit_case){"deterministic", "costs and planned memory",
                                           r->cost_differences ? SB_JUNIT_FAILED : SB_JUNIT_PASSED,
                                           "exact costs differ from the committed ones",
                                           r->cost_differences ? sb_str_text(&r->cost_diff) : NULL};
    if (outputs)
        list[n++] =
            (struct sb_junit_case){"deterministic", "committed outputs",
                                   r->output_differences ? SB_JUNIT_FAILED : SB_JUNIT_PASSED,
                                   "outputs differ from the committed ones",
                                   r->output_differences ? sb_str_text(&r->output_diff) : NULL};
    for (size_t i = 0; i < r->num_cells; i++) {
        const struct sb_gate_cell_result *c = &r->cells[i];
        snprintf(names[i], sizeof(names[i]), "%s at %d", c->model, c->size);
        snprintf(messages[2 * i], sizeof(messages[0]), "error %.1e against the reference", c->nmse);
        if (c->judged.count)
            snprintf(messages[2 * i + 1], sizeof(messages[0]), "%s: %+.2f %% in %zu round%s",
                     sb_gate_verdict_name(c->judged.verdict), 100 * (c->judged.ratio - 1),
                     c->judged.count, sb_plural(c->judged.count));
        else
            snprintf(messages[2 * i + 1], sizeof(messages[0]), "not timed");
        if (c->checked)
            list[n++] = (struct sb_junit_case){"output", names[i],
                                               c->check_passed ? SB_JUNIT_PASSED : SB_JUNIT_FAILED,
                                               messages[2 * i], NULL};
        if (!deterministic)
            list[n++] = (struct sb_junit_case){"latency", names[i], status_of(r, c),
                                               messages[2 * i + 1], NULL};
    }
    sb_junit_write("spinebench gate", list, n, out);
}

static int keep(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    return sb_records_add(ctx, record, err);
}

static int write_text(const char *path, const struct sb_str *text, struct sb_error *err)
{
    if (text->failed)
        return sb_error_nomem(err, path, text->length);
    return sb_write_file(path, sb_str_text(text), text->length, err);
}

/* The files that were asked for. */
static int write_files(const struct sb_gate_result *r, const struct sb_records *all,
                       const struct sb_records *verdicts, struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    int rc = 0;
    if (markdown) {
        rc = put_summary(r, verdicts, "markdown", &text, err);
        rc = rc ? rc : write_text(markdown, &text, err);
    }
    if (rc == 0 && junit) {
        sb_str_clear(&text);
        put_junit(r, &text);
        rc = write_text(junit, &text, err);
    }
    if (rc == 0 && pairs) {
        sb_str_clear(&text);
        sb_gate_pairs_csv(r, &text);
        rc = write_text(pairs, &text, err);
    }
    if (rc == 0 && output)
        rc = sb_records_write(all, output, err);
    sb_str_release(&text);
    return rc;
}

/* Run record and verdicts into `all`, the verdicts alone into `verdicts`. */
static int make_records(const struct sb_gate_result *r, const struct sb_gate_options *o,
                        struct sb_records *all, struct sb_records *verdicts, struct sb_error *err)
{
    struct sb_environment env;
    struct sb_run_identity identity;
    struct sb_record run;
    sb_environment_read(&env, "");
    sb_run_identity_new(&identity);
    sb_run_record_fill(&run, &identity, &env, "spinebench gate");
    run.u.run.seed = seed;
    sb_record_because(&run, "weights", "each program draws its own from seed 1");
    sb_record_because(&run, "noise", "control pairs tell more");
    int rc = keep(all, &run, err);
    if (rc == 0)
        rc = sb_gate_records(r, o, identity.id, keep, verdicts, err);
    for (size_t i = 0; i < verdicts->count && rc == 0; i++)
        rc = keep(all, &verdicts->items[i], err);
    return rc;
}

static int report(const struct sb_gate_result *r, const struct sb_gate_options *o,
                  struct sb_error *err)
{
    struct sb_records all, verdicts;
    struct sb_str text = SB_STR_INIT;
    sb_records_init(&all);
    sb_records_init(&verdicts);
    int rc = make_records(r, o, &all, &verdicts, err);
    if (rc == 0)
        rc = write_files(r, &all, &verdicts, err);
    if (rc == 0)
        rc = put_summary(r, &verdicts, "text", &text, err);
    if (rc == 0)
        fputs(sb_str_text(&text), stdout);
    sb_str_release(&text);
    sb_records_release(&all);
    sb_records_release(&verdicts);
    return rc;
}

/* Before minutes of timing, whether the files that are asked for can be written. */
static int try_files(struct sb_error *err)
{
    const char *const paths[] = {markdown, junit, pairs, output};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i])
            rc = sb_file_try(paths[i], err);
    }
    return rc;
}

static int run_gate(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_gate_options o;
    struct sb_gate_result result;
    int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    if (rc == 0)
        rc = read_options(&o, err);
    if (rc == 0 && new_outputs)
        return sb_gate_write_outputs(&o, new_outputs, err);
    if (rc == 0)
        rc = try_files(err);
    if (rc == 0)
        rc = sb_gate_run(&o, &result, err);
    if (rc)
        return rc;
    rc = report(&result, &o, err);
    if (rc == 0 && result.outcome == SB_GATE_FAILED) {
        rc = sb_error_set(err, SB_ECHECK, "the gate failed");
        sb_error_hint(err, "the lines above say why; --pairs FILE keeps every pair");
    } else if (rc == 0 && result.outcome == SB_GATE_TOO_NOISY) {
        rc = sb_error_set(err, SB_ENOISY, "too noisy to tell");
        sb_error_hint(err, "run it again on a quieter machine; nothing is proved either way");
    }
    sb_gate_result_release(&result);
    return rc;
}

static void reset_options(void)
{
    base = head = engine = costs = outputs = new_outputs = markdown = junit = output = pairs = NULL;
    cells = (struct sb_option_list){0};
    rounds = 0;
    threads = seed = 1;
    cpu = -1;
    delta = 2;
    alpha = 1;
    run_ms = 200;
    limit = 240;
    deterministic = quiet = no_wait = false;
}

int cmd_gate(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("base", 0, "BIN", "the program before the change", &base),
        SB_OPT_STRING("head", 0, "BIN", "the program after it", &head),
        SB_OPT_LIST("cells", 0, "MODEL@SIZE,...", "what to time (default: two light models)",
                    &cells),
        SB_OPT_STRING("engine", 0, "NAME", "engine (default: each program's own)", &engine),
        SB_OPT_INT("threads", 't', "T", "threads (default: 1, pinned to one CPU)", &threads, 1,
                   1024),
        SB_OPT_INT("rounds", 0, "R", "pairs per cell (default: 21; 31 above 10 cells)", &rounds, 6,
                   1000),
        SB_OPT_DOUBLE("delta", 0, "P", "smallest slow-down that matters, in % (default: 2)", &delta,
                      0.01, 100),
        SB_OPT_DOUBLE("alpha", 0, "P", "level of each test, in % (default: 1)", &alpha, 0.0001, 50),
        SB_OPT_DOUBLE("run-ms", 0, "T", "timed part of each process, in ms (default: 200)", &run_ms,
                      1, 60000),
        SB_OPT_DOUBLE("time-limit", 0, "S",
                      "of the timing, with more rounds where needed (default: 240 s; 0: none)",
                      &limit, 0, 86400),
        SB_OPT_INT("cpu", 0, "N", "pin to this CPU (default: the last usable one)", &cpu, 0, 4095),
        SB_OPT_INT("seed", 0, "N", "seed of the order of runs (default: 1)", &seed, 0, INT64_MAX),
        SB_OPT_STRING("costs", 0, "FILE", "committed costs ('cost --all --exact') to equal",
                      &costs),
        SB_OPT_STRING("outputs", 0, "FILE", "committed outputs to keep to, up to rounding",
                      &outputs),
        SB_OPT_STRING("write-outputs", 0, "FILE",
                      "instead: write the outputs of --head for --cells, reference engine",
                      &new_outputs),
        SB_OPT_FLAG("deterministic", 0, "only what is exact: costs and outputs of --head",
                    &deterministic),
        SB_OPT_FLAG("no-wait", 0, "start at once, even on a busy machine; control pairs tell",
                    &no_wait),
        SB_OPT_STRING("markdown", 0, "FILE", "the summary for a pull request", &markdown),
        SB_OPT_STRING("junit", 0, "FILE", "results as JUnit XML", &junit),
        SB_OPT_STRING("pairs", 0, "FILE", "every pair as CSV", &pairs),
        SB_OPT_STRING("output", 'o', "FILE.jsonl", "the verdicts as records", &output),
        SB_OPT_FLAG("quiet", 'q', "no progress on stderr", &quiet),
        SB_OPT_ALONE("write-outputs", "head,cells,threads,no-wait,quiet"),
        SB_OPT_EXCLUDES("deterministic", "rounds,delta,alpha,run-ms,time-limit,seed,pairs"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "gate --base BIN --head BIN [options]",
        "Tells whether one build is slower than another. Costs and planned memory are compared\n"
        "exactly first, outputs up to rounding. Then both programs are timed in fresh processes,\n"
        "interleaved in random order on one CPU, so that drift of the machine hits both;\n"
        "control pairs of base against itself show what the machine can tell.\n"
        "Exit code: 0 no regression, 1 regression or failed check, 2 usage or input, 3 too\n"
        "noisy to tell.",
        options,
        "examples:\n"
        "  spinebench gate --base old/spinebench --head build/spinebench\n"
        "  spinebench gate --head build/spinebench --deterministic \\\n      --costs "
        "tests/golden/costs.csv \\\n"
        "      --outputs tests/golden/outputs.jsonl"};
    reset_options();
    return sb_cli_run("gate", &help, argc, argv, run_gate);
}
