/* The list of figures, and what their makers share. See figures.h. */
#include "reports/figures.h"

#include "base/str.h"
#include "reports/figure_style.h"

#include <string.h>

static const struct sb_figure_maker makers[] = {
    {"levels", "multiply-adds, time and memory per level, models side by side", SB_KINDS_OF_ROWS,
     sb_figure_levels},
    {"accuracy", "accuracy against cost, latency and memory, families as curves", SB_KINDS_OF_ROWS,
     sb_figure_accuracy},
    {"paper", "accuracy against FLOPs as the paper prints it, and here", SB_KINDS_OF_ROWS,
     sb_figure_paper},
    {"latency", "latency and memory against cost, families as curves", SB_KINDS_OF_ROWS,
     sb_figure_latency},
    {"distribution", "distributions of latency", SB_KIND(TIME), sb_figure_distribution},
    {"memory", "planned memory beside the measured peak", SB_KINDS_OF_ROWS, sb_figure_memory},
    {"roofline", "speed of every step against its arithmetic intensity", SB_KINDS_OF_ROWS,
     sb_figure_roofline},
    {"verdicts", "ratios of comparisons and gates with intervals", SB_KIND(VERDICT),
     sb_figure_verdicts},
    {"errors", "what each kind of detection error costs", SB_KIND(ERROR), sb_figure_errors},
    {"precision", "precision over recall", SB_KIND(CURVE), sb_figure_precision},
    {"categories", "AP per category", SB_KIND(CATEGORY), sb_figure_categories},
    {"calibration", "scores against the share of right detections", SB_KIND(CURVE),
     sb_figure_calibration},
    {"history", "runs of many commits and the levels fitted to them", SB_KIND(HISTORY),
     sb_figure_history},
};
#define N_MAKERS (sizeof(makers) / sizeof(makers[0]))

const struct sb_figure_maker *sb_figure_maker_at(size_t index)
{
    return index < N_MAKERS ? &makers[index] : NULL;
}

int sb_figure_maker_find(const char *name, const struct sb_figure_maker **out, struct sb_error *err)
{
    for (size_t i = 0; i < N_MAKERS; i++) {
        if (strcmp(makers[i].name, name) == 0) {
            *out = &makers[i];
            return 0;
        }
    }
    return sb_error_set(err, SB_EINVAL, "there is no figure '%s'", name);
}

int sb_figure_make(struct sb_figure *f, const struct sb_figure_maker *maker,
                   const struct sb_records *records, struct sb_error *err)
{
    sb_figure_init(f, maker->name, "");
    int rc = maker->make(f, records, err);
    if (rc == 0)
        rc = sb_figure_finish(f, err);
    if (rc)
        sb_figure_release(f);
    return rc;
}

const char *sb_row_cell_name(struct sb_figure *f, const struct sb_report_rows *rows,
                             const struct sb_row *row)
{
    bool sizes = false, batches = false, threads = false, engines = false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct sb_cell *a = &rows->items[i].cell, *b = &row->cell;
        sizes = sizes || a->size != b->size;
        batches = batches || a->batch != b->batch;
        threads = threads || a->threads != b->threads;
        engines = engines || (a->engine && b->engine && strcmp(a->engine, b->engine) != 0);
    }
    struct sb_str name = SB_STR_INIT;
    sb_str_puts(&name, row->cell.model ? row->cell.model : "?");
    if (sizes)
        sb_str_printf(&name, " @%lld", (long long)row->cell.size);
    if (batches)
        sb_str_printf(&name, " x%lld", (long long)row->cell.batch);
    if (threads && row->cell.threads != SB_NO_INT)
        sb_str_printf(&name, " %lldt", (long long)row->cell.threads);
    if (engines && row->cell.engine)
        sb_str_printf(&name, " %s", row->cell.engine);
    if (rows->num_setups > 2 && row->run && row->run->u.run.commit)
        sb_str_printf(&name, " %.7s", row->run->u.run.commit);
    const char *kept = sb_texts_keep(&f->texts, sb_str_text(&name));
    f->texts.failed = f->texts.failed || name.failed;
    sb_str_release(&name);
    return kept;
}

void sb_figure_add_levels(struct sb_figure *f, struct sb_panel *panel,
                          const struct sb_report_rows *rows, enum sb_mark mark)
{
    static const char *const levels[] = {"stem", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "head"};
    for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
        for (size_t i = 0; i < rows->count; i++) {
            const char *const level = rows->items[i].part.level;
            if (level && strcmp(level, levels[l]) == 0) {
                sb_figure_series_named(f, panel, level, mark, sb_level_colour(level));
                break;
            }
        }
    }
}

const char *sb_row_samples(struct sb_figure *f, const struct sb_report_rows *rows)
{
    size_t least = 0, most = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const size_t n = rows->items[i].time.count;
        least = n && (least == 0 || n < least) ? n : least;
        most = n > most ? n : most;
    }
    if (most == 0)
        return "nothing was timed";
    if (least == most)
        return sb_texts_printf(&f->texts, "n = %zu", most);
    return sb_texts_printf(&f->texts, "n = %zu to %zu", least, most);
}
