/*
 * The species table and how each body plan is drawn from its traits. Colours vary within a species
 * as much as between those that share them. See synth_species.h.
 */
#include "datasets/synth_species.h"

#include "base/hash.h"
#include "datasets/synth_backdrop.h"
#include "datasets/synth_objects.h"

#include <string.h>

struct traits {
    struct sb_species name;
    void (*draw)(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng);
    struct sb_rgb main, second; /* colours */
    int count;                  /* wing bars, spots, stripes, petals */
    bool mark;                  /* cap, wing edge, eye spot, ring around the centre */
    bool shape;                 /* long beak, tailed wings, forked fin, narrow petals */
};

static void draw_songbird(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng);
static void draw_butterfly(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng);
static void draw_fish(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng);
static void draw_flower(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng);

#define BROWN                                                                                      \
    {                                                                                              \
        120, 92, 64                                                                                \
    }
#define SLATE                                                                                      \
    {                                                                                              \
        84, 98, 118                                                                                \
    }
#define CREAM                                                                                      \
    {                                                                                              \
        232, 216, 186                                                                              \
    }
#define RUST                                                                                       \
    {                                                                                              \
        186, 96, 54                                                                                \
    }
#define ORANGE                                                                                     \
    {                                                                                              \
        226, 140, 40                                                                               \
    }
#define BLUE                                                                                       \
    {                                                                                              \
        70, 110, 190                                                                               \
    }
#define SILVER                                                                                     \
    {                                                                                              \
        170, 182, 190                                                                              \
    }
#define DARK                                                                                       \
    {                                                                                              \
        44, 42, 50                                                                                 \
    }
#define PINK                                                                                       \
    {                                                                                              \
        222, 120, 170                                                                              \
    }
#define WHITE                                                                                      \
    {                                                                                              \
        240, 238, 232                                                                              \
    }
#define YELLOW                                                                                     \
    {                                                                                              \
        236, 200, 50                                                                               \
    }

static const struct traits table[SB_SPECIES_COUNT] = {
    {{"Pictavis simplex", "Aves"}, draw_songbird, BROWN, CREAM, 0, false, false},
    {{"Pictavis unifasciatus", "Aves"}, draw_songbird, BROWN, CREAM, 1, false, false},
    {{"Pictavis bifasciatus", "Aves"}, draw_songbird, BROWN, CREAM, 2, false, false},
    {{"Pictavis coronatus", "Aves"}, draw_songbird, BROWN, CREAM, 1, true, false},
    {{"Pictavis longirostris", "Aves"}, draw_songbird, SLATE, RUST, 1, false, true},
    {{"Pictavis ardens", "Aves"}, draw_songbird, SLATE, RUST, 2, true, false},
    {{"Alapicta nuda", "Insecta"}, draw_butterfly, ORANGE, DARK, 0, true, false},
    {{"Alapicta monops", "Insecta"}, draw_butterfly, ORANGE, DARK, 1, true, false},
    {{"Alapicta triops", "Insecta"}, draw_butterfly, ORANGE, DARK, 3, true, false},
    {{"Alapicta caudata", "Insecta"}, draw_butterfly, ORANGE, DARK, 1, true, true},
    {{"Alapicta caerulea", "Insecta"}, draw_butterfly, BLUE, WHITE, 2, false, false},
    {{"Alapicta limbata", "Insecta"}, draw_butterfly, BLUE, WHITE, 2, true, false},
    {{"Tabulapiscis argenteus", "Actinopterygii"}, draw_fish, SILVER, DARK, 0, false, false},
    {{"Tabulapiscis tristriatus", "Actinopterygii"}, draw_fish, SILVER, DARK, 3, false, false},
    {{"Tabulapiscis quinquestriatus", "Actinopterygii"}, draw_fish, SILVER, DARK, 5, false, false},
    {{"Tabulapiscis furcatus", "Actinopterygii"}, draw_fish, SILVER, DARK, 3, false, true},
    {{"Tabulapiscis ocellatus", "Actinopterygii"}, draw_fish, YELLOW, BLUE, 2, true, false},
    {{"Tabulapiscis flavus", "Actinopterygii"}, draw_fish, YELLOW, BLUE, 2, false, false},
    {{"Radiaflora quinquefolia", "Plantae"}, draw_flower, PINK, YELLOW, 5, false, false},
    {{"Radiaflora sexfolia", "Plantae"}, draw_flower, PINK, YELLOW, 6, false, false},
    {{"Radiaflora annulata", "Plantae"}, draw_flower, PINK, YELLOW, 6, true, false},
    {{"Radiaflora stellata", "Plantae"}, draw_flower, WHITE, YELLOW, 8, false, true},
    {{"Radiaflora candida", "Plantae"}, draw_flower, WHITE, YELLOW, 8, false, false},
    {{"Radiaflora multifolia", "Plantae"}, draw_flower, WHITE, YELLOW, 12, false, true},
};

