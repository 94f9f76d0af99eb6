/*
 * What a reader of the numbers should know: the rules (rules.h) that the data met, how often, and
 * the unknown ids by name.
 *
 *     struct sb_warnings w = {.rules = params.rules};
 *     sb_warnings_add_gt(&w, &gt);
 *     sb_warnings_add_dt(&w, &dt);
 *     sb_notes_add(&w.notes, &eval.notes);
 *     sb_warnings_text(&w, false, &out);
 */
#ifndef SB_EVAL_WARNINGS_H
#define SB_EVAL_WARNINGS_H

#include "base/json.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"

#include <stdbool.h>

struct sb_warnings {
    const uint8_t *rules; /* the chosen value of each; borrowed */
    struct sb_notes notes;
    /* ids that nobody lists; borrowed, NULL = none */
    const struct sb_unknown_names *objects_images, *objects_categories; /* of the annotations */
    const struct sb_unknown_names *results_images, *results_categories;
};

void sb_warnings_add_gt(struct sb_warnings *w, const struct sb_coco_gt *gt);
void sb_warnings_add_dt(struct sb_warnings *w, const struct sb_coco_dt *dt);

/* Appends a line per rule, "COUNT NOTE (or --OPTION OTHERS)". Those that ordinary data meets are
 * counted in one line at the end unless `all`. */
void sb_warnings_text(const struct sb_warnings *w, bool all, struct sb_str *out);
/* Member "warnings" of the open object: an array of {"rule", "value", "count", "text"}, all of
 * them. */
void sb_warnings_json(const struct sb_warnings *w, struct sb_jw *json);

#endif
