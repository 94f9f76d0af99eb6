/* Weights from a file or a seed. See model_weights.h. */
#include "cli/model_weights.h"

#include "models/zoo.h"

#include <stdio.h>

int sb_weights_choose(const struct sb_weights_choice *choice, const struct sb_model *model,
                      struct sb_weights *out, struct sb_error *err)
{
    const bool seeded = choice->seed != SB_NO_SEED;
    if (!choice->path && !seeded && sb_zoo_weights(model->name)) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", SB_EMBEDDED_WEIGHTS, model->name);
        return sb_weights_load(out, model->graph, path, NULL, err);
    }
    if (!choice->path && !seeded) {
        sb_error_set(err, SB_EINVAL, "no weights");
        return sb_error_hint(err, "--weights FILE, or --weights-seed N for random ones");
    }
    if (choice->path && seeded)
        return sb_error_set(err, SB_EINVAL, "--weights and --weights-seed exclude each other");
    if (seeded)
        return sb_weights_seeded(out, model->graph, (uint64_t)choice->seed, err);
    const struct sb_bind_options options = {.use_ema = choice->ema};
    return sb_weights_load(out, model->graph, choice->path, &options, err);
}