static struct sb_paint ink(struct sb_rgb colour, int vary, struct sb_rng *rng)
{
    return sb_paint(sb_vary(colour, vary, rng), 40, 24);
}

static void draw_songbird(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng)
{
    const struct sb_paint back = ink(t->main, 22, rng), breast = ink(t->second, 18, rng);
    const struct sb_paint dark = sb_paint(SB_RGB(34, 32, 32), 0, 0);
    const struct sb_paint bar = sb_paint(SB_RGB(240, 236, 226), 0, 0);
    const struct sb_paint cap = sb_paint(SB_RGB(40, 36, 38), 20, 0);
    const int beak = t->shape ? sb_pick(rng, 250, 290) : sb_pick(rng, 110, 140);
    const struct sb_point tail[] = {{-280, 0}, {-700, 130}, {-660, 220}, {-250, 130}};
    const struct sb_point body[] = {{-380, 20}, {-160, -190}, {170, -250}, {380, -90},
                                    {320, 160}, {60, 280},    {-240, 200}};
    const struct sb_point wing[] = {{180, -150}, {-60, -170}, {-400, 10},
                                    {-560, 110}, {-160, 130}, {140, 40}};
    sb_draw_limb(pen, -30, 220, 18, -20, 480, 14, &dark);
    sb_draw_limb(pen, 70, 220, 18, 90, 480, 14, &dark);
    sb_draw_polygon(pen, tail, 4, &back);
    sb_draw_blob(pen, body, 7, &breast);
    sb_draw_blob(pen, wing, 6, &back);
    for (int i = 0; i < t->count; i++)
        sb_draw_limb(pen, 20 - 150 * i, -90 + 24 * i, 20, -70 - 150 * i, 80 + 20 * i, 16, &bar);
    sb_draw_ellipse(pen, 270, -300, 165, 160, &back);
    sb_draw_ellipse(pen, 320, -250, 96, 80, &breast);
    if (t->mark)
        sb_draw_ellipse(pen, 250, -390, 130, 70, &cap);
    const struct sb_point bill[] = {{400, -340}, {420 + beak, -280}, {400, -230}};
    sb_draw_polygon(pen, bill, 3, &dark);
    sb_draw_ellipse(pen, 330, -330, 26, 26, &dark);
}

/* The wings of one side; side is -1 or 1. */
static void wings(const struct sb_pen *pen, const struct traits *t, int side,
                  const struct sb_paint *face, const struct sb_paint *second)
{
    const struct sb_paint eye = sb_paint(SB_RGB(240, 236, 220), 0, 0);
    const struct sb_point upper[] = {{0, -120},          {side * 240, -470}, {side * 520, -430},
                                     {side * 500, -120}, {side * 260, 40},   {0, 40}};
    const struct sb_point lower[] = {
        {0, 0}, {side * 280, 0}, {side * 400, 180}, {side * 300, 400}, {side * 120, 360}, {0, 120}};
    const struct sb_point streamer[] = {
        {side * 170, 330}, {side * 300, 330}, {side * 300, 540}, {side * 260, 560}};
    if (t->shape)
        sb_draw_blob(pen, streamer, 4, second);
    sb_draw_blob(pen, lower, 6, t->mark ? second : face);
    sb_draw_blob(pen, upper, 6, t->mark ? second : face);
    if (t->mark) { /* a dark edge: the same wings again, smaller */
        const struct sb_pen inner = sb_pen_part(pen, side * 28, 0, 860, 0);
        sb_draw_blob(&inner, lower, 6, face);
        sb_draw_blob(&inner, upper, 6, face);
    }
    for (int i = 0; i < t->count; i++) {
        const int x = side * (330 - 70 * i), y = -270 + 200 * i;
        sb_draw_ellipse(pen, x, y, 58, 58, second);
        sb_draw_ellipse(pen, x, y, 26, 26, &eye);
    }
}

