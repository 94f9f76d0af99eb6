/* Runs over images. See image_run.h. */
#include "cli/image_run.h"

#include "base/build.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "datasets/merge_results.h"
#include "datasets/results_part.h"
#include "engine/plan.h"
#include "models/weights_shared.h"

#include <stdio.h>
#include <string.h>

#define MAX_LOADERS   4
#define SHOWN_MISSING 5 /* missing images that are named */

void sb_image_run_defaults(struct sb_image_run *run, const char *command)
{
    memset(run, 0, sizeof(*run));
    run->command = command;
    run->choice = (struct sb_weights_choice){NULL, SB_NO_SEED, false};
    sb_plan_options_defaults(&run->plan);
    run->shard_index = run->shards = 1;
}

void sb_image_run_release(struct sb_image_run *run)
{
    sb_packed_free(&run->plan.packed);
    sb_free(run->shares);
    sb_weights_release(&run->weights);
    sb_shared_free(&run->shared);
    sb_model_free(&run->model);
    sb_str_release(&run->identity);
    sb_str_release(&run->settings);
}

int sb_image_run_load(struct sb_image_run *run, const char *name, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_cli_ranks();
    const struct sb_model_options options = {.size = (int)run->size, .batch = 1};
    run->model = sb_model_open(name, &options, err);
    int rc = run->model ? 0 : err->code;
    if (rc == 0 && run->model->task == SB_TASK_BACKBONE) {
        rc = sb_error_set(err, SB_EINVAL, "model '%s' is a backbone without a head",
                          run->model->name);
        sb_error_hint(err, "'spinebench models' lists detectors and classifiers");
    }
    if (rc == 0)
        rc = sb_engine_choose(&run->engine, &run->plan, err);
    if (rc == 0 && sb_ranks_first_of_machine(ranks))
        rc = sb_weights_choose(&run->choice, run->model, &run->weights, err);
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc == 0)
        rc = sb_weights_share(&run->weights, run->model->graph, ranks, &run->shared, err);
    if (rc == 0) {
        run->plan.packed = sb_packed_new(ranks, err);
        rc = sb_ranks_agree(ranks, run->plan.packed ? 0 : SB_ENOMEM, err);
    }
    return rc;
}

int sb_image_run_shard(struct sb_image_run *run, const struct sb_image_list *whole,
                       struct sb_error *err)
{
    run->whole_images = whole->count;
    run->whole_list = sb_image_list_digest(whole);
    return run->shard ? sb_shard_parse(run->shard, &run->shard_index, &run->shards, err) : 0;
}

/* A 64-bit number as 16 hex digits, since JSON numbers do not hold it. */
static void put_hex(struct sb_jw *w, const char *key, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
    sb_jw_string(w, key, text);
}

void sb_image_run_describe(struct sb_image_run *run)
{
    struct sb_jw *const w = &run->writer;
    sb_jw_init(w, &run->identity, 0);
    sb_jw_object(w, NULL);
    sb_jw_string(w, "version", sb_build.version);
    sb_jw_string(w, "commit", sb_build.commit);
    sb_jw_string(w, "model", run->model->name);
    put_hex(w, "weights", run->weights.digest);
    sb_jw_string(w, "engine",
                 sb_engine_label(run->plan.engine, run->plan.cpu, run->plan.low_memory));
    sb_jw_int(w, "height", run->model->image_h);
    sb_jw_int(w, "width", run->model->image_w);
    sb_jw_bool(w, "exif", run->exif);
}

