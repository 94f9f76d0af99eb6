/* spinebench eval topk: top-1 and top-5 of predicted classes. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/cmd_eval.h"
#include "eval/topk_accuracy.h"

#include <stdio.h>

static bool json, per_class;
static const char *synsets;

static void print_group(const char *kind, const struct sb_topk_group *g)
{
    double lo1, hi1, lo5, hi5;
    const double n = g->images > 0 ? (double)g->images : 1;
    sb_wilson_interval(g->top1, g->images, &lo1, &hi1);
    sb_wilson_interval(g->top5, g->images, &lo5, &hi5);
    printf("%-5s %-20s %8lld  %6.2f [%6.2f, %6.2f]  %6.2f [%6.2f, %6.2f]\n", kind,
           g->name ? g->name : "", (long long)g->images, 100 * (double)g->top1 / n, 100 * lo1,
           100 * hi1, 100 * (double)g->top5 / n, 100 * lo5, 100 * hi5);
}

static void print_text(const struct sb_topk *topk)
{
    printf("%-5s %-20s %8s  %-23s  %s\n", "", "", "images", "top-1 % [95 %]", "top-5 % [95 %]");
    print_group("all", &topk->all);
    for (size_t i = 0; i < topk->super_count; i++)
        print_group("super", &topk->supers[i]);
    for (size_t i = 0; per_class && i < topk->class_count; i++)
        print_group("class", &topk->classes[i]);
    if (topk->missing)
        printf("images without a prediction, which count as wrong: %lld\n",
               (long long)topk->missing);
    if (topk->above)
        printf("images with labels above %lld, the highest class that is predicted, which count as "
               "wrong: %lld\n",
               (long long)topk->last_class, (long long)topk->above);
    if (topk->unlabelled)
        printf("images without a label, which do not count: %lld\n", (long long)topk->unlabelled);
}

static void group_json(struct sb_jw *w, const char *key, const struct sb_topk_group *g)
{
    double lo, hi;
    sb_jw_object(w, key);
    if (g->name)
        sb_jw_string(w, "name", g->name);
    sb_jw_int(w, "images", g->images);
    sb_jw_int(w, "top1", g->top1);
    sb_jw_int(w, "top5", g->top5);
    sb_wilson_interval(g->top1, g->images, &lo, &hi);
    sb_jw_double(w, "top1_lo", lo);
    sb_jw_double(w, "top1_hi", hi);
    sb_wilson_interval(g->top5, g->images, &lo, &hi);
    sb_jw_double(w, "top5_lo", lo);
    sb_jw_double(w, "top5_hi", hi);
    sb_jw_end(w);
}

static void groups_json(struct sb_jw *w, const char *key, const struct sb_topk_group *groups,
                        size_t count)
{
    sb_jw_array(w, key);
    for (size_t i = 0; i < count; i++)
        group_json(w, NULL, &groups[i]);
    sb_jw_end(w);
}

static int print_json(const struct sb_topk *topk, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 2);
    sb_jw_object(&w, NULL);
    group_json(&w, "all", &topk->all);
    groups_json(&w, "per_super_category", topk->supers, topk->super_count);
    groups_json(&w, "per_class", topk->classes, topk->class_count);
    sb_jw_int(&w, "missing", topk->missing);
    sb_jw_int(&w, "above", topk->above);
    sb_jw_int(&w, "unlabelled", topk->unlabelled);
    sb_jw_end(&w);
    const int rc = out.failed ? sb_error_nomem(err, "the report", out.length) : 0;
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static int run(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_label_list labels;
    struct sb_topk topk;
    int rc = sb_arguments_expect(args, 2, 2, "LABELS and PREDS", err);
    if (rc == 0)
        rc = sb_label_list_load(&labels, args->words[0], "", synsets, err);
    if (rc)
        return rc;
    rc = sb_topk_evaluate(&topk, &labels, args->words[1], err);
    sb_label_list_release(&labels);
    if (rc)
        return rc;
    if (json)
        rc = print_json(&topk, err);
    else
        print_text(&topk);
    sb_topk_release(&topk);
    return rc;
}

int cmd_eval_topk(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_FLAG("per-class", 0, "a line per class, too", &per_class),
        SB_OPT_STRING("synsets", 0, "FILE",
                      "order of ImageNet's classes, a line 'n01440764 ...' each", &synsets),
        SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "eval topk LABELS PREDS [options]",
        "Top-1 and top-5 accuracy with 95 % Wilson intervals, over all images and per\n"
        "super-category. LABELS is what 'classify --list' reads; PREDS is what\n"
        "'spinebench classify' writes, or CSV lines IMAGE,CLASS,CLASS,... best first, a line of\n"
        "column names before them allowed. Images are named as in LABELS.",
        options, "example: spinebench eval topk val2018.txt predictions.jsonl"};
    return sb_cli_run("eval topk", &help, argc, argv, run);
}
