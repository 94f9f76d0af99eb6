/*
 * Which variable of a published checkpoint holds which weight slot. The maps are data,
 * the files of models/names/, compiled into the program:
 *
 *     {"applies_to": "backbone/block{n}/repeat{r}/conv{k}/conv",
 *      "scopes": ["spinenet"],
 *      "rules": [{"layers": ["backbone/block{n}/repeat{r}/conv{k}/conv"],
 *                 "variable": "{scope}/sub_policy{n-2}/scale_permuted_block_{n}/conv2d#"}, ...]}
 *
 * A map is used for graphs that have a layer of the pattern `applies_to` (models/pattern.h);
 * without one for all. A slot "LAYER/kernel" belongs to the first rule with a pattern that fits
 * LAYER; its variable is the rule's, and "/kernel" (or what the rule has under the member "kernel":
 * "bias", "gamma" and so on alike). {scope} is the first of `scopes` that the weight file has
 * variables in.
 *
 * '#' numbers automatically, as TensorFlow does for layers without a name: the first layer whose
 * variable has the same text before the '#' gets nothing, the next ones _1, _2, ... Layers are
 * taken in the graph's order, which is the published code's order of creation within each scope.
 */
#ifndef SB_MODELS_NAME_MAP_H
#define SB_MODELS_NAME_MAP_H

#include "base/error.h"
#include "models/graph.h"
#include "models/tensors.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_name_map {
    size_t count; /* slots of the graph */
    char **names; /* of each slot's variable; NULL where none was ever published; owned */
};

/* file, which may be NULL, only decides between scopes. Release also after a failure. */
int sb_name_map_build(struct sb_name_map *map, const struct sb_graph *graph,
                      const struct sb_tensors *file, struct sb_error *err);
void sb_name_map_release(struct sb_name_map *map);

/* What training leaves in checkpoints beside the weights (models/names/training.json). */
struct sb_training_names {
    char average[64]; /* suffix of exponential moving averages */
    char **leftovers; /* patterns: step counters, optimizer slots */
    size_t num_leftovers;
};
int sb_training_names_load(struct sb_training_names *names, struct sb_error *err);
void sb_training_names_release(struct sb_training_names *names);
bool sb_is_leftover(const struct sb_training_names *names, const char *variable);

#endif
