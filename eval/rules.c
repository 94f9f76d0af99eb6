/* The table of rules. See rules.h. */
#include "eval/rules.h"

#include "base/str.h"

#include <string.h>

static const struct sb_rule_row rows[SB_RULES] = {
    [SB_RULE_ID_ZERO] =
        {"id-zero",
         {"miss", "match", "negative"},
         "objects with id 0: hits on them count as misses; match; negative: ids "
         "below 0 miss",
         {"{object has|objects have} id 0: detections that hit {it|them} count as misses", NULL,
          "{object has|objects have} a negative id: detections that hit {it|them} "
          "count as misses"}},
    [SB_RULE_REPEATED_IDS] = {"repeated-ids",
                              {"last", "each"},
                              "annotations that share an id: the last stands for all; each",
                              {"{annotation has|annotations have} the id of a later one, which "
                               "stands in for {it|them}",
                               "{annotation shares|annotations share} an id with a later one and "
                               "{is|are} kept"}},
    [SB_RULE_IGNORE_FLAG] = {"ignore-flag",
                             {"crowd", "either"},
                             "ignored objects: those with iscrowd; either: with ignore, too",
                             {"{object has|objects have} 'ignore' set, which iscrowd overwrites",
                              NULL}},
    [SB_RULE_CROWD] = {"crowd",
                       {"ignore", "off"},
                       "iscrowd: ignored and matched again and again; off: as any object",
                       {"{object is a crowd|objects are crowds}: ignored, matched by any number of "
                        "detections, and the overlap is over the detection's area",
                        "{object is a crowd and counts|objects are crowds and count} as any other"},
                       true},
    [SB_RULE_MISSING_FIELDS] = {"missing-fields",
                                {"error", "fill"},
                                "objects without iscrowd or area: an error; fill: 0, and computed",
                                {NULL, "{field of an object was|fields of objects were} missing: "
                                       "iscrowd became 0, area was computed, keypoints were "
                                       "counted"}},
    [SB_RULE_UNKNOWN_OBJECTS] = {"unknown-objects",
                                 {"drop", "error"},
                                 "objects whose image or category the file does not list: drop; "
                                 "error",
                                 {"{object belongs to an image or category|objects belong to "
                                  "images or categories} that the file does not list, and {is|are} "
                                  "left out",
                                  NULL}},
    [SB_RULE_UNKNOWN_IMAGES] = {"unknown-images",
                                {"error", "drop"},
                                "results of images without ground truth: an error; drop",
                                {NULL,
                                 "{result belongs|results belong} to unknown images and {is|are} "
                                 "left out"}},
    [SB_RULE_UNKNOWN_CATS] =
        {"unknown-cats",
         {"drop", "error"},
         "results of categories without ground truth: drop; error",
         {"{result belongs|results belong} to unknown categories and {is|are} left "
          "out",
          NULL}},
    [SB_RULE_EMPTY_RESULTS] = {"empty-results",
                               {"error", "zeros"},
                               "an empty list of results: an error; zeros",
                               {NULL, "list of results is empty: everything is missed"}},
    [SB_RULE_GT_AREA] =
        {"gt-area",
         {"file", "box", "mask", "person"},
         "size of an object: as the file says; of its box; mask; 0.53 of its box",
         {"{object is|objects are} put in another size range by the file's area than "
          "by {its|their} box",
          NULL, NULL, NULL},
         true},
    [SB_RULE_DET_AREA] =
        {"det-area",
         {"box", "mask"},
         "size of a result with both a box and a mask: of the box; mask",
         {"{result carries|results carry} a box beside the mask: the box decides the "
          "size",
          NULL}},
    [SB_RULE_KEYPOINT_AREA] = {"keypoint-area",
                               {"all", "visible"},
                               "size of a pose: box of all keypoints; of those with v > 0",
                               {"{result has|results have} keypoints with v = 0, which stretch "
                                "{its|their} box",
                                NULL}},
    [SB_RULE_EMPTY_AREAS] = {"empty-areas",
                             {"keep", "drop"},
                             "objects and results whose area is not above 0: keep; drop",
                             {NULL,
                              "{object or result has|objects and results have} an area of 0 and "
                              "{is|are} left out"}},
    [SB_RULE_AREA_BOUNDS] =
        {"area-bounds",
         {"closed", "half-open"},
         "size ranges: both ends belong to them; half-open: the upper does not",
         {"{object lies|objects lie} on the bound of two size ranges and {counts|count} "
          "in both",
          NULL},
         true},
    [SB_RULE_SCOPE] =
        {"max-dets-scope",
         {"class", "image"},
         "limits of detections hold per image and class; image: over its classes",
         {"{detection is|detections are} beyond the largest limit of {its|their} image "
          "and class",
          "{detection is|detections are} beyond the largest limit of {its|their} "
          "image"},
         true},
    [SB_RULE_TIE] =
        {"tie",
         {"last", "first"},
         "of two objects equally similar to a detection: the last; first",
         {"{detection has|detections have} two equally similar objects: the last one gets "
          "the match",
          "{detection has|detections have} two equally similar objects: the first one "
          "gets the match"},
         true},
    [SB_RULE_RLE_COMPAT] =
        {"rle-compat",
         {"stop", "exact"},
         "masks with runs of length 0 in one place: counting stops; exact",
         {"{pair of masks has|pairs of masks have} runs of length 0 in one place: "
          "the rest of both is not compared",
          NULL}},
    [SB_RULE_SHORT_POLYGONS] = {"short-polygons",
                                {"error", "empty"},
                                "polygons of fewer than three points: an error; empty",
                                {NULL, "{polygon has|polygons have} fewer than three points and "
                                       "{is|are} empty"}},
    [SB_RULE_RESULT_MASKS] = {"result-masks",
                              {"codes", "any"},
                              "masks of results: compressed codes only; any: as of objects",
                              {NULL, NULL}},
    [SB_RULE_UNLABELLED] = {"unlabelled",
                            {"keep", "drop"},
                            "results without a keypoint of v > 0: keep; drop",
                            {NULL,
                             "{result has|results have} no keypoint with v > 0 and {is|are} left "
                             "out"}},
    [SB_RULE_NO_CATS_OKS] = {"no-cats-oks",
                             {"none", "all"},
                             "keypoints with --no-cats: nothing is compared; all",
                             {"{result is a miss|results are misses}: keypoints are not compared "
                              "without categories",
                              NULL}},
    [SB_RULE_EPS] =
        {"eps",
         {"add", "none"},
         "precision: hits / (all + 2^-52); none: the exact ratio",
         {"{class begins|classes begin} with a hit whose precision is 0.9999999999999998, "
          "and {keeps|keep} it",
          NULL},
         true},
    [SB_RULE_AP_POINTS] =
        {"ap-points",
         {"101", "11", "hundredths", "all"},
         "AP over 101 points i * 0.01; 11; hundredths: i / 100; all: the area",
         {"{class reaches|classes reach} a recall of i / 100 that the point i * 0.01 "
          "misses",
          NULL, NULL, NULL},
         true},
    [SB_RULE_SUMMARY_MAXDETS] = {"summary-maxdets",
                                 {"fixed", "largest"},
                                 "limit of the first statistics: 100 (keypoints 20); largest",
                                 {"{statistic is|statistics are} -1: the limit of detections that "
                                  "{it belongs|they belong} to is not evaluated",
                                  NULL}},
};

const struct sb_rule_row *sb_rule_row(enum sb_rule rule)
{
    return &rows[rule];
}

int sb_rule_parse(enum sb_rule rule, const char *word, uint8_t *value, struct sb_error *err)
{
    const struct sb_rule_row *const row = &rows[rule];
    struct sb_str words = SB_STR_INIT;
    for (size_t i = 0; i < SB_RULE_VALUES && row->values[i]; i++) {
        if (strcmp(word, row->values[i]) == 0) {
            *value = (uint8_t)i;
            sb_str_release(&words);
            return 0;
        }
        const bool last = i + 1 == SB_RULE_VALUES || !row->values[i + 1];
        sb_str_printf(&words, "%s%s", i == 0 ? "" : last ? " or " : ", ", row->values[i]);
    }
    sb_error_set(err, SB_EINVAL, "--%s: expected %s, got '%s'", row->option, sb_str_text(&words),
                 word);
    sb_str_release(&words);
    return SB_EINVAL;
}

void sb_notes_add(struct sb_notes *sum, const struct sb_notes *part)
{
    for (size_t i = 0; i < SB_RULES; i++)
        sum->count[i] += part->count[i];
}
