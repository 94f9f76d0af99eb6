/* What a diagnosis of detections shows: precision over recall, AP per category, what errors cost,
 * calibration. */
#include "reports/figures.h"

#include "base/mem.h"
#include "reports/diagnosis_tables.h"
#include "reports/figure_style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG             SB_MEM_TAG(SB_MEM_DATA, 0)
#define ROW_PIXELS      17.0
#define MOST_CATEGORIES 80
#define INTERVAL_COLOUR 6 /* black */
#define MOST_VALUED     2 /* models whose bars have room for numbers above them */

/* The panel with this title, made when it is new. */
static struct sb_panel *panel_of(struct sb_figure *f, const char *title)
{
    for (size_t p = 0; p < f->num_panels; p++) {
        if (strcmp(f->panels[p].title, title) == 0)
            return &f->panels[p];
    }
    return sb_figure_panel(f, title);
}

static const char *model_of(const struct sb_record *r)
{
    return r->cell.model ? r->cell.model : "results";
}

/* The models of a figure: the first that have records of its kind, one per colour. */
struct models {
    const char *names[SB_NUM_FAMILIES];
    size_t count;
    bool more; /* than there are colours */
};

/* The number of a record's model; models->count when it is not shown. */
static size_t number_of(const struct models *m, const struct sb_record *r)
{
    size_t i = 0;
    while (i < m->count && strcmp(m->names[i], model_of(r)) != 0)
        i++;
    return i;
}

static void find_models(struct models *m, const struct sb_records *records,
                        enum sb_record_kind kind)
{
    memset(m, 0, sizeof(*m));
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind != kind || number_of(m, r) < m->count)
            continue;
        if (m->count == SB_NUM_FAMILIES) {
            m->more = true;
            return;
        }
        m->names[m->count++] = model_of(r);
    }
}

static bool is_shown(const struct models *m, const struct sb_record *r)
{
    return number_of(m, r) < m->count;
}

static int colour_of(const struct models *m, const struct sb_record *r)
{
    return SB_COLOUR_FAMILY + (int)number_of(m, r);
}

/* Which models on which data sets, of how many images. */
static const char *subjects_of(struct sb_figure *f, const struct sb_records *records,
                               enum sb_record_kind kind)
{
    struct sb_str text = SB_STR_INIT;
    sb_diagnosis_subjects(records, kind, &text);
    const char *const kept = sb_texts_keep(&f->texts, sb_str_text(&text));
    f->texts.failed = f->texts.failed || text.failed;
    sb_str_release(&text);
    return kept;
}

/* The note, with what it leaves out. */
static const char *note_of(struct sb_figure *f, const struct models *m, const char *note)
{
    return m->more ? sb_texts_printf(&f->texts, "%s The first %zu models.", note, m->count) : note;
}

static double at(const struct sb_numbers *numbers, size_t i)
{
    return numbers->values ? numbers->values[i] : NAN;
}

/* The band of the interval, behind the line. */
static void add_band(struct sb_figure *f, struct sb_panel *p, const struct sb_curve_record *c,
                     int colour)
{
    if (!c->low.values || !c->high.values)
        return;
    struct sb_series *s = sb_figure_series(f, p, "", SB_MARK_AREA, colour);
    for (size_t i = 0; i < c->x.count; i++) {
        if (isnan(at(&c->low, i)) || isnan(at(&c->high, i)))
            continue;
        struct sb_datum *d = sb_figure_point(f, s, c->x.values[i], at(&c->y, i));
        d->y_low = at(&c->low, i);
        d->y_high = at(&c->high, i);
    }
}

static void set_unit_axes(struct sb_figure *f, struct sb_panel *p, const char *x, const char *y)
{
    sb_figure_axis(f, &p->x, x, SB_AXIS_LINEAR);
    sb_figure_axis(f, &p->y, y, SB_AXIS_LINEAR);
    p->x.low = p->y.low = 0;
    p->x.high = p->y.high = 1;
}

/* The band of a curve, or its line: all bands lie below all lines. */
static void add_precision(struct sb_figure *f, const struct models *models,
                          const struct sb_record *r, bool bands)
{
    const struct sb_curve_record *const c = &r->u.curve;
    const int colour = colour_of(models, r);
    struct sb_panel *p = panel_of(f, c->series);
    set_unit_axes(f, p, "Recall [0..1], measured", "Precision [0..1], measured");
    if (bands) {
        add_band(f, p, c, colour);
        return;
    }
    struct sb_series *s = sb_figure_series(f, p, model_of(r), SB_MARK_LINE, colour);
    for (size_t i = 0; i < c->x.count; i++) {
        if (!isnan(c->y.values[i]))
            sb_figure_point(f, s, c->x.values[i], c->y.values[i]);
    }
}