int sb_image_run_agree(struct sb_image_run *run, const struct sb_image_list *list,
                       const char *list_path, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_cli_ranks();
    const uint64_t digest = sb_image_list_digest(list);
    const char *const weights = run->choice.path ? run->choice.path : "";
    struct sb_jw w;
    sb_jw_end(&run->writer);
    sb_jw_init(&w, &run->settings, 0);
    sb_jw_object(&w, NULL);
    sb_jw_uint(&w, "images", list->count);
    put_hex(&w, "list", digest);
    sb_str_printf(&run->settings, ", \"run\": %s}", sb_str_text(&run->identity));
    int rc = 0;
    if (run->identity.failed || run->settings.failed)
        rc = sb_error_nomem(err, "the settings", run->settings.length);
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc == 0)
        rc = sb_ranks_same(ranks, run->weights.digest, "the weights", weights, err);
    if (rc == 0)
        rc = sb_ranks_same(ranks, digest, "the list of images", list_path ? list_path : "", err);
    if (rc == 0)
        rc = sb_ranks_same(ranks, sb_fnv1a(SB_FNV_START, run->identity.data, run->identity.length),
                           "the program or the model's spec", run->model->name, err);
    return rc;
}

void sb_image_run_warn_missing(const struct sb_image_run *run, const struct sb_image_list *list)
{
    struct sb_str names = SB_STR_INIT;
    size_t missing = 0;
    for (size_t i = 0; sb_image_run_prints() && i < list->count; i++) {
        const char *const path = list->items[i].path;
        if (sb_is_file(path) || sb_is_dir(path))
            continue;
        if (missing++ < SHOWN_MISSING)
            sb_str_printf(&names, "%s%s", names.length ? ", " : "", path);
    }
    if (missing > 1)
        fprintf(stderr, "spinebench %s: %zu of %zu images are missing: %s%s\n", run->command,
                missing, list->count, sb_str_text(&names), missing > SHOWN_MISSING ? ", ..." : "");
    if (missing > 1 && missing == list->count)
        fprintf(stderr, "hint: is --images the folder that the names in the list start from?\n");
    sb_str_release(&names);
}

/* "spinebench COMMAND: WHAT: FILE: ..." */
static void report(const struct sb_image_run *run, const char *what, const struct sb_error *err)
{
    char command[64];
    snprintf(command, sizeof(command), "%s: %s", run->command, what);
    sb_cli_error(command, err);
}

static void report_broken(void *ctx, const struct sb_error *err)
{
    report(ctx, "skipped", err);
}

static void report_damaged(void *ctx, const struct sb_error *err)
{
    report(ctx, "note", err);
}

struct sb_pipeline_options sb_image_run_pipeline(struct sb_image_run *run,
                                                 const struct sb_image_list *list,
                                                 struct sb_progress *progress)
{
    const int cpus = run->plan.threads;
    return (struct sb_pipeline_options){.ranks = sb_cli_ranks(),
                                        .list = list,
                                        .results = run->output,
                                        .settings = sb_str_text(&run->settings),
                                        .resume = run->resume,
                                        .skip_broken = run->skip_broken,
                                        .loaders = cpus < MAX_LOADERS ? cpus : MAX_LOADERS,
                                        .progress = progress,
                                        .on_broken = report_broken,
                                        .on_damaged = report_damaged,
                                        .ctx = run};
}

