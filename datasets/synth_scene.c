/*
 * Composing a scene: things are chosen and placed first, then drawn from far to near, twice. The
 * first time only coverage is drawn, to learn which things could hardly be seen; those are left out
 * when the picture is made, so that everything of a class that shows is also annotated. See
 * synth_scene.h.
 */
#include "datasets/synth_scene.h"

#include "base/hash.h"
#include "base/mem.h"
#include "datasets/synth_backdrop.h"
#include "datasets/synth_objects.h"

#include <string.h>

#define MAX_ITEMS   80
#define MIN_SIDE    8   /* of a box, pixels */
#define MAX_SIDE    220 /* of a thing as if nothing hid it */
#define MIN_VISIBLE 30  /* percent of the pixels of a thing */
#define MIN_PIXELS  16
#define OPAQUE      128 /* coverage from which a pixel belongs to a thing */

const struct sb_scene_class sb_scene_classes[SB_SCENE_CLASSES] = {
    {"person", "person"}, {"bicycle", "vehicle"}, {"car", "vehicle"}, {"bus", "vehicle"},
    {"truck", "vehicle"}, {"boat", "vehicle"},    {"bird", "animal"}, {"cat", "animal"},
    {"dog", "animal"},    {"sheep", "animal"},    {"ball", "round"},  {"balloon", "round"},
    {"clock", "round"},
};

enum zone { GROUND, WATER, SKY, POST };

/* Everything that can stand in a scene; category 0 is clutter. */
struct kind {
    int category;
    sb_draw_fn draw;
    int height_cm; /* of SB_UNIT */
    int reach;     /* its longer side as it is drawn, units */
    int shadow;    /* half the width of its foot, units; 0 = casts none */
    enum zone zone;
    int weight[SB_PLACES]; /* how often, by place: street, meadow, shore */
};

static const struct kind kinds[] = {
    {1, sb_draw_person, 175, 1024, 170, GROUND, {7, 4, 8}},
    {2, sb_draw_bicycle, 115, 1830, 800, GROUND, {4, 3, 1}},
    {3, sb_draw_car, 150, 2790, 1350, GROUND, {7, 1, 0}},
    {4, sb_draw_bus, 310, 2700, 1400, GROUND, {5, 0, 0}},
    {5, sb_draw_truck, 320, 2300, 1200, GROUND, {5, 1, 0}},
    {6, sb_draw_boat, 520, 1320, 0, WATER, {0, 0, 12}},
    {7, sb_draw_bird, 36, 1300, 300, GROUND, {1, 2, 3}},
    {7, sb_draw_flying_bird, 100, 1040, 0, SKY, {1, 2, 3}},
    {8, sb_draw_cat, 48, 1400, 480, GROUND, {4, 4, 1}},
    {9, sb_draw_dog, 80, 1450, 560, GROUND, {3, 4, 4}},
    {10, sb_draw_sheep, 95, 1250, 500, GROUND, {0, 8, 0}},
    {11, sb_draw_ball, 42, 1024, 420, GROUND, {2, 4, 6}},
    {12, sb_draw_balloon, 120, 1020, 0, SKY, {3, 3, 3}},
    {13, sb_draw_clock, 100, 1024, 0, POST, {5, 2, 2}},
    {0, sb_draw_tree, 620, 1024, 330, GROUND, {3, 8, 1}},
    {0, sb_draw_bush, 120, 1600, 800, GROUND, {1, 6, 1}},
    {0, sb_draw_rock, 70, 1700, 850, GROUND, {0, 3, 4}},
    {0, sb_draw_lamp, 430, 1024, 60, GROUND, {4, 1, 1}},
    {0, sb_draw_sign, 260, 1024, 50, GROUND, {4, 1, 0}},
    {0, sb_draw_parasol, 240, 1024, 420, GROUND, {0, 0, 6}},
};
#define N_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

