/* From the choice to options of a plan. See engine_choice.h. */
#include "cli/engine_choice.h"

#include <stdio.h>

int sb_engine_check_native(bool native, const char *cpu, bool low_memory, struct sb_error *err)
{
    if (native || (!cpu && !low_memory))
        return 0;
    sb_error_set(err, SB_EINVAL, "--%s means nothing for the openblas engine",
                 cpu ? "cpu-mask" : "low-memory");
    return sb_error_hint(err, "add --engine native, or leave it out");
}

int sb_engine_choose(const struct sb_engine_choice *choice, struct sb_plan_options *options,
                     struct sb_error *err)
{
    int rc = 0;
    if (choice->threads > 0)
        options->threads = (int)choice->threads;
    options->low_memory = choice->low_memory;
    if (choice->engine)
        rc = sb_engine_parse(choice->engine, &options->engine, err);
    if (rc == 0 && choice->cpu)
        rc = sb_cpu_parse(choice->cpu, &options->cpu, err);
    if (rc == 0)
        rc = sb_engine_check_native(options->engine != SB_ENGINE_OPENBLAS, choice->cpu,
                                    choice->low_memory, err);
    return rc;
}

int sb_engine_tune(const struct sb_engine_choice *choice, const struct sb_model *model,
                   const struct sb_weights *weights, bool quiet, struct sb_tuning *tuning,
                   struct sb_plan_options *options, struct sb_error *err)
{
    *tuning = (struct sb_tuning){0};
    if (!choice->tuning)
        return 0;
    struct sb_progress progress;
    sb_progress_start(&progress, "tuning", "runs", 0, quiet);
    const int rc = sb_tuning_open(tuning, choice->tuning, model, weights, options, &progress, err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    options->choices = &tuning->choices;
    return sb_tuning_print(choice->tuning, quiet, err);
}

int sb_tuning_print(const char *path, bool quiet, struct sb_error *err)
{
    if (!path || quiet)
        return 0;
    struct sb_str text = SB_STR_INIT;
    int rc = sb_tuning_describe(path, &text, err);
    if (rc == 0 && text.failed)
        rc = sb_error_nomem(err, "a line", text.length);
    if (rc == 0)
        fputs(sb_str_text(&text), stderr);
    sb_str_release(&text);
    return rc;
}
