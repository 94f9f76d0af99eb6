/* Where numbers come from. See provenance.h. */
#include "reports/provenance.h"

#include "base/file.h"
#include "base/str.h"
#include "bench/record.h"

#include <stdbool.h>
#include <string.h>

#define MAX_ORIGINS 4 /* distinct commits and machines that are named one by one */

static bool same_place(const struct sb_run_record *a, const struct sb_run_record *b)
{
    return sb_same_text(a->commit, b->commit) && a->dirty == b->dirty &&
           sb_same_text(a->machine, b->machine);
}

/* True when the run at `index` has records of the kinds. */
static bool is_used(const struct sb_records *records, size_t index, unsigned kinds)
{
    const char *const run = records->items[index].run;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if ((kinds >> r->kind & 1) && sb_same_text(r->run, run))
            return true;
    }
    return kinds == 0;
}

static void put_run(const struct sb_run_record *run, struct sb_str *out)
{
    sb_str_printf(out, "%scommit %.12s%s, machine %s (%s)", out->length ? "; " : "",
                  run->commit ? run->commit : "unknown", run->dirty ? " with changes" : "",
                  run->machine ? run->machine : "unknown", run->cpu ? run->cpu : "CPU unknown");
}

static void put_runs(const struct sb_records *records, unsigned kinds, struct sb_str *out)
{
    const struct sb_run_record *named[MAX_ORIGINS];
    size_t count = 0, more = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_run_record *const run = &records->items[i].u.run;
        bool known = records->items[i].kind != SB_RECORD_RUN;
        for (size_t k = 0; k < count && !known; k++)
            known = same_place(named[k], run);
        if (known || !is_used(records, i, kinds))
            continue;
        if (count == MAX_ORIGINS) {
            more++;
            continue;
        }
        named[count++] = run;
        put_run(run, out);
    }
    if (more)
        sb_str_printf(out, "; and %zu more runs (table of runs)", more);
    if (count == 0) /* points of a history and verdicts of a comparison carry their own */
        sb_str_puts(out, kinds == SB_KIND(HISTORY) || kinds == SB_KIND(VERDICT)
                             ? "commits and machines as shown"
                             : "no run record");
}

/* Keeps the text and releases it. */
static const char *keep(struct sb_str *text, struct sb_texts *texts)
{
    const char *const kept = sb_texts_keep(texts, sb_str_text(text));
    texts->failed = texts->failed || text->failed;
    sb_str_release(text);
    return kept;
}

void sb_origin_read(struct sb_origin *origin, const struct sb_records *records, unsigned kinds,
                    const char *const *inputs, size_t num_inputs, struct sb_texts *texts)
{
    struct sb_str files = SB_STR_INIT, runs = SB_STR_INIT;
    for (size_t i = 0; i < num_inputs; i++)
        sb_str_printf(&files, "%s%s", i ? ", " : "", sb_path_base(inputs[i]));
    put_runs(records, kinds, &runs);
    origin->records = keep(&files, texts);
    origin->runs = keep(&runs, texts);
}

struct sb_origin sb_origin_keep(const struct sb_origin *origin, struct sb_texts *texts)
{
    return (struct sb_origin){sb_texts_keep(texts, origin->command),
                              sb_texts_keep(texts, origin->records),
                              sb_texts_keep(texts, origin->runs)};
}

/* A word of a command line, in quotes where a shell would change it. */
static void put_word(const char *word, struct sb_str *out)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.,/+:@%";
    sb_str_puts(out, " ");
    if (*word && word[strspn(word, plain)] == '\0') {
        sb_str_puts(out, word);
        return;
    }
    sb_str_puts(out, "'");
    for (; *word; word++) {
        if (*word == '\'')
            sb_str_puts(out, "'\\'");
        sb_str_append(out, word, 1);
    }
    sb_str_puts(out, "'");
}

void sb_origin_command(const char *const *inputs, size_t num_inputs,
                       const struct sb_origin_option *options, size_t num_options,
                       struct sb_str *out)
{
    sb_str_puts(out, "spinebench report");
    for (size_t i = 0; i < num_inputs; i++)
        put_word(sb_path_base(inputs[i]), out);
    for (size_t i = 0; i < num_options; i++) {
        put_word(options[i].name, out);
        if (options[i].value)
            put_word(options[i].value, out);
    }
}

void sb_origin_records_text(const struct sb_origin *origin, struct sb_str *out)
{
    if (origin->records)
        sb_str_printf(out, "Records: %s", origin->records);
    if (origin->records && origin->runs)
        sb_str_printf(out, "; %s", origin->runs);
}

void sb_origin_text(const struct sb_origin *origin, const char *format, struct sb_str *out)
{
    const char *const parts[] = {origin->records, origin->runs, origin->command};
    bool any = false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i])
            sb_str_printf(out, "%s%s", any ? "; " : "", parts[i]);
        any = any || parts[i];
    }
    if (origin->command && format)
        sb_str_printf(out, " --format %s", format);
}