struct item {
    const struct kind *kind;
    int32_t x, y; /* origin, 1/256 pixel */
    int32_t size; /* pixels of SB_UNIT, 1/256 pixel */
    int depth;    /* row of the foot: nearer things have larger ones */
    int angle;
    uint64_t seed; /* of the rng that draws it */
    bool flip, crowd, dropped;
    uint32_t full, visible; /* pixels: alone, and what is left by those before it */
};

struct stage {
    struct sb_canvas canvas;
    struct sb_backdrop backdrop;
    struct sb_rng rng;
    size_t count;
    struct item items[MAX_ITEMS];
    uint8_t owner[SB_SCENE_SIZE * SB_SCENE_SIZE]; /* item index + 1 per pixel; 0 = none */
    uint8_t mask[SB_SCENE_SIZE * SB_SCENE_SIZE];  /* of the object being encoded */
};

static const struct kind *choose_kind(struct stage *s, bool labelled)
{
    int total = 0;
    for (int i = 0; i < N_KINDS; i++)
        total += (kinds[i].category != 0) == labelled ? kinds[i].weight[s->backdrop.place] : 0;
    int left = sb_pick(&s->rng, 0, total - 1);
    for (int i = 0; i < N_KINDS; i++) {
        if ((kinds[i].category != 0) != labelled)
            continue;
        left -= kinds[i].weight[s->backdrop.place];
        if (left < 0)
            return &kinds[i];
    }
    return &kinds[0];
}

/* A length whose logarithm is spread evenly over lo..hi, in 1/256 pixel. */
static int32_t choose_length(struct sb_rng *rng, int lo, int hi)
{
    static const int steps[] = {9,  10, 12, 14, 16, 19,  22,  26,  30,  35,  41,
                                48, 56, 66, 77, 90, 105, 123, 144, 168, 196, 215};
    int step = 0;
    do
        step = steps[sb_pick(rng, 0, sizeof(steps) / sizeof(steps[0]) - 1)];
    while (step < lo || step > hi);
    return step * sb_pick(rng, 236, 264);
}

/* Row of the foot of a thing of this size, as perspective has it. */
static int foot_row(const struct stage *s, const struct kind *kind, int32_t size)
{
    return s->backdrop.horizon +
           (int)((int64_t)size * s->backdrop.camera_cm / kind->height_cm / 256);
}

static bool row_fits(const struct stage *s, const struct kind *kind, int row, int32_t size)
{
    const struct sb_backdrop *b = &s->backdrop;
    if (kind->zone == WATER)
        return row >= b->horizon + 2 && row < b->waterline;
    return row >= b->waterline + 4 && row <= SB_SCENE_SIZE + size / 256 / 2;
}

/* Fills in x, y, size and depth; false when no place was found. `longest` bounds the longer side.
 */
static bool place(struct stage *s, struct item *it, int longest)
{
    struct sb_rng *rng = &s->rng;
    for (int attempt = 0; attempt < 12; attempt++) {
        const int shortest =
            longest == MAX_SIDE && sb_chance(rng, 40) ? 70 : 9; /* more near ones */
        const int32_t length = choose_length(rng, shortest, longest);
        it->size = (int32_t)((int64_t)length * SB_UNIT / it->kind->reach);
        it->x = sb_pick(rng, 0, SB_SCENE_SIZE * 256);
        if (it->kind->zone == SKY) {
            it->depth = sb_pick(rng, s->backdrop.horizon, SB_SCENE_SIZE);
            it->y = sb_pick(rng, 10 * 256, (s->backdrop.horizon + 40) * 256);
            return true;
        }
        it->depth = foot_row(s, it->kind, it->size);
        it->y = it->depth * 256;
        if (row_fits(s, it->kind, it->depth, it->size))
            return true;
    }
    return false;
}