static void draw_butterfly(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng)
{
    const struct sb_paint face = ink(t->main, 26, rng), second = ink(t->second, 12, rng);
    const struct sb_paint body = sb_paint(SB_RGB(40, 34, 34), 20, 0);
    wings(pen, t, -1, &face, &second);
    wings(pen, t, 1, &face, &second);
    sb_draw_limb(pen, 0, -190, 34, 0, 240, 22, &body);
    sb_draw_limb(pen, 0, -200, 8, -130, -410, 8, &body);
    sb_draw_limb(pen, 0, -200, 8, 130, -410, 8, &body);
}

static void draw_fish(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng)
{
    const struct sb_paint scales = ink(t->main, 22, rng), second = ink(t->second, 16, rng);
    const struct sb_paint fin = sb_paint(sb_mix(scales.colour, second.colour, 90), 30, 20);
    const struct sb_paint white = sb_paint(SB_RGB(244, 244, 240), 0, 0);
    const struct sb_paint dark = sb_paint(SB_RGB(20, 20, 24), 0, 0);
    const struct sb_point forked[] = {{-340, 0}, {-620, -280}, {-500, 0}, {-620, 280}};
    const struct sb_point rounded[] = {{-330, 0}, {-480, -190}, {-610, -120},
                                       {-630, 0}, {-610, 120},  {-480, 190}};
    const struct sb_point top[] = {{180, -230}, {-60, -400}, {-260, -170}};
    const struct sb_point belly[] = {{60, 230}, {-80, 380}, {-220, 180}};
    const struct sb_point body[] = {{520, 20}, {330, -220}, {0, -290}, {-300, -130},
                                    {-420, 0}, {-300, 130}, {0, 290},  {330, 220}};
    if (t->shape)
        sb_draw_polygon(pen, forked, 4, &fin);
    else
        sb_draw_blob(pen, rounded, 6, &fin);
    sb_draw_polygon(pen, top, 3, &fin);
    sb_draw_polygon(pen, belly, 3, &fin);
    sb_draw_blob(pen, body, 8, &scales);
    for (int i = 0; i < t->count; i++) { /* stripes as tall as the body there */
        const int x = 200 - i * 460 / t->count, half = 235 - (x > 0 ? x / 4 : -x / 3);
        sb_draw_limb(pen, x, -half + 30, 22, x - 10, half - 30, 16, &second);
    }
    if (t->mark) {
        sb_draw_ellipse(pen, -270, 0, 66, 66, &white);
        sb_draw_ellipse(pen, -270, 0, 44, 44, &dark);
    }
    sb_draw_ellipse(pen, 350, -60, 46, 46, &white);
    sb_draw_ellipse(pen, 356, -60, 26, 26, &dark);
}

static void draw_flower(const struct sb_pen *pen, const struct traits *t, struct sb_rng *rng)
{
    const struct sb_paint petal = ink(t->main, 18, rng), middle = ink(t->second, 16, rng);
    const struct sb_paint rim = sb_paint(sb_mix(t->main, SB_RGB(120, 20, 60), 150), 0, 0);
    const struct sb_paint green = ink(SB_RGB(70, 120, 54), 16, rng);
    const int wide = t->shape ? 62 : 900 / t->count, turn = sb_pick(rng, 0, SB_TURN - 1);
    sb_draw_limb(pen, 0, 60, 24, sb_pick(rng, -90, 90), 900, 30, &green);
    for (int i = 0; i < t->count; i++) {
        const struct sb_pen leaf = sb_pen_part(pen, 0, 0, SB_UNIT, turn + i * SB_TURN / t->count);
        const struct sb_point shape[] = {{0, -90},  {wide, -240},  {wide, -430},
                                         {0, -520}, {-wide, -430}, {-wide, -240}};
        sb_draw_blob(&leaf, shape, 6, &petal);
        if (t->shape)
            sb_draw_limb(&leaf, 0, -150, 10, 0, -400, 4, &rim);
    }
    if (t->mark)
        sb_draw_ellipse(pen, 0, 0, 205, 205, &rim);
    sb_draw_ellipse(pen, 0, 0, 140, 140, &middle);
}

