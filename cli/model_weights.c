/* Weights from a file or a seed. See model_weights.h. */
#include "cli/model_weights.h"

#include "models/zoo.h"

#include <stdio.h>

bool sb_weights_built_in(const struct sb_model *model)
{
    return model->in_zoo && sb_zoo_weights(model->name);
}

static int load_built_in(const struct sb_model *model, struct sb_weights *out, struct sb_error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s%s", SB_EMBEDDED_WEIGHTS, model->name);
    const int rc = sb_weights_load(out, model->graph, path, NULL, err);
    if (rc == SB_EFORMAT) /* very small maps are resampled in fewer steps, by other layers */
        sb_error_hint(err,
                      "the program's weights are for the model's own size, this is %dx%d; "
                      "--weights FILE or --weights-seed N go with any",
                      model->image_w, model->image_h);
    return rc;
}

static int no_weights(const struct sb_model *model, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "no weights");
    if (sb_zoo_weights(model->name))
        return sb_error_hint(err,
                             "--weights FILE, or --weights-seed N for random ones; "
                             "--weights %s%s takes those of the program's own model",
                             SB_EMBEDDED_WEIGHTS, model->name);
    return sb_error_hint(err, "--weights FILE, or --weights-seed N for random ones");
}

int sb_weights_choose(const struct sb_weights_choice *choice, const struct sb_model *model,
                      struct sb_weights *out, struct sb_error *err)
{
    const bool seeded = choice->seed != SB_NO_SEED;
    if (!choice->path && !seeded)
        return sb_weights_built_in(model) ? load_built_in(model, out, err) : no_weights(model, err);
    if (choice->path && seeded)
        return sb_error_set(err, SB_EINVAL, "--weights and --weights-seed exclude each other");
    if (seeded)
        return sb_weights_seeded(out, model->graph, (uint64_t)choice->seed, err);
    const struct sb_bind_options options = {.use_ema = choice->ema};
    return sb_weights_load(out, model->graph, choice->path, &options, err);
}