static struct item *add_item(struct stage *s, const struct kind *kind)
{
    if (s->count == MAX_ITEMS)
        return NULL;
    struct item *it = &s->items[s->count];
    memset(it, 0, sizeof(*it));
    it->kind = kind;
    it->seed = sb_rng_u64(&s->rng);
    it->flip = sb_chance(&s->rng, 50);
    if (kind->zone == SKY)
        it->angle = sb_pick(&s->rng, -60, 60);
    else if (kind->zone != POST)
        it->angle = sb_pick(&s->rng, -8, 8);
    s->count++;
    return it;
}

static void add_single(struct stage *s, const struct kind *kind, int longest)
{
    struct item *it = add_item(s, kind);
    if (it && !place(s, it, longest))
        s->count--;
}

/* One more of the same kind that stands close by, so that they overlap. */
static void add_neighbour(struct stage *s)
{
    const struct item first = s->items[s->count - 1];
    struct item *it = add_item(s, first.kind);
    if (!it)
        return;
    const int scale = sb_pick(&s->rng, 220, 292);
    const int side = sb_chance(&s->rng, 50) ? 1 : -1, shift = side * sb_pick(&s->rng, 30, 90);
    it->size = first.size * scale / 256;
    it->depth = first.kind->zone == SKY ? first.depth + 1 : foot_row(s, first.kind, it->size);
    it->y = first.kind->zone == SKY ? first.y + sb_pick(&s->rng, -2048, 2048) : it->depth * 256;
    it->x = first.x + (int32_t)((int64_t)first.size * first.kind->reach / SB_UNIT * shift / 100);
    if (it->x < 0 || it->x > SB_SCENE_SIZE * 256 ||
        (first.kind->zone != SKY && !row_fits(s, first.kind, it->depth, it->size)))
        s->count--;
}

/* A dense group of small things that is annotated as one region. */
static void add_crowd(struct stage *s)
{
    static const int members[SB_PLACES][2] = {{0, 7}, {0, 10}, {0, 7}}; /* person, or by place */
    const struct kind *kind = &kinds[members[s->backdrop.place][sb_pick(&s->rng, 0, 1)]];
    const int n = sb_pick(&s->rng, 10, 18);
    add_single(s, kind, 30);
    if (s->count == 0 || s->items[s->count - 1].kind != kind)
        return;
    const struct item first = s->items[s->count - 1];
    s->items[s->count - 1].crowd = true;
    for (int i = 1; i < n; i++) {
        struct item *it = add_item(s, kind);
        if (!it)
            return;
        it->crowd = true;
        it->size = first.size * sb_pick(&s->rng, 225, 290) / 256;
        it->x = first.x + first.size * sb_pick(&s->rng, -300, 300) / 128;
        it->depth = kind->zone == SKY ? first.depth : foot_row(s, kind, it->size);
        it->y = kind->zone == SKY ? first.y + first.size * sb_pick(&s->rng, -200, 200) / 128
                                  : it->depth * 256;
    }
}

static void sort_by_depth(struct stage *s)
{
    for (size_t i = 1; i < s->count; i++) {
        const struct item it = s->items[i];
        size_t k = i;
        for (; k > 0 && s->items[k - 1].depth > it.depth; k--)
            s->items[k] = s->items[k - 1];
        s->items[k] = it;
    }
}

static void furnish(struct stage *s)
{
    struct sb_rng *rng = &s->rng;
    const int clutter = sb_pick(rng, 1, 7), wanted = sb_pick(rng, 4, 16);
    for (int i = 0; i < clutter; i++)
        add_single(s, choose_kind(s, false), MAX_SIDE);
    for (int i = 0; i < wanted; i++) {
        const size_t before = s->count;
        if (i > 0 && s->count > 0 && s->items[s->count - 1].kind->category && sb_chance(rng, 35))
            add_neighbour(s);
        if (s->count == before)
            add_single(s, choose_kind(s, true), MAX_SIDE);
    }
    if (sb_chance(rng, 14))
        add_crowd(s);
    sort_by_depth(s);
}

