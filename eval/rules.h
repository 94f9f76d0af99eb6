/*
 * Rules for data where evaluation tools surprise. Each has the behaviour of pycocotools as value 0,
 * a command-line option with the other behaviours, and a count of what the data holds that the rule
 * touches, so that nobody is surprised unawares. A metric of another tool starts from that tool's
 * values.
 */
#ifndef SB_EVAL_RULES_H
#define SB_EVAL_RULES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum sb_rule {
    SB_RULE_ID_ZERO,
    SB_RULE_REPEATED_IDS,
    SB_RULE_IGNORE_FLAG,
    SB_RULE_CROWD,
    SB_RULE_MISSING_FIELDS,
    SB_RULE_UNKNOWN_OBJECTS,
    SB_RULE_UNKNOWN_IMAGES,
    SB_RULE_UNKNOWN_CATS,
    SB_RULE_EMPTY_RESULTS,
    SB_RULE_GT_AREA,
    SB_RULE_DET_AREA,
    SB_RULE_KEYPOINT_AREA,
    SB_RULE_EMPTY_AREAS,
    SB_RULE_AREA_BOUNDS,
    SB_RULE_SCOPE,
    SB_RULE_TIE,
    SB_RULE_RLE_COMPAT,
    SB_RULE_SHORT_POLYGONS,
    SB_RULE_RESULT_MASKS,
    SB_RULE_UNLABELLED,
    SB_RULE_NO_CATS_OKS,
    SB_RULE_EPS,
    SB_RULE_AP_POINTS,
    SB_RULE_SUMMARY_MAXDETS,
    SB_RULES
};

/* Values, in the order of the option's words. */
enum { SB_ID_ZERO_MISS, SB_ID_ZERO_MATCH, SB_ID_ZERO_NEGATIVE };
enum { SB_REPEATED_LAST, SB_REPEATED_EACH };
enum { SB_IGNORE_CROWD, SB_IGNORE_EITHER };
enum { SB_CROWD_IGNORE, SB_CROWD_OFF };
enum { SB_MISSING_ERROR, SB_MISSING_FILL };
enum { SB_UNKNOWN_OBJECTS_DROP, SB_UNKNOWN_OBJECTS_ERROR };
enum { SB_UNKNOWN_IMAGES_ERROR, SB_UNKNOWN_IMAGES_DROP };
enum { SB_UNKNOWN_CATS_DROP, SB_UNKNOWN_CATS_ERROR };
enum { SB_EMPTY_RESULTS_ERROR, SB_EMPTY_RESULTS_ZEROS };
enum { SB_GT_AREA_FILE, SB_GT_AREA_BOX, SB_GT_AREA_MASK, SB_GT_AREA_PERSON };
enum { SB_DET_AREA_BOX, SB_DET_AREA_MASK };
enum { SB_KEYPOINT_AREA_ALL, SB_KEYPOINT_AREA_VISIBLE };
enum { SB_EMPTY_AREAS_KEEP, SB_EMPTY_AREAS_DROP };
enum { SB_BOUNDS_CLOSED, SB_BOUNDS_HALF_OPEN };
enum { SB_SCOPE_CLASS, SB_SCOPE_IMAGE };
enum { SB_TIE_LAST, SB_TIE_FIRST };
enum { SB_RLE_STOP, SB_RLE_EXACT };
enum { SB_SHORT_POLYGONS_ERROR, SB_SHORT_POLYGONS_EMPTY };
enum { SB_RESULT_MASKS_CODES, SB_RESULT_MASKS_ANY };
enum { SB_UNLABELLED_KEEP, SB_UNLABELLED_DROP };
enum { SB_NO_CATS_OKS_NONE, SB_NO_CATS_OKS_ALL };
enum { SB_EPS_ADD, SB_EPS_NONE };
enum { SB_AP_POINTS_101, SB_AP_POINTS_11, SB_AP_POINTS_HUNDREDTHS, SB_AP_POINTS_ALL };
enum { SB_SUMMARY_FIXED, SB_SUMMARY_LARGEST };

#define SB_RULE_VALUES 4

struct sb_rule_row {
    const char *option;                 /* without dashes */
    const char *values[SB_RULE_VALUES]; /* words; NULL behind the last */
    const char *help;                   /* of the option: at most one line */
    const char *note[SB_RULE_VALUES];   /* what a value does to the data it touches, for one and
                                           for many: "{object has|objects have} id 0 and count as
                                           missed"; NULL = nothing to say */
    bool usual;                         /* ordinary data meets it: no cause for alarm */
};

/* What the data holds that rules touch: a count per rule. Notes of parts add up. */
struct sb_notes {
    int64_t count[SB_RULES];
};

const struct sb_rule_row *sb_rule_row(enum sb_rule rule);
/* Sets *value to the index of the word; SB_EINVAL names the words there are. */
int sb_rule_parse(enum sb_rule rule, const char *word, uint8_t *value, struct sb_error *err);
void sb_notes_add(struct sb_notes *sum, const struct sb_notes *part);

#endif
