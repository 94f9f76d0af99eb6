/* An evaluation as JSON and as NumPy arrays. */
#ifndef SB_EVAL_COCO_REPORT_H
#define SB_EVAL_COCO_REPORT_H

#include "base/json.h"
#include "eval/coco_summary.h"

/* Writes the object {"stats": [...], "params": {...}, "per_category": [...]} as member `key`. */
void sb_coco_report_json(const struct sb_coco_eval *eval, const struct sb_coco_summary *summary,
                         const struct sb_coco_gt *gt, struct sb_jw *w, const char *key);
/* precision.npy and scores.npy (T, R, K, A, M) and recall.npy (T, K, A, M), -1 where there is no
 * object, in folder dir, which is created. eval must have SB_EVAL_ARRAYS. */
int sb_coco_dump_arrays(const struct sb_coco_eval *eval, const char *dir, struct sb_error *err);

#endif
