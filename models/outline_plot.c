/*
 * An outline as a gnuplot script, in the manner of the paper's figure 4: blocks in the order of
 * computation from left to right, at the height of their level; rectangles are bottlenecks,
 * diamonds residual blocks, output blocks have a red frame and the name of their map. Endpoints and
 * heads are left out: they add one column per level and no structure.
 */
#include "models/outline.h"

#include "base/gnuplot.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CURVE_POINTS 28
#define LEVEL_PIXELS 88
#define MARGIN_LEFT  86
#define MARGIN_RIGHT 28
#define MARGIN_TOP   72
#define MARGIN_BELOW 70

#define COLOUR_UP       "#d9822b"
#define COLOUR_DOWN     "#2f7f8f"
#define COLOUR_SAME     "#8a94a0"
#define COLOUR_IMPLICIT "#8e44ad"
#define COLOUR_OUTPUT   "#c0392b"
#define COLOUR_OUTLINE  "#4a5560"

struct drawing {
    const struct sb_outline *outline;
    struct sb_str *out;
    int *column; /* of each block, -1 where it is not drawn; owned */
    int columns; /* drawn blocks */
    int min_level, max_level;
    int column_pixels;
    double half_width, half_height; /* of a block, in columns and levels */
};

struct point {
    double x, y; /* columns, levels */
};

/* The stem has no level tag: it stands where its output's resolution belongs. */
static int level_of(const struct drawing *d, const struct sb_outline_block *block)
{
    if (block->level >= SB_LEVEL_1 && block->level <= SB_LEVEL_7)
        return (int)block->level - SB_LEVEL_1 + 1;
    int level = 0;
    while (level < 7 && block->shape.h << (level + 1) <= d->outline->blocks[0].shape.h + 1)
        level++;
    return level;
}

static bool is_drawn(const struct sb_outline_block *block)
{
    const bool part = block->part == SB_PART_BACKBONE || block->part == SB_PART_NECK;
    return part && strcmp(block->kind, "endpoint") != 0;
}

/* True when every drawn block that `to` reads has a column. */
static bool is_ready(const struct drawing *d, size_t to)
{
    for (size_t i = 0; i < d->outline->num_edges; i++) {
        const struct sb_outline_edge *e = &d->outline->edges[i];
        if (e->to == to && is_drawn(&d->outline->blocks[e->from]) && d->column[e->from] < 0)
            return false;
    }
    return true;
}

/* Columns in an order in which every edge points right: an FPN starts at its top. */
static int assign_columns(struct drawing *d, struct sb_error *err)
{
    const struct sb_outline *o = d->outline;
    d->column = sb_calloc(o->num_blocks + 1, sizeof(*d->column), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!d->column)
        return sb_error_nomem(err, "a drawing", o->num_blocks);
    for (size_t i = 0; i < o->num_blocks; i++)
        d->column[i] = -1;
    d->min_level = 7;
    d->max_level = 1;
    for (int placed = -1; placed != d->columns;) {
        placed = d->columns;
        for (size_t i = 0; i < o->num_blocks && placed == d->columns; i++) {
            if (d->column[i] >= 0 || !is_drawn(&o->blocks[i]) || !is_ready(d, i))
                continue;
            const int level = level_of(d, &o->blocks[i]);
            d->column[i] = d->columns++;
            d->min_level = level < d->min_level ? level : d->min_level;
            d->max_level = level > d->max_level ? level : d->max_level;
        }
    }
    return 0;
}

static struct point place_of(const struct drawing *d, size_t block)
{
    const struct point p = {d->column[block], level_of(d, &d->outline->blocks[block])};
    return p;
}

/* Bands and names of the levels. */
static void put_levels(const struct drawing *d)
{
    struct sb_str *out = d->out;
    for (int level = d->min_level; level <= d->max_level; level++) {
        if ((level - d->min_level) % 2 == 0)
            sb_str_printf(out,
                          "set object rectangle from graph 0, first %.1f to graph 1, first %.1f "
                          "behind fillstyle solid noborder fillcolor rgb '#f4f6f8'\n",
                          level - 0.5, level + 0.5);
        sb_str_printf(out,
                      "set label '{/:Bold L%d}' at graph 0, first %d offset character -1.2,0.45 "
                      "right textcolor rgb '#3b4650'\n",
                      level, level);
        sb_str_printf(out,
                      "set label '{/=9 1/%d}' at graph 0, first %d offset character -1.2,-0.55 "
                      "right textcolor rgb '#8a94a0'\n",
                      1 << level, level);
    }
}