const struct sb_species *sb_species_get(int index)
{
    return &table[index].name;
}

static int choose_species(const char *split, uint64_t index, struct sb_rng *rng)
{
    if (strcmp(split, "train") != 0)
        return (int)(index % SB_SPECIES_COUNT);
    int total = 0, left;
    for (int i = 0; i < SB_SPECIES_COUNT; i++)
        total += 10000 / (i + 1);
    left = sb_pick(rng, 0, total - 1);
    int rank = 0;
    while (left >= 10000 / (rank + 1))
        left -= 10000 / (rank++ + 1);
    return rank * 7 % SB_SPECIES_COUNT; /* spreads the rare ones over the super-categories */
}

/* An out-of-focus ground: two colours mixed by large noise, and blades or bubbles in front. */
static void paint_background(struct sb_canvas *canvas, struct sb_rng *rng)
{
    static const struct sb_rgb pairs[][2] = {{{86, 120, 70}, {170, 186, 120}},
                                             {{60, 96, 120}, {140, 176, 186}},
                                             {{120, 104, 84}, {190, 178, 150}},
                                             {{150, 170, 196}, {214, 220, 226}}};
    const int pair = sb_pick(rng, 0, 3), grain = sb_pick(rng, 24, 70) * 256;
    const struct sb_rgb a = sb_vary(pairs[pair][0], 24, rng), b = sb_vary(pairs[pair][1], 24, rng);
    const uint32_t seed = (uint32_t)sb_rng_u64(rng);
    struct sb_image *image = canvas->image;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            const struct sb_rgb c = sb_mix(a, b, sb_noise_octaves(x * 256, y * 256, grain, seed));
            memcpy(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x), &c, 3);
        }
    }
    struct sb_pen pen;
    sb_pen_start(&pen, canvas, 0, 0, SB_UNIT * 256, 0, false); /* units are pixels */
    const int streaks = sb_pick(rng, 0, 14);
    for (int i = 0; i < streaks; i++) {
        struct sb_paint p = sb_paint(sb_vary(sb_mix(a, b, 128), 40, rng), 0, 0);
        p.opacity = 120;
        const int x = sb_pick(rng, 0, image->width), y = sb_pick(rng, 0, image->height);
        const int dx = sb_pick(rng, -14, 14), dy = sb_pick(rng, 8, 60);
        sb_draw_limb(&pen, x, y, sb_pick(rng, 1, 3), x + dx, y + dy, 1, &p);
    }
}

int sb_species_make(uint64_t seed, const char *split, uint64_t index, struct sb_image *out,
                    int *species, struct sb_error *err)
{
    struct sb_canvas canvas;
    const uint64_t stream = sb_fnv1a(SB_FNV_START, split, strlen(split));
    struct sb_rng rng = sb_rng_seed(sb_rng_mix(sb_rng_mix(seed + 1) ^ stream) + index);
    int rc = sb_image_create(out, SB_SPECIES_SIZE, SB_SPECIES_SIZE, err);
    if (rc)
        return rc;
    rc = sb_canvas_init(&canvas, out, err);
    if (rc) {
        sb_image_release(out);
        return rc;
    }
    *species = choose_species(split, index, &rng);
    const struct traits *t = &table[*species];
    paint_background(&canvas, &rng);
    const int32_t size = sb_pick(&rng, 52, 104) * 256;
    const int32_t x = sb_pick(&rng, 48, 80) * 256, y = sb_pick(&rng, 50, 78) * 256;
    const int angle = sb_pick(&rng, -90, 90);
    struct sb_pen pen;
    sb_pen_start(&pen, &canvas, x, y, size, angle, sb_chance(&rng, 50));
    pen.seed = (uint32_t)sb_rng_u64(&rng);
    t->draw(&pen, t, &rng);
    sb_photograph(out, &rng);
    sb_canvas_release(&canvas);
    return 0;
}
