/* reports/figure_labels.c, figure_layout.c, figure_axis.c: texts beside points cover nothing, ticks
 * have room, and every name is once in the key. */
#include "reports/figure_layout.h"
#include "reports/figure_style.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sb_error err;

/* A curve of n points whose texts would cover each other if all stood on the same side. */
static void build(struct sb_figure *f, size_t n, double gap)
{
    sb_figure_init(f, "curve", "A curve");
    f->has_key = true;
    struct sb_panel *p = sb_figure_panel(f, "");
    sb_figure_axis(f, &p->x, "x", SB_AXIS_LOG);
    sb_figure_axis(f, &p->y, "y", SB_AXIS_LINEAR);
    p->x.low = 1;
    p->x.high = 1000;
    p->y.low = 0;
    p->y.high = 10;
    struct sb_series *s = sb_figure_series(f, p, "family", SB_MARK_LINE_POINTS, 0);
    for (size_t i = 0; i < n; i++)
        sb_figure_point(f, s, 10 * pow(gap, (double)i), 3 + 0.3 * (double)i)->text = "model-name";
    sb_figure_series(f, p, "family", SB_MARK_POINTS, 1); /* the same name again */
}

static bool overlap(const struct sb_label *a, const struct sb_label *b)
{
    return fabs(a->x - b->x) < sb_text_pixels(a->text, SB_FONT_PIXELS) &&
           fabs(a->y - b->y) < SB_FONT_PIXELS;
}

static void assert_apart(const struct sb_layout *l)
{
    for (size_t i = 0; i < l->num_labels; i++) {
        const struct sb_box *const plot = &l->plots[0];
        assert_true(l->labels[i].x >= plot->x && l->labels[i].y >= plot->y);
        assert_true(l->labels[i].y <= plot->y + plot->height);
        for (size_t k = 0; k < i; k++)
            assert_false(overlap(&l->labels[i], &l->labels[k]));
    }
}

static size_t count_labels(size_t points, double gap)
{
    struct sb_figure f;
    struct sb_layout l;
    build(&f, points, gap);
    assert_ok(sb_figure_finish(&f, &err), &err);
    assert_ok(sb_layout_init(&l, &f, true, &err), &err);
    assert_apart(&l);
    assert_int_equal(l.num_key, 1);
    const size_t count = l.num_labels;
    sb_layout_release(&l);
    sb_figure_release(&f);
    return count;
}

static void test_figure_labels__stand_apart(void **state)
{
    (void)state;
    assert_int_equal(count_labels(5, 2), 5);
    assert_int_equal(count_labels(4, 1.2), 4);
    const size_t crowd = count_labels(60, 1.01); /* no room for all: some are left out */
    assert_in_range(crowd, 5, 59);
}

static void test_figure_labels__ticks_have_room(void **state)
{
    (void)state;
    struct sb_figure f;
    build(&f, 3, 2);
    f.columns = 3; /* three decades in a narrow panel */
    assert_ok(sb_figure_finish(&f, &err), &err);
    const struct sb_axis *const x = &f.panels[0].x;
    assert_in_range(x->num_ticks, 3, 4);
    assert_string_equal(x->ticks[0].text, "1");
    assert_string_equal(x->ticks[x->num_ticks - 1].text, "1000");
    sb_figure_release(&f);
}

static void test_figure_labels__text_is_as_wide_as_its_font(void **state)
{
    (void)state;
    assert_true(fabs(sb_text_pixels("1", 10) - 6.36) < 1e-9);
    assert_true(fabs(sb_text_pixels("il", 10) - 5.56) < 1e-9);
    assert_true(fabs(sb_text_pixels("µ", 10) - 6.36) < 1e-9); /* one character */
}

/* Two panels side by side: the key has the order of the first, without what nothing is drawn of;
 * a title that is too long for its panel goes on in a second line, clear of the drawing area. */
static void test_figure_layout__keys_and_titles_have_room(void **state)
{
    (void)state;
    static const char *const names[] = {"L1", "L2", "never drawn"};
    const char *const title = "a-model-whose-name-is-long with-more-words that-do not-fit-at-all";
    struct sb_figure f;
    struct sb_layout l;
    sb_figure_init(&f, "two", "Two panels");
    f.has_key = true;
    f.columns = 2;
    for (size_t p = 0; p < 2; p++) {
        struct sb_panel *panel = sb_figure_panel(&f, p ? title : "short");
        for (int s = 0; s < 3; s++)
            sb_figure_series(&f, panel, names[s], SB_MARK_POINTS, s);
        sb_figure_point(&f, &panel->series[1 - p], 1, 1); /* L2 first, then L1 */
    }
    assert_ok(sb_figure_finish(&f, &err), &err);
    assert_ok(sb_layout_init(&l, &f, false, &err), &err);
    assert_int_equal(l.num_key, 2);
    assert_string_equal(l.key[0].series->name, "L1");
    assert_string_equal(l.key[1].series->name, "L2");
    assert_int_equal(l.num_lines, 3);
    for (size_t i = 0; i < l.num_lines; i++) {
        const struct sb_text_line *const line = &l.lines[i];
        assert_true(line->x + sb_text_pixels(line->text, SB_FONT_PIXELS) <= l.width);
        assert_true(line->y < l.plots[0].y);
    }
    assert_true(l.lines[1].y < l.lines[2].y && l.lines[0].y == l.lines[2].y);
    sb_layout_release(&l);
    sb_figure_release(&f);
}

/* Beside a panel without one, the same title has room for a single line. */
static void test_figure_layout__titles_go_on_above_panels_without_one(void **state)
{
    (void)state;
    struct sb_figure f;
    struct sb_layout l;
    sb_figure_init(&f, "two", "Two panels");
    f.columns = 2;
    for (size_t p = 0; p < 2; p++) {
        struct sb_panel *panel =
            sb_figure_panel(&f, p ? "" : "a-model-whose-name-is-long with-more-words that-do fit");
        struct sb_series *series = sb_figure_series(&f, panel, "a", SB_MARK_POINTS, 0);
        sb_figure_point(&f, series, 1, 1);
    }
    assert_ok(sb_figure_finish(&f, &err), &err);
    assert_ok(sb_layout_init(&l, &f, false, &err), &err);
    assert_int_equal(l.num_lines, 1);
    assert_true(sb_text_pixels(l.lines[0].text, SB_FONT_PIXELS) > l.plots[0].width);
    sb_layout_release(&l);
    sb_figure_release(&f);
}

static int lay_out(void *ctx)
{
    struct sb_figure f;
    struct sb_layout l;
    (void)ctx;
    build(&f, 4, 2);
    int rc = sb_figure_finish(&f, &err);
    if (rc == 0)
        rc = sb_layout_init(&l, &f, true, &err);
    if (rc == 0)
        sb_layout_release(&l);
    sb_figure_release(&f);
    return rc;
}

static void test_figure_labels__survive_running_out_of_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(lay_out, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figure_labels__stand_apart),
        cmocka_unit_test(test_figure_labels__ticks_have_room),
        cmocka_unit_test(test_figure_labels__text_is_as_wide_as_its_font),
        cmocka_unit_test(test_figure_layout__keys_and_titles_have_room),
        cmocka_unit_test(test_figure_layout__titles_go_on_above_panels_without_one),
        cmocka_unit_test(test_figure_labels__survive_running_out_of_memory),
    };
    return cmocka_run_group_tests_name("reports/figure_labels", tests, NULL, NULL);
}