int sb_figure_precision(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct models models;
    (void)err;
    find_models(&models, records, SB_RECORD_CURVE);
    for (int lines = 0; lines < 2; lines++) { /* bands, then lines */
        for (size_t i = 0; i < records->count; i++) {
            const struct sb_record *const r = &records->items[i];
            if (r->kind != SB_RECORD_CURVE || strcmp(r->u.curve.curve, "precision-recall") != 0 ||
                !is_shown(&models, r))
                continue;
            add_precision(f, &models, r, !lines);
        }
    }
    f->title = "Precision over recall";
    f->has_key = true;
    f->columns = 3;
    f->panel_height = 220;
    f->note = note_of(f, &models,
                      sb_texts_printf(&f->texts,
                                      "Mean over categories, objects of all sizes; band: 95 %% "
                                      "interval, bootstrap over images. %s.",
                                      subjects_of(f, records, SB_RECORD_CURVE)));
    return 0;
}

static void add_bins(struct sb_figure *f, struct sb_panel *p, const struct models *models,
                     const struct sb_record *r)
{
    const struct sb_curve_record *const c = &r->u.curve;
    struct sb_series *s =
        sb_figure_series(f, p, model_of(r), SB_MARK_LINE_POINTS, colour_of(models, r));
    for (size_t i = 0; i < c->x.count; i++) {
        if (isnan(c->x.values[i]) || isnan(c->y.values[i]))
            continue;
        struct sb_datum *d = sb_figure_point(f, s, c->x.values[i], c->y.values[i]);
        d->y_low = at(&c->low, i);
        d->y_high = at(&c->high, i);
        d->text = sb_texts_printf(&f->texts, "%.0f", at(&c->count, i));
        d->tip = sb_texts_printf(&f->texts, "%s: mean score %.3f, %.1f %% right, n = %.0f",
                                 model_of(r), d->x, 100 * d->y, at(&c->count, i));
    }
}

int sb_figure_calibration(struct sb_figure *f, const struct sb_records *records,
                          struct sb_error *err)
{
    struct sb_panel *p = NULL;
    struct models models;
    (void)err;
    find_models(&models, records, SB_RECORD_CURVE);
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind != SB_RECORD_CURVE || strcmp(r->u.curve.curve, "calibration") != 0 ||
            !is_shown(&models, r))
            continue;
        if (!p) {
            p = sb_figure_panel(f, "");
            set_unit_axes(f, p, "Mean score of the detections in a bin [0..1], measured",
                          "Share that is right, IoU 0.5 [0..1], measured");
            struct sb_series *s = sb_figure_series(f, p, "", SB_MARK_LINE, SB_COLOUR_GREY);
            s->dashed = true;
            sb_figure_point(f, s, 0, 0);
            sb_figure_point(f, s, 1, 1);
        }
        add_bins(f, p, &models, r);
    }
    f->title = "Calibration of scores";
    f->has_key = true;
    f->panel_height = 320;
    f->note = note_of(
        f, &models,
        sb_texts_printf(&f->texts,
                        "Above the diagonal scores promise too little, below it too much. Numbers: "
                        "detections in the bin; bars: 95 %% interval of the share (Wilson). %s.",
                        subjects_of(f, records, SB_RECORD_CURVE)));
    return 0;
}

/* Category records of the first model, most objects first. */
static int by_objects(const void *a, const void *b)
{
    const struct sb_record *const x = *(const struct sb_record *const *)a;
    const struct sb_record *const y = *(const struct sb_record *const *)b;
    if (x->u.category.objects != y->u.category.objects)
        return x->u.category.objects < y->u.category.objects ? 1 : -1;
    return x < y ? -1 : x > y;
}

static int by_ap(const void *a, const void *b)
{
    const struct sb_record *const x = *(const struct sb_record *const *)a;
    const struct sb_record *const y = *(const struct sb_record *const *)b;
    if (x->u.category.ap != y->u.category.ap)
        return x->u.category.ap < y->u.category.ap ? 1 : -1;
    return x < y ? -1 : x > y;
}

/* The categories to show: those of the first model that have an AP, by AP. */
static size_t find_categories(const struct sb_records *records, const struct sb_record **found,
                              size_t *all)
{
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind == SB_RECORD_CATEGORY && !isnan(r->u.category.ap) &&
            (count == 0 || strcmp(model_of(found[0]), model_of(r)) == 0))
            found[count++] = r;
    }
    *all = count;
    qsort(found, count, sizeof(*found), by_objects);
    count = count < MOST_CATEGORIES ? count : MOST_CATEGORIES;
    qsort(found, count, sizeof(*found), by_ap);
    return count;
}

