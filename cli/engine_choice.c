/* From the choice to options of a plan. See engine_choice.h. */
#include "cli/engine_choice.h"

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
    return rc;
}
