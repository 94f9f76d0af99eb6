/*
 * Specs as documents. A spec is a JSON object; where it has "base": NAME it starts as a copy of
 * that spec and its own members are laid over it: objects member by member, everything else as a
 * whole, null removes. "backbone" is always replaced as a whole; it is a name or an object, which
 * may have its own "base". NAME is a zoo name, or a path that ends in .json, relative to the folder
 * of the file that says it.
 *
 * The typed reading of the merged document is model_spec.h.
 */
#ifndef SB_MODELS_SPEC_H
#define SB_MODELS_SPEC_H

#include "base/error.h"
#include "base/json.h"

#include <stddef.h>

#define SB_SPEC_MAX_LAYERS 16

/* One of the files that a spec is made of. */
struct sb_spec_layer {
    char *path; /* file, or "zoo:NAME.json", owned */
    char *text; /* owned */
    size_t length;
    cJSON *doc;         /* owned */
    const char *prefix; /* where its root lands in the merged document: "" or "/backbone" */
};

struct sb_spec {
    cJSON *doc; /* merged, "backbone" resolved to an object, "base" gone; owned */
    struct sb_spec_layer layers[SB_SPEC_MAX_LAYERS]; /* the file asked for first */
    size_t num_layers;
};

/* Reads name_or_path and everything it is based on. Release also after a failure. */
int sb_spec_open(struct sb_spec *spec, const char *name_or_path, struct sb_error *err);
void sb_spec_release(struct sb_spec *spec);

/* The merged document; errors found in it name the file asked for until sb_spec_locate(). */
struct sb_json sb_spec_root(const struct sb_spec *spec);

/* SB_EFORMAT with a message of its own at a place of the spec. */
int sb_spec_fail(const struct sb_json *at, struct sb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Moves an error with a pointer into the merged document to the file, line and column where the
 * value really stands. Returns the error's code. */
int sb_spec_locate(const struct sb_spec *spec, struct sb_error *err);

#endif