/* Colours darken with the level; stems are grey, necks green. */
static const char *fill_of(const struct drawing *d, const struct sb_outline_block *block)
{
    static const char *const blues[] = {"#eef4fb", "#e3edf9", "#d0e1f5", "#b9d2ef",
                                        "#9dbfe6", "#7fa9da", "#628fca"};
    if (block->is_stem)
        return "#e4e6e9";
    const int level = level_of(d, block);
    return block->part == SB_PART_NECK || level < 1 ? "#d8ecd2" : blues[level - 1];
}

/* What stands in a block: the number that parents name it by, or the level of a pyramid's map. */
static void put_block_text(const struct drawing *d, const struct sb_outline_block *block,
                           struct point p)
{
    char text[32];
    int a = 0, b = 0;
    if (sscanf(block->name, "backbone/block%d", &a) == 1)
        snprintf(text, sizeof(text), "%d", a);
    else if (sscanf(block->name, "backbone/stage%d/block%d", &a, &b) == 2)
        snprintf(text, sizeof(text), "%d", b);
    else if (sscanf(block->name, "neck/cell%d/node%d", &a, &b) == 2)
        snprintf(text, sizeof(text), "%d", b);
    else if (sscanf(block->name, "neck/p%d", &a) == 1)
        snprintf(text, sizeof(text), "P%d", a);
    else
        snprintf(text, sizeof(text), "%s", d->column_pixels < 44 ? "" : "stem");
    const bool dark = block->part == SB_PART_BACKBONE && !block->is_stem && level_of(d, block) >= 6;
    sb_str_printf(d->out, "set label '{/=%d %s}' at %.3f,%.3f center front textcolor rgb '%s'\n",
                  d->column_pixels < 44 || strlen(text) > 2 ? 8 : 11, text, p.x, p.y,
                  dark ? "#ffffff" : "#20303f");
}

/* "P4" above an output block: the map that its endpoint makes. */
static void put_output_mark(const struct drawing *d, const struct sb_outline_block *block,
                            struct point p)
{
    const bool stage = block->output && strncmp(block->output, "backbone_c", 10) == 0;
    if ((!block->is_output && !block->output) || strcmp(block->kind, "fpn") == 0)
        return;
    sb_str_printf(d->out,
                  "set label '{/:Bold=%d %c%d}' at %.3f,%.3f center front textcolor rgb '%s'\n",
                  d->column_pixels < 44 ? 8 : 10, stage ? 'C' : 'P', level_of(d, block), p.x,
                  p.y + d->half_height + 0.13, COLOUR_OUTPUT);
}

static void put_block(const struct drawing *d, size_t index)
{
    const struct sb_outline_block *block = &d->outline->blocks[index];
    const struct point p = place_of(d, index);
    const double w = d->half_width, h = d->half_height;
    const bool output = block->is_output || block->output;
    const bool diamond = strcmp(block->kind, "residual") == 0;
    if (diamond)
        sb_str_printf(d->out,
                      "set object polygon from %.3f,%.3f to %.3f,%.3f to %.3f,%.3f to %.3f,%.3f to "
                      "%.3f,%.3f",
                      p.x - w * 1.18, p.y, p.x, p.y + h * 1.18, p.x + w * 1.18, p.y, p.x,
                      p.y - h * 1.18, p.x - w * 1.18, p.y);
    else
        sb_str_printf(d->out, "set object rectangle from %.3f,%.3f to %.3f,%.3f", p.x - w, p.y - h,
                      p.x + w, p.y + h);
    sb_str_printf(d->out,
                  " front fillstyle solid border linecolor rgb '%s' linewidth %.1f fillcolor rgb "
                  "'%s'\n",
                  output ? COLOUR_OUTPUT : COLOUR_OUTLINE, output ? 2.4 : 1.0, fill_of(d, block));
    put_block_text(d, block, p);
    put_output_mark(d, block, p);
}

/* A cubic from the right side of one block to the left side of another; edges along a level bow
 * over the blocks between. */
struct curve {
    struct point p[4];
};

