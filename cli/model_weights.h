/* Weights as commands take them: from a file, or drawn from a seed for timing without one. */
#ifndef SB_CLI_MODEL_WEIGHTS_H
#define SB_CLI_MODEL_WEIGHTS_H

#include "base/error.h"
#include "cli/options.h"
#include "models/model.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stdint.h>

struct sb_weights_choice {
    const char *path; /* --weights, or NULL */
    int64_t seed;     /* --weights-seed, or SB_NO_SEED */
    bool ema;         /* --ema */
};

#define SB_NO_SEED (-1)

/* The options, for a command's table. */
#define SB_OPT_WEIGHTS(choice)                                                                     \
    SB_OPT_STRING("weights", 0, "FILE",                                                            \
                  "TensorFlow checkpoint (prefix, .index or folder), .safetensors or .onnx",       \
                  &(choice)->path),                                                                \
        SB_OPT_INT("weights-seed", 0, "N", "seeded random weights instead of a file",              \
                   &(choice)->seed, 0, INT64_MAX),                                                 \
        SB_OPT_FLAG("ema", 0, "the moving averages that a training checkpoint holds",              \
                    &(choice)->ema),                                                               \
        SB_OPT_NEEDS("ema", "weights")

/* Whether trained weights are compiled in for the model. They are of a network, so a user's spec of
 * the same name has none. */
bool sb_weights_built_in(const struct sb_model *model);

/* Loads or draws; with neither file nor seed, takes the weights that are compiled in for the model,
 * SB_EINVAL if there are none. SB_EINVAL for both. */
int sb_weights_choose(const struct sb_weights_choice *choice, const struct sb_model *model,
                      struct sb_weights *out, struct sb_error *err);

#endif