int sb_image_run_finish(struct sb_image_run *run, const struct sb_pipeline_summary *summary,
                        struct sb_error *err)
{
    const size_t ranks = (size_t)sb_ranks_count(sb_cli_ranks());
    int rc = 0;
    const struct sb_results_part part = {.shard = run->shard_index,
                                         .shards = run->shards,
                                         .images = run->whole_images,
                                         .list = run->whole_list,
                                         .run = sb_str_text(&run->identity)};
    if (run->shard && sb_image_run_prints())
        rc = sb_results_part_write(run->output, &part, err);
    run->shares = sb_calloc(ranks, sizeof(*run->shares), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (rc == 0 && !run->shares)
        rc = sb_error_nomem(err, "the summary", ranks * sizeof(*run->shares));
    rc = sb_ranks_agree(sb_cli_ranks(), rc, err);
    if (rc == 0)
        sb_ranks_gather(sb_cli_ranks(), &summary->own, sizeof(summary->own), run->shares);
    return rc;
}

static int merge_parts(const struct sb_image_run *run, const struct sb_arguments *args, bool array,
                       struct sb_error *err)
{
    uint64_t results = 0;
    const char **const paths = sb_calloc(args->count, sizeof(*paths), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!paths)
        return sb_error_nomem(err, "file names", args->count * sizeof(*paths));
    memcpy(paths, args->words, args->count * sizeof(*paths));
    int rc = sb_results_parts_order(paths, args->count, err);
    if (rc == 0)
        rc = array ? sb_results_merge(paths, args->count, run->output, &results, err)
                   : sb_result_lines_merge(paths, args->count, run->output, &results, err);
    if (rc == 0)
        printf("%s: %llu result%s of %zu part%s\n", run->output, (unsigned long long)results,
               sb_plural(results), args->count, sb_plural(args->count));
    sb_free(paths);
    return rc;
}

int sb_image_run_merge(const struct sb_image_run *run, const struct sb_arguments *args, bool array,
                       struct sb_error *err)
{
    const int rc = sb_image_run_prints() ? merge_parts(run, args, array, err) : 0;
    return sb_ranks_agree(sb_cli_ranks(), rc, err);
}

bool sb_image_run_prints(void)
{
    return sb_ranks_rank(sb_cli_ranks()) == 0;
}

static double rate(const struct sb_pipeline_summary *s)
{
    const size_t broken_or_not = s->images + s->broken;
    return (double)(broken_or_not - s->resumed) * 1e9 / (double)s->elapsed_ns;
}

void sb_image_run_print(const struct sb_image_run *run, const struct sb_pipeline_summary *s,
                        const char *untrained)
{
    const int ranks = sb_ranks_count(sb_cli_ranks());
    printf("%zu image%s", s->images, sb_plural(s->images));
    if (s->broken)
        printf(", %zu broken left out", s->broken);
    if (s->resumed)
        printf(" (%zu from before)", s->resumed);
    printf("; %.2f images/s\n", rate(s));
    for (int i = 0; ranks > 1 && i < ranks; i++) {
        const struct sb_pipeline_share *const share = &run->shares[i];
        printf(
            "  rank %d on %s: %llu image%s, busy %.0f %%, in the network %.0f %%, sent %.1f kB\n",
            i, sb_ranks_host(sb_cli_ranks(), i), (unsigned long long)share->images,
            sb_plural(share->images), 100.0 * (double)share->busy_ns / (double)s->elapsed_ns,
            100.0 * (double)share->work_ns / (double)s->elapsed_ns, (double)share->sent / 1e3);
    }
    if (run->choice.seed != SB_NO_SEED)
        printf("the weights are untrained (%s): %s mean nothing\n", run->weights.source, untrained);
}

void sb_image_run_json(const struct sb_image_run *run, const struct sb_pipeline_summary *s,
                       const char *results_key, struct sb_jw *w)
{
    const int ranks = sb_ranks_count(sb_cli_ranks());
    sb_jw_string(w, "model", run->model->name);
    sb_jw_string(w, "weights", run->weights.source);
    sb_jw_string(w, results_key, run->output);
    sb_jw_uint(w, "images", s->images);
    sb_jw_uint(w, "resumed", s->resumed);
    sb_jw_uint(w, "broken", s->broken);
    sb_jw_double(w, "seconds", (double)s->elapsed_ns / 1e9);
    sb_jw_double(w, "images_per_second", rate(s));
    sb_jw_double(w, "network_share", (double)s->work_ns / ((double)s->elapsed_ns * ranks));
    sb_jw_array(w, "ranks");
    for (int i = 0; i < ranks; i++) {
        const struct sb_pipeline_share *const share = &run->shares[i];
        sb_jw_object(w, NULL);
        sb_jw_string(w, "host", sb_ranks_host(sb_cli_ranks(), i));
        sb_jw_uint(w, "images", share->images);
        sb_jw_double(w, "busy_share", (double)share->busy_ns / (double)s->elapsed_ns);
        sb_jw_double(w, "network_share", (double)share->work_ns / (double)s->elapsed_ns);
        sb_jw_uint(w, "bytes_sent", share->sent);
        sb_jw_end(w);
    }
    sb_jw_end(w);
}
