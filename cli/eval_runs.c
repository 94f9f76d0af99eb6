/* What `eval coco` prints. See eval_runs.h. */
#include "cli/eval_runs.h"

#include "eval/coco_categories.h"

#include <string.h>

void sb_eval_runs_start(struct sb_eval_runs *runs, const struct sb_eval_runs_options *options)
{
    memset(runs, 0, sizeof(*runs));
    runs->options = *options;
    sb_table_init(&runs->table, NULL);
    sb_table_init(&runs->categories, NULL);
}

void sb_eval_runs_release(struct sb_eval_runs *runs)
{
    sb_table_release(&runs->table);
    sb_table_release(&runs->categories);
}

static void run_columns(struct sb_table *t, const struct sb_coco_params *params,
                        const struct sb_coco_summary *summary)
{
    sb_table_column(t, "results", NULL, SB_LEFT);
    for (size_t i = 0; i < summary->count; i++) {
        char name[40];
        sb_coco_stat_name(&summary->stats[i], params, name, sizeof(name));
        sb_table_column(t, name, NULL, SB_RIGHT);
    }
}

int sb_eval_runs_key_check(const struct sb_coco_summary *summary,
                           const struct sb_coco_params *params, const char *key,
                           struct sb_error *err)
{
    struct sb_table t;
    sb_table_init(&t, NULL);
    run_columns(&t, params, summary);
    const int rc = sb_eval_sort(&t, key, err);
    sb_table_release(&t);
    return rc;
}

static void add_run(struct sb_eval_runs *runs, const char *path,
                    const struct sb_coco_params *params, const struct sb_coco_summary *summary)
{
    struct sb_table *const t = &runs->table;
    if (runs->count == 0)
        run_columns(t, params, summary);
    sb_table_row(t);
    sb_table_cell(t, "%s", path);
    for (size_t i = 0; i < summary->count; i++)
        sb_eval_cell(t, summary->stats[i].value);
}

static void category_columns(struct sb_eval_runs *runs, const struct sb_coco_params *params)
{
    struct sb_table *const t = &runs->categories;
    if (runs->options.several)
        sb_table_column(t, "results", NULL, SB_LEFT);
    sb_table_column(t, "id", NULL, SB_RIGHT);
    sb_table_column(t, "name", NULL, SB_LEFT);
    for (size_t c = 0; c < sb_category_columns(params); c++) {
        char name[SB_CATEGORY_NAME_BYTES];
        sb_category_column_name(params, c, name);
        sb_table_column(t, name, NULL, SB_RIGHT);
    }
}

static void category_row(struct sb_eval_runs *runs, const char *path,
                         const struct sb_coco_params *params, const struct sb_coco_gt *gt, size_t k,
                         const struct sb_category_stats *stats)
{
    struct sb_table *const t = &runs->categories;
    struct sb_str id = SB_STR_INIT;
    if (params->use_cats)
        sb_id_print(&gt->ids, gt->categories.ids[k], &id);
    sb_table_row(t);
    if (runs->options.several)
        sb_table_cell(t, "%s", path);
    sb_table_cell(t, "%s", sb_str_text(&id));
    sb_table_cell(t, "%s", params->use_cats ? gt->category_names[k] : "all");
    for (size_t c = 0; c < sb_category_columns(params); c++) {
        const double value = sb_category_value(params, stats, c);
        if (sb_category_is_count(c))
            sb_table_integer(t, (long long)value);
        else
            sb_eval_cell(t, value);
    }
    sb_str_release(&id);
}

static int add_categories(struct sb_eval_runs *runs, const char *path,
                          const struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                          struct sb_error *err)
{
    struct sb_category_list list;
    const int rc =
        sb_category_list_build(&list, eval, gt, runs->options.order, runs->options.sort, err);
    if (rc)
        return rc;
    if (runs->count == 0)
        category_columns(runs, &eval->params);
    for (size_t i = 0; i < list.count; i++)
        category_row(runs, path, &eval->params, gt, list.classes[i], &list.stats[list.classes[i]]);
    sb_category_list_release(&list);
    return 0;
}

int sb_eval_runs_add(struct sb_eval_runs *runs, const char *path, const struct sb_coco_eval *eval,
                     const struct sb_coco_summary *summary, const struct sb_coco_gt *gt,
                     struct sb_str *out, struct sb_error *err)
{
    const struct sb_eval_runs_options *const o = &runs->options;
    int rc = 0;
    if (sb_eval_format_is_text(o->format) && (!o->several || o->summaries)) {
        if (o->several)
            sb_str_printf(out, "%s%s\n", runs->count ? "\n" : "", path);
        sb_coco_summary_text(summary, out);
    }
    add_run(runs, path, &eval->params, summary);
    if (o->per_category)
        rc = add_categories(runs, path, eval, gt, err);
    runs->count++;
    return rc;
}

static void separate(struct sb_str *out)
{
    sb_str_puts(out, out->length > 0 ? "\n" : "");
}

int sb_eval_runs_finish(struct sb_eval_runs *runs, struct sb_str *out, struct sb_error *err)
{
    const struct sb_eval_runs_options *const o = &runs->options;
    const bool people = sb_eval_format_is_text(o->format);
    int rc = 0;
    if (people ? o->several : !o->per_category) {
        separate(out);
        rc = o->per_category ? 0 : sb_eval_sort(&runs->table, o->sort, err);
        if (rc == 0)
            rc = sb_eval_write(&runs->table, o->format, out, err);
    }
    if (rc || !o->per_category)
        return rc;
    separate(out);
    if (o->several)
        rc = sb_table_group(&runs->categories, 0, err);
    return rc ? rc : sb_eval_write(&runs->categories, o->format, out, err);
}

int sb_eval_runs_json(const struct sb_eval_runs *runs, const struct sb_coco_eval *eval,
                      const struct sb_coco_summary *summary, const struct sb_coco_gt *gt,
                      const struct sb_warnings *warnings, struct sb_jw *w, struct sb_error *err)
{
    struct sb_category_list list;
    const char *const sort = runs->options.sort;
    const int rc = sb_category_list_build(&list, eval, gt, runs->options.order, sort, err);
    if (rc)
        return rc;
    sb_coco_report_members(eval, summary, gt, &list, warnings, w);
    sb_category_list_release(&list);
    return 0;
}