/* Gives the pixels that the pen covered to `owner`; returns their number. */
static uint32_t stamp(struct stage *s, uint8_t owner)
{
    const struct sb_canvas *c = &s->canvas;
    uint32_t n = 0;
    for (int y = c->top; y < c->bottom; y++) {
        for (int x = c->left; x < c->right; x++) {
            if (c->coverage[y * SB_SCENE_SIZE + x] >= OPAQUE) {
                s->owner[y * SB_SCENE_SIZE + x] = owner;
                n++;
            }
        }
    }
    return n;
}

static void draw_shadow(struct stage *s, const struct item *it)
{
    struct sb_pen pen;
    struct sb_paint dark = sb_paint(SB_RGB(20, 20, 26), 0, 0);
    dark.opacity = 80;
    sb_pen_start(&pen, &s->canvas, it->x, it->y, it->size, 0, it->flip);
    const int wide = it->kind->shadow, high = wide / 5 < 90 ? wide / 5 : 90;
    sb_draw_ellipse(&pen, wide / 8, -6, wide + wide / 8, high, &dark);
    sb_draw_ellipse(&pen, 0, -6, wide * 7 / 8, high * 5 / 8, &dark);
}

/* A clock hangs at the top of a post that is of no class; returns the clock's place. */
static int32_t draw_post(struct stage *s, const struct item *it, bool mask_only)
{
    struct sb_pen pen;
    const int32_t tall = it->size * 32 / 10;
    struct sb_rng rng = sb_rng_seed(it->seed + 1);
    sb_pen_start(&pen, &s->canvas, it->x, it->y, tall, 0, it->flip);
    pen.mask_only = mask_only;
    sb_draw_post(&pen, &rng);
    stamp(s, 0);
    return it->y - tall - it->size / 3;
}

static void draw_item(struct stage *s, size_t index, bool mask_only)
{
    struct item *it = &s->items[index];
    const struct sb_backdrop *b = &s->backdrop;
    int32_t y = it->y;
    if (it->kind->shadow && !mask_only)
        draw_shadow(s, it);
    if (it->kind->zone == POST)
        y = draw_post(s, it, mask_only);
    struct sb_pen pen;
    struct sb_rng rng = sb_rng_seed(it->seed);
    sb_pen_start(&pen, &s->canvas, it->x, y, it->size, it->angle, it->flip);
    pen.mask_only = mask_only;
    pen.seed = (uint32_t)it->seed;
    pen.haze = b->haze;
    const int near = (it->depth - b->horizon) * 256 / (SB_SCENE_SIZE - b->horizon);
    pen.haze_amount = it->kind->zone != SKY && near < 128 ? (128 - near) * 3 / 4 : 0;
    it->kind->draw(&pen, &rng);
    it->full = stamp(s, it->kind->category ? (uint8_t)(index + 1) : 0);
}

static void draw_all(struct stage *s, bool mask_only)
{
    memset(s->owner, 0, sizeof(s->owner));
    for (size_t i = 0; i < s->count; i++) {
        s->items[i].visible = 0;
        if (!s->items[i].dropped)
            draw_item(s, i, mask_only);
        const struct sb_canvas *c = &s->canvas;
        if (c->right - c->left > MAX_SIDE || c->bottom - c->top > MAX_SIDE)
            s->items[i].dropped |= s->items[i].kind->category != 0;
    }
    for (size_t p = 0; p < sizeof(s->owner); p++) {
        if (s->owner[p])
            s->items[s->owner[p] - 1].visible++;
    }
}

/* The mask of item `index`, or of the whole crowd when index is MAX_ITEMS; reuses rle's memory. */
static int take_mask(struct stage *s, size_t index, struct sb_rle *rle, struct sb_error *err)
{
    for (size_t p = 0; p < sizeof(s->owner); p++) {
        const uint8_t owner = s->owner[p];
        s->mask[p] = index == MAX_ITEMS ? owner && s->items[owner - 1].crowd : owner == index + 1;
    }
    return sb_rle_from_mask(rle, SB_SCENE_SIZE, SB_SCENE_SIZE, s->mask, SB_SCENE_SIZE, err);
}