/* Edges that arrive side by side are spread over the block's left side; a diamond has a corner. */
static double arrival_offset(const struct drawing *d, const struct sb_outline_edge *edge)
{
    const struct sb_outline *o = d->outline;
    int before = 0, all = 0;
    const double own = place_of(d, edge->from).y;
    if (strcmp(o->blocks[edge->to].kind, "residual") == 0 || own == place_of(d, edge->to).y)
        return 0.0;
    for (size_t i = 0; i < o->num_edges; i++) {
        const struct sb_outline_edge *e = &o->edges[i];
        if (e->to != edge->to || d->column[e->from] < 0)
            continue;
        const struct point from = place_of(d, e->from), to = place_of(d, e->to);
        if (from.y == to.y && to.x - from.x > 1.5)
            continue; /* these arrive on top */
        all++;
        before += from.y < own || (from.y == own && e < edge);
    }
    return all > 1 ? d->half_height * 0.9 * ((double)before / (all - 1) - 0.5) : 0.0;
}

static struct curve curve_of(const struct drawing *d, const struct sb_outline_edge *e)
{
    const struct point from = place_of(d, e->from), to = place_of(d, e->to);
    const double span = to.x - from.x;
    struct curve c = {{{from.x + d->half_width, from.y},
                       {from.x + d->half_width, from.y},
                       {to.x - d->half_width - 0.03, to.y},
                       {to.x - d->half_width - 0.03, to.y}}};
    if (from.y == to.y && span > 1.5) {
        const double bow = 0.26 + 0.035 * span;
        c.p[0].x = from.x + 0.4 * d->half_width;
        c.p[0].y = c.p[3].y = from.y + d->half_height;
        c.p[3].x = to.x - 0.4 * d->half_width;
        c.p[1].x = c.p[0].x + 0.18 * span;
        c.p[2].x = c.p[3].x - 0.18 * span;
        c.p[1].y = c.p[2].y = c.p[0].y + bow;
        return c;
    }
    const double ease = span > 2.0 ? 0.75 : 0.35 * span;
    const double offset = arrival_offset(d, e);
    c.p[2].y += offset;
    c.p[3].y += offset;
    c.p[1].x += ease;
    c.p[2].x -= ease;
    return c;
}

static struct point point_at(const struct curve *c, double t)
{
    const double u = 1.0 - t;
    const double w[4] = {u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t};
    struct point p = {0, 0};
    for (int i = 0; i < 4; i++) {
        p.x += w[i] * c->p[i].x;
        p.y += w[i] * c->p[i].y;
    }
    return p;
}

/* The groups of edges that share a colour and a line of the key. */
struct edge_style {
    const char *title, *colour, *dash;
};
static const struct edge_style styles[] = {
    {"same level", COLOUR_SAME, "1"},
    {"to a coarser level", COLOUR_DOWN, "1"},
    {"to a finer level", COLOUR_UP, "1"},
    {"implicit", COLOUR_IMPLICIT, "(6,4)"},
};
#define N_STYLES ((int)(sizeof(styles) / sizeof(styles[0])))

static int style_of(const struct drawing *d, const struct sb_outline_edge *e)
{
    const int from = level_of(d, &d->outline->blocks[e->from]);
    const int to = level_of(d, &d->outline->blocks[e->to]);
    if (e->kind == SB_EDGE_IMPLICIT)
        return 3;
    return from == to ? 0 : (from < to ? 1 : 2);
}

/* One data block per style: curves apart by blank lines; arrow heads as objects. Returns how many.
 */
static int put_edges(const struct drawing *d, int style)
{
    int count = 0;
    sb_str_printf(d->out, "$edges%d << EOD\n", style);
    for (size_t i = 0; i < d->outline->num_edges; i++) {
        const struct sb_outline_edge *e = &d->outline->edges[i];
        if (d->column[e->from] < 0 || d->column[e->to] < 0 || style_of(d, e) != style)
            continue;
        const struct curve c = curve_of(d, e);
        for (int k = 0; k <= CURVE_POINTS; k++) {
            const struct point p = point_at(&c, (double)k / CURVE_POINTS);
            sb_str_printf(d->out, "%.4f %.4f\n", p.x, p.y);
        }
        sb_str_puts(d->out, "\n");
        count++;
    }
    sb_str_puts(d->out, "EOD\n");
    return count;
}

static void put_arrow_heads(const struct drawing *d)
{
    for (size_t i = 0; i < d->outline->num_edges; i++) {
        const struct sb_outline_edge *e = &d->outline->edges[i];
        if (d->column[e->from] < 0 || d->column[e->to] < 0)
            continue;
        const struct curve c = curve_of(d, e);
        const struct point a = point_at(&c, 0.93), b = point_at(&c, 1.0);
        sb_str_printf(d->out,
                      "set arrow from %.4f,%.4f to %.4f,%.4f head filled size screen %.5f,16 front "
                      "linewidth 1.2 linecolor rgb '%s'\n",
                      a.x, a.y, b.x, b.y,
                      9.0 / (MARGIN_LEFT + MARGIN_RIGHT + d->columns * d->column_pixels),
                      styles[style_of(d, e)].colour);
    }
}