/* Models stand one below the other within a row, so that their intervals do not cover another. */
static double beside(const struct models *models, const struct sb_record *r)
{
    const double middle = ((double)models->count - 1) / 2;
    return 0.7 * ((double)number_of(models, r) - middle) / (double)models->count;
}

/* A row per category, in it a point per model. */
static void add_category(struct sb_figure *f, struct sb_panel *p, const struct sb_records *records,
                         const struct models *models, const struct sb_record *first, double y)
{
    const char *const name = first->u.category.category;
    sb_figure_tick(
        f, &p->y, y,
        sb_texts_printf(&f->texts, "%s (%lld)", name, (long long)first->u.category.objects));
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        const struct sb_category_record *const c = &r->u.category;
        if (r->kind != SB_RECORD_CATEGORY || isnan(c->ap) || !is_shown(models, r) ||
            strcmp(c->category, name) != 0)
            continue;
        struct sb_series *s =
            sb_figure_series_named(f, p, model_of(r), SB_MARK_POINTS, colour_of(models, r));
        struct sb_datum *d = sb_figure_point(f, s, 100 * c->ap, y + beside(models, r));
        d->x_low = 100 * c->ap_low;
        d->x_high = 100 * c->ap_high;
        d->tip = sb_texts_printf(&f->texts, "%s, %s: AP %.1f, %lld object%s", model_of(r), name,
                                 d->x, (long long)c->objects, sb_plural((size_t)c->objects));
    }
}

/* From 0 to a little beyond the highest interval, and never beyond what an AP can be. */
static void set_precision_range(struct sb_panel *p)
{
    double most = 1;
    for (size_t s = 0; s < p->num_series; s++) {
        for (size_t i = 0; i < p->series[s].count; i++)
            most = fmax(fmax(most, p->series[s].data[i].x), p->series[s].data[i].x_high);
    }
    p->x.low = 0;
    p->x.high = fmin(100, 1.05 * most);
}

int sb_figure_categories(struct sb_figure *f, const struct sb_records *records,
                         struct sb_error *err)
{
    const struct sb_record **const found =
        sb_calloc(records->count, sizeof(struct sb_record *), TAG);
    struct models models;
    size_t all;
    if (!found)
        return sb_error_nomem(err, "categories", records->count);
    find_models(&models, records, SB_RECORD_CATEGORY);
    const size_t count = find_categories(records, found, &all);
    if (count) {
        struct sb_panel *p = sb_figure_panel(f, "");
        sb_figure_axis(f, &p->x, "AP, IoU 0.50:0.95 [points], measured", SB_AXIS_LINEAR);
        sb_figure_axis(f, &p->y, "", SB_AXIS_NAMES);
        p->y.reversed = true;
        for (size_t i = 0; i < count && !f->texts.failed; i++)
            add_category(f, p, records, &models, found[i], (double)i);
        set_precision_range(p);
        p->y.low = -0.6;
        p->y.high = (double)count - 0.4;
        const double crowd = 0.5 + (double)models.count / 2;
        f->panel_height = 14 + ROW_PIXELS * crowd * (double)count;
    }
    f->title = "Average precision of each category";
    f->has_key = true;
    f->note = note_of(
        f, &models,
        sb_texts_printf(&f->texts,
                        "In brackets: objects. Bars: 95 %% interval, bootstrap over images. %s.%s",
                        subjects_of(f, records, SB_RECORD_CATEGORY),
                        all > count ? " The 80 categories with the most objects." : ""));
    sb_free(found);
    return 0;
}

/* Bars of models side by side within each kind of error. */
struct error_bars {
    struct sb_panel *panel;
    double kinds;
    struct models models;
};

/* Place of a kind on the x axis; a new one goes behind the others. */
static double place_of(struct sb_figure *f, struct error_bars *b, const char *error)
{
    for (size_t i = 0; i < b->panel->x.num_ticks; i++) {
        if (strcmp(b->panel->x.ticks[i].text, error) == 0)
            return b->panel->x.ticks[i].at;
    }
    sb_figure_tick(f, &b->panel->x, b->kinds, error);
    return b->kinds++;
}

static double bar_width(const struct error_bars *b)
{
    return 0.8 / (double)b->models.count;
}

/* Where the bar of a model starts. */
static double bar_left(struct sb_figure *f, struct error_bars *b, const struct sb_record *r)
{
    return place_of(f, b, r->u.error.error) - 0.4 + bar_width(b) * (double)number_of(&b->models, r);
}

