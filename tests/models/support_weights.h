/* Small models, and their weights as a published checkpoint, for tests of weight files. */
#ifndef SB_TESTS_MODELS_SUPPORT_WEIGHTS_H
#define SB_TESTS_MODELS_SUPPORT_WEIGHTS_H

#include "models/model.h"
#include "models/weights.h"
#include "tests/models/support_bundle.h"

/* RetinaNet with SpineNet-49 at the smallest widths. Free with sb_model_free(). */
struct sb_model *small_spinenet(void);
/* RetinaNet with ResNet-50-FPN at the smallest widths. */
struct sb_model *small_resnet(void);
/* A model from the text of a spec; fails the test when it does not build. */
struct sb_model *model_of_spec(const char *json);

/* Adds every slot's values under its published name and layout, and global_step. */
void bundle_add_weights(struct bundle_writer *w, const struct sb_graph *graph,
                        const struct sb_weights *weights);

#endif
