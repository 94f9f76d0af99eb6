/* The table of rules. See rules.h. */
#include "eval/rules.h"

#include <string.h>

static const struct sb_rule_row rows[SB_RULES] = {
    [SB_RULE_ID_ZERO] = {"id-zero",
                         {"miss", "match", "negative"},
                         "objects with id 0: hits on them count as misses; match; negative: ids "
                         "below 0 miss",
                         {"objects have id 0: detections that hit them count as misses", NULL,
                          "objects have a negative id: detections that hit them count as misses"}},
    [SB_RULE_REPEATED_IDS] = {"repeated-ids",
                              {"last", "each"},
                              "annotations that share an id: the last stands for all; each",
                              {"annotations have the id of a later one, which stands in for them",
                               "annotations share an id with a later one and are kept"}},
    [SB_RULE_IGNORE_FLAG] = {"ignore-flag",
                             {"crowd", "either"},
                             "ignored objects: those with iscrowd; either: with ignore, too",
                             {"objects have 'ignore' set, which iscrowd overwrites", NULL}},
    [SB_RULE_CROWD] = {"crowd",
                       {"ignore", "off"},
                       "iscrowd: ignored and matched again and again; off: as any object",
                       {"objects are crowds: they are ignored, match any number of detections, and "
                        "the overlap is over the detection's area",
                        "objects are crowds and count as any other"}},
    [SB_RULE_MISSING_FIELDS] = {"missing-fields",
                                {"error", "fill"},
                                "objects without iscrowd or area: an error; fill: 0, and computed",
                                {NULL, "fields of objects were missing: iscrowd became 0, "
                                       "area was computed"}},
    [SB_RULE_UNKNOWN_IMAGES] = {"unknown-images",
                                {"error", "drop"},
                                "results of images without ground truth: an error; drop",
                                {NULL, "results belong to unknown images and are left out"}},
    [SB_RULE_UNKNOWN_CATS] = {"unknown-cats",
                              {"drop", "error"},
                              "results of categories without ground truth: drop; error",
                              {"results belong to unknown categories and are left out", NULL}},
    [SB_RULE_EMPTY_RESULTS] = {"empty-results",
                               {"error", "zeros"},
                               "an empty list of results: an error; zeros",
                               {NULL, "list of results is empty: everything is missed"}},
    [SB_RULE_GT_AREA] = {"gt-area",
                         {"file", "box", "mask", "person"},
                         "size of an object: as the file says; of its box; mask; 0.53 of its box",
                         {"objects are put in another size range by the file's area than by their "
                          "box",
                          NULL, NULL, NULL}},
    [SB_RULE_DET_AREA] = {"det-area",
                          {"box", "mask"},
                          "size of a result with both a box and a mask: of the box; mask",
                          {"results carry a box beside their mask: the box decides their size",
                           NULL}},
    [SB_RULE_KEYPOINT_AREA] = {"keypoint-area",
                               {"all", "visible"},
                               "size of a pose: box of all keypoints; of those with v > 0",
                               {"results have keypoints with v = 0, which stretch their box",
                                NULL}},
    [SB_RULE_EMPTY_AREAS] = {"empty-areas",
                             {"keep", "drop"},
                             "objects and results whose area is not above 0: keep; drop",
                             {NULL, "objects and results have an area of 0 and are left out"}},
    [SB_RULE_AREA_BOUNDS] = {"area-bounds",
                             {"closed", "half-open"},
                             "size ranges: both ends belong to them; half-open: the upper does not",
                             {"objects lie on the bound of two size ranges and count in both",
                              NULL}},
    [SB_RULE_SCOPE] = {"max-dets-scope",
                       {"class", "image"},
                       "limits of detections hold per image and class; image: over its classes",
                       {"detections are beyond the largest limit of their image and class",
                        "detections are beyond the largest limit of their image"}},
    [SB_RULE_TIE] = {"tie",
                     {"last", "first"},
                     "of two objects equally similar to a detection: the last; first",
                     {"detections have two equally similar objects: the last one gets the match",
                      "detections have two equally similar objects: the first one gets the match"}},
    [SB_RULE_RLE_COMPAT] = {"rle-compat",
                            {"stop", "exact"},
                            "masks with runs of length 0 in one place: counting stops; exact",
                            {"pairs of masks have runs of length 0 in one place: the rest of both "
                             "is not compared",
                             NULL}},
    [SB_RULE_SHORT_POLYGONS] = {"short-polygons",
                                {"error", "empty"},
                                "polygons of fewer than three points: an error; empty",
                                {NULL, "polygons have fewer than three points and are empty"}},
    [SB_RULE_RESULT_MASKS] = {"result-masks",
                              {"codes", "any"},
                              "masks of results: compressed codes only; any: as of objects",
                              {NULL, NULL}},
    [SB_RULE_UNLABELLED] = {"unlabelled",
                            {"keep", "drop"},
                            "results without a keypoint of v > 0: keep; drop",
                            {NULL, "results have no keypoint with v > 0 and are left out"}},
    [SB_RULE_NO_CATS_OKS] = {"no-cats-oks",
                             {"none", "all"},
                             "keypoints with --no-cats: nothing is compared; all",
                             {"results are misses: keypoints are not compared without categories",
                              NULL}},
    [SB_RULE_EPS] = {"eps",
                     {"add", "none"},
                     "precision: hits / (all + 2^-52); none: the exact ratio",
                     {"classes begin with a hit whose precision is 0.9999999999999998, and keep it",
                      NULL}},
    [SB_RULE_AP_POINTS] = {"ap-points",
                           {"101", "11", "hundredths", "all"},
                           "AP over 101 points i * 0.01; 11; hundredths: i / 100; all: the area",
                           {"classes reach a recall of i / 100 that the point i * 0.01 misses",
                            NULL, NULL, NULL}},
    [SB_RULE_SUMMARY_MAXDETS] = {"summary-maxdets",
                                 {"fixed", "largest"},
                                 "limit of the first statistics: 100 (keypoints 20); largest",
                                 {"statistics are -1: they belong to a limit of detections that "
                                  "is not evaluated",
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

/* The words of a rule but the chosen one: "box|mask". */
static void print_others(const struct sb_rule_row *row, uint8_t chosen, struct sb_str *out)
{
    const char *separator = "";
    for (size_t i = 0; i < SB_RULE_VALUES && row->values[i]; i++) {
        if (i == chosen)
            continue;
        sb_str_printf(out, "%s%s", separator, row->values[i]);
        separator = "|";
    }
}

void sb_notes_text(const struct sb_notes *notes, const uint8_t rules[SB_RULES], struct sb_str *out)
{
    for (size_t i = 0; i < SB_RULES; i++) {
        const char *const note = rows[i].note[rules[i]];
        if (notes->count[i] == 0 || !note)
            continue;
        sb_str_printf(out, "%lld %s (or --%s ", (long long)notes->count[i], note, rows[i].option);
        print_others(&rows[i], rules[i], out);
        sb_str_puts(out, ")\n");
    }
}