static void add_error(struct sb_figure *f, struct error_bars *b, const struct sb_record *r)
{
    const struct sb_error_record *const e = &r->u.error;
    struct sb_series *s =
        sb_figure_series_named(f, b->panel, model_of(r), SB_MARK_BARS, colour_of(&b->models, r));
    const double left = bar_left(f, b, r), right = left + 0.94 * bar_width(b);
    struct sb_datum *d = sb_figure_bar(f, s, left, right, 0, 100 * e->delta_ap);
    d->tip = e->count == SB_NO_INT
                 ? sb_texts_printf(&f->texts, "%s, %s: %.2f points", model_of(r), e->error,
                                   100 * e->delta_ap)
                 : sb_texts_printf(&f->texts, "%s, %s: %.2f points, n = %lld", model_of(r),
                                   e->error, 100 * e->delta_ap, (long long)e->count);
}

/* The interval of a bar, and its value above where that has room. */
static void add_error_interval(struct sb_figure *f, struct error_bars *b, const struct sb_record *r)
{
    const struct sb_error_record *const e = &r->u.error;
    const double middle = bar_left(f, b, r) + 0.47 * bar_width(b);
    struct sb_series *s;
    if (!isnan(e->delta_low) && !isnan(e->delta_high)) {
        s = sb_figure_series_named(f, b->panel, "95 % interval", SB_MARK_WHISKERS, INTERVAL_COLOUR);
        struct sb_datum *d = sb_figure_point(f, s, middle, 100 * e->delta_ap);
        d->y_low = 100 * e->delta_low;
        d->y_high = 100 * e->delta_high;
    }
    if (b->models.count > MOST_VALUED)
        return;
    s = sb_figure_series_named(f, b->panel, "", SB_MARK_LABELS_ABOVE, SB_COLOUR_GREY);
    const double top = fmax(e->delta_ap, isnan(e->delta_high) ? 0 : e->delta_high);
    sb_figure_point(f, s, middle, 100 * top)->text =
        sb_texts_printf(&f->texts, "%.1f", 100 * e->delta_ap);
}

/* "n: Cls 83, Loc 1": how many errors of each kind the first model has, or of every one. */
static const char *error_counts(struct sb_figure *f, const struct sb_records *records,
                                const struct models *models)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t m = 0; m < models->count && m < MOST_VALUED; m++) {
        sb_str_printf(&text, " n of %s:", models->names[m]);
        const char *next = " ";
        for (size_t i = 0; i < records->count; i++) {
            const struct sb_record *const r = &records->items[i];
            if (r->kind != SB_RECORD_ERROR || number_of(models, r) != m ||
                r->u.error.count == SB_NO_INT)
                continue;
            sb_str_printf(&text, "%s%s %lld", next, r->u.error.error, (long long)r->u.error.count);
            next = ", ";
        }
        sb_str_puts(&text, ".");
    }
    const char *const kept = sb_texts_keep(&f->texts, sb_str_text(&text));
    f->texts.failed = f->texts.failed || text.failed;
    sb_str_release(&text);
    return kept;
}

static void start_errors(struct sb_figure *f, struct error_bars *b)
{
    b->panel = sb_figure_panel(f, "");
    sb_figure_axis(f, &b->panel->x, "", SB_AXIS_NAMES);
    sb_figure_axis(f, &b->panel->y, "AP50 gained [points], measured", SB_AXIS_LINEAR);
    b->panel->y.from_zero = true;
}

int sb_figure_errors(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct error_bars b = {NULL, 0, {{NULL}, 0, false}};
    (void)err;
    find_models(&b.models, records, SB_RECORD_ERROR);
    for (int intervals = 0; intervals < 2; intervals++) { /* all bars lie below all intervals */
        for (size_t i = 0; i < records->count && !f->texts.failed; i++) {
            const struct sb_record *const r = &records->items[i];
            if (r->kind != SB_RECORD_ERROR || isnan(r->u.error.delta_ap) || !is_shown(&b.models, r))
                continue;
            if (!b.panel)
                start_errors(f, &b);
            if (intervals)
                add_error_interval(f, &b, r);
            else
                add_error(f, &b, r);
        }
    }
    if (b.panel) {
        b.panel->x.low = -0.5;
        b.panel->x.high = b.kinds - 0.5;
    }
    f->title = "What each kind of error costs";
    f->has_key = true;
    f->panel_height = 260;
    f->note = note_of(
        f, &b.models,
        sb_texts_printf(
            &f->texts,
            "AP50 gained when all errors of a kind are fixed (TIDE); whiskers: 95 %% interval, "
            "bootstrap over images. Cls: wrong class, Loc: badly placed, Both, Dupe: object taken, "
            "Bkg: on nothing, Miss: object not found, FalsePos: all wrong detections, FalseNeg: "
            "all objects not found rightly. %s.%s",
            subjects_of(f, records, SB_RECORD_ERROR), error_counts(f, records, &b.models)));
    return 0;
}
