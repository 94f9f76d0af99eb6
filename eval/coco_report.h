/* An evaluation as JSON and as NumPy arrays. */
#ifndef SB_EVAL_COCO_REPORT_H
#define SB_EVAL_COCO_REPORT_H

#include "base/json.h"
#include "base/npy.h"
#include "eval/coco_categories.h"
#include "eval/coco_summary.h"
#include "eval/warnings.h"

/* Writes the members "stats": [...], "params": {...}, "warnings": [...], "per_category": [...] into
 * the open object, categories in the order of the list. */
void sb_coco_report_members(const struct sb_coco_eval *eval, const struct sb_coco_summary *summary,
                            const struct sb_coco_gt *gt, const struct sb_category_list *categories,
                            const struct sb_warnings *warnings, struct sb_jw *w);

enum sb_eval_array { SB_ARRAY_PRECISION, SB_ARRAY_SCORES, SB_ARRAY_RECALL };

/* One of pycocotools' arrays: (T, R, K, A, M) float64, recall (T, K, A, M), of lvis-api without M;
 * -1 where there is no object. eval must have SB_EVAL_ARRAYS. Release with sb_npy_release(). */
int sb_coco_eval_array(const struct sb_coco_eval *eval, enum sb_eval_array which,
                       struct sb_npy *out, struct sb_error *err);
/* precision.npy, scores.npy and recall.npy in folder dir, which is created. */
int sb_coco_dump_arrays(const struct sb_coco_eval *eval, const char *dir, struct sb_error *err);

#endif
