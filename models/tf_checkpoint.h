/* Finding a TensorFlow checkpoint from what a user names. */
#ifndef SB_MODELS_TF_CHECKPOINT_H
#define SB_MODELS_TF_CHECKPOINT_H

#include "base/error.h"

/*
 * The prefix of a checkpoint: "d/model.ckpt" for d/model.ckpt.index and d/model.ckpt.data-....
 * path may be that prefix, the .index file, one of the .data files, or a folder: then the one that
 * its `checkpoint` file names, else the only one in it, else that of its "variables" folder (as in
 * a SavedModel). *prefix is freed with sb_free(). SB_ENOTFOUND when nothing is there or several
 * are.
 */
int sb_tf_checkpoint_prefix(const char *path, char **prefix, struct sb_error *err);

#endif