static void put_plot(const struct drawing *d, const int counts[])
{
    sb_str_puts(d->out, "plot ");
    bool first = true;
    for (int s = 0; s < N_STYLES; s++) {
        if (counts[s] == 0)
            continue;
        sb_str_printf(
            d->out, "%s$edges%d with lines linewidth 1.6 dashtype %s linecolor rgb '%s' title '%s'",
            first ? "" : ", ", s, styles[s].dash, styles[s].colour, styles[s].title);
        first = false;
    }
    sb_str_puts(d->out, first ? "NaN notitle\n" : "\n");
}

/* What the shapes mean, of those that occur. */
static void put_caption(const struct drawing *d, int width, int height)
{
    static const struct {
        const char *kind, *text;
    } rows[] = {{"bottleneck", "rectangle: bottleneck block"},
                {"residual", "diamond: residual block"},
                {"mbconv", "rectangle: MBConv block"},
                {"stem", "grey: stem"},
                {"fpn", "green: pyramid"}};
    struct sb_str text = SB_STR_INIT;
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        bool found = false;
        for (size_t i = 0; i < d->outline->num_blocks && !found; i++)
            found = d->column[i] >= 0 && strcmp(d->outline->blocks[i].kind, rows[r].kind) == 0;
        if (found)
            sb_str_printf(&text, "%s   ", rows[r].text);
    }
    sb_str_puts(&text, "red frame: output");
    sb_str_puts(d->out, "set label ");
    sb_gnuplot_quote(d->out, sb_str_text(&text));
    sb_str_printf(d->out,
                  " at screen %.5f,%.5f left noenhanced font ',9' textcolor rgb '#6b7680'\n",
                  (double)MARGIN_LEFT / width, 1.0 - 47.0 / height);
    sb_str_release(&text);
}

static void put_frame(const struct drawing *d, const char *title, int width, int height)
{
    sb_str_printf(d->out,
                  "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
                  "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
                  (double)MARGIN_LEFT / width, 1.0 - (double)MARGIN_RIGHT / width,
                  1.0 - (double)MARGIN_TOP / height, (double)MARGIN_BELOW / height);
    sb_str_printf(d->out, "set xrange [-0.7:%.1f]\nset yrange [%.2f:%.2f]\n", d->columns - 0.3,
                  d->min_level - 0.5, d->max_level + 0.62);
    sb_str_puts(d->out, "unset border\nunset xtics\nunset ytics\n"
                        "set key below horizontal center samplen 2.4 width 2 "
                        "textcolor rgb '#3b4650' noenhanced\n"
                        "set label ");
    sb_gnuplot_quote(d->out, title);
    sb_str_printf(d->out,
                  " at screen %.5f,%.5f left noenhanced font ',15' textcolor rgb '#20303f'\n",
                  (double)MARGIN_LEFT / width, 1.0 - 26.0 / height);
}

int sb_outline_gnuplot(const struct sb_outline *outline, const char *title, struct sb_str *out,
                       int *width, int *height, struct sb_error *err)
{
    struct drawing d = {.outline = outline, .out = out};
    const int rc = assign_columns(&d, err);
    SB_CHECK(rc == 0, rc);
    int counts[N_STYLES];
    d.column_pixels = d.columns <= 24 ? 62 : (d.columns <= 40 ? 44 : 32);
    d.half_width = d.columns <= 24 ? 0.29 : 0.31;
    d.half_height = d.half_width * d.column_pixels / LEVEL_PIXELS;
    *width = MARGIN_LEFT + MARGIN_RIGHT + (d.columns < 8 ? 8 : d.columns) * d.column_pixels;
    *height = MARGIN_TOP + MARGIN_BELOW + (int)((d.max_level - d.min_level + 1.12) * LEVEL_PIXELS);
    put_frame(&d, title, *width, *height);
    put_caption(&d, *width, *height);
    put_levels(&d);
    for (int s = 0; s < N_STYLES; s++)
        counts[s] = put_edges(&d, s);
    put_arrow_heads(&d);
    for (size_t i = 0; i < outline->num_blocks; i++) {
        if (d.column[i] >= 0)
            put_block(&d, i);
    }
    put_plot(&d, counts);
    sb_free(d.column);
    return out->failed ? sb_error_nomem(err, "a drawing", out->length) : 0;
}