static bool hardly_shows(const struct item *it, const struct sb_rle *mask)
{
    double box[4];
    sb_rle_box(mask, box);
    return it->visible < MIN_PIXELS ||
           (uint64_t)it->visible * 100 < (uint64_t)it->full * MIN_VISIBLE ||
           (box[2] < MIN_SIDE && box[3] < MIN_SIDE);
}

static int drop_hidden(struct stage *s, struct sb_error *err)
{
    struct sb_rle mask = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        struct item *it = &s->items[i];
        if (!it->kind->category)
            continue;
        rc = take_mask(s, i, &mask, err);
        it->dropped = it->dropped || (rc == 0 && hardly_shows(it, &mask));
    }
    sb_rle_release(&mask);
    return rc;
}

static int add_object(struct stage *s, size_t index, int category, struct sb_scene *out,
                      struct sb_error *err)
{
    struct sb_scene_object *o = &out->objects[out->count++];
    const int rc = take_mask(s, index, &o->mask, err);
    if (rc)
        return rc;
    double box[4];
    sb_rle_box(&o->mask, box);
    for (int i = 0; i < 4; i++)
        o->box[i] = (int)box[i];
    o->category = category;
    o->crowd = index == MAX_ITEMS;
    o->area = sb_rle_area(&o->mask);
    if (o->area == 0) { /* left out, or hidden in the end */
        sb_rle_release(&o->mask);
        out->count--;
    }
    return 0;
}

static int annotate(struct stage *s, struct sb_scene *out, struct sb_error *err)
{
    int rc = 0, crowd = 0;
    out->objects = sb_calloc(s->count + 1, sizeof(*out->objects), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!out->objects)
        return sb_error_nomem(err, "a scene", s->count * sizeof(*out->objects));
    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        const struct item *it = &s->items[i];
        if (it->crowd)
            crowd = it->kind->category;
        else if (it->kind->category)
            rc = add_object(s, i, it->kind->category, out, err);
    }
    if (rc == 0 && crowd)
        rc = add_object(s, MAX_ITEMS, crowd, out, err);
    return rc;
}

static int make(struct stage *s, struct sb_scene *out, struct sb_error *err)
{
    int rc = sb_image_create(&out->image, SB_SCENE_SIZE, SB_SCENE_SIZE, err);
    if (rc == 0)
        rc = sb_canvas_init(&s->canvas, &out->image, err);
    if (rc)
        return rc;
    sb_backdrop_paint(&s->canvas, &s->rng, &s->backdrop);
    furnish(s);
    draw_all(s, true);
    rc = drop_hidden(s, err);
    if (rc)
        return rc;
    draw_all(s, false);
    sb_photograph(&out->image, &s->rng);
    return annotate(s, out, err);
}

int sb_scene_make(uint64_t seed, const char *split, uint64_t index, struct sb_scene *out,
                  struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    struct stage *s = sb_calloc(1, sizeof(*s), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!s)
        return sb_error_nomem(err, "a scene", sizeof(*s));
    const uint64_t stream = sb_fnv1a(SB_FNV_START, split, strlen(split));
    s->rng = sb_rng_seed(sb_rng_mix(sb_rng_mix(seed) ^ stream) + index);
    const int rc = make(s, out, err);
    sb_canvas_release(&s->canvas);
    sb_free(s);
    if (rc)
        sb_scene_release(out);
    return rc;
}

void sb_scene_release(struct sb_scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        sb_rle_release(&scene->objects[i].mask);
    sb_free(scene->objects);
    sb_image_release(&scene->image);
    memset(scene, 0, sizeof(*scene));
}
