/* The engine as commands take it: which one, on how many threads, with which instruction sets. */
#ifndef SB_CLI_ENGINE_CHOICE_H
#define SB_CLI_ENGINE_CHOICE_H

#include "base/error.h"
#include "bench/tuning.h"
#include "cli/options.h"
#include "engine/plan.h"

#include <stdbool.h>
#include <stdint.h>

/* All members 0 or NULL: defaults. */
struct sb_engine_choice {
    const char *engine; /* --engine */
    const char *cpu;    /* --cpu-mask */
    int64_t threads;    /* --threads */
    bool low_memory;    /* --low-memory */
    const char *tuning; /* --tune */
};

/* The options, for a command's table. */
#define SB_OPT_ENGINE(choice)                                                                      \
    SB_OPT_INT("threads", 't', "N", "threads of the network (default: all CPUs)",                  \
               &(choice)->threads, 1, 1024),                                                       \
        SB_OPT_STRING("engine", 0, "NAME",                                                         \
                      "native, native-bf16 or openblas (default: native with AVX2)",               \
                      &(choice)->engine),                                                          \
        SB_OPT_STRING("cpu-mask", 0, "LEVEL", "native engine: portable, avx2 or avx512",           \
                      &(choice)->cpu),                                                             \
        SB_OPT_FLAG("low-memory", 0, "native engine: smaller packed weights, slower",              \
                    &(choice)->low_memory)
/* For commands that call sb_engine_tune(). */
#define SB_OPT_TUNE(choice)                                                                        \
    SB_OPT_STRING("tune", 0, "FILE",                                                               \
                  "kernels as FILE has them; measured and written there if there is none",         \
                  &(choice)->tuning)

/* SB_EINVAL where options are given, or are not NULL, that are of native engines alone; `native`:
 * one of them runs. */
int sb_engine_check_native(bool native, const char *cpu, bool low_memory, struct sb_error *err);
/* Sets what was given; SB_EINVAL or SB_EUNSUPPORTED for names that do not exist here and for
 * options of another engine. */
int sb_engine_choose(const struct sb_engine_choice *choice, struct sb_plan_options *options,
                     struct sb_error *err);
/* Kernels for --tune; harmless without it. `tuning` must live until the plan is made and be
 * released with sb_tuning_release(). Says on stderr what was chosen, unless quiet. */
int sb_engine_tune(const struct sb_engine_choice *choice, const struct sb_model *model,
                   const struct sb_weights *weights, bool quiet, struct sb_tuning *tuning,
                   struct sb_plan_options *options, struct sb_error *err);
/* What the file of --tune chose and gained, on stderr; nothing when path is NULL or quiet. */
int sb_tuning_print(const char *path, bool quiet, struct sb_error *err);

#endif
