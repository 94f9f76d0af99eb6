/* Round things that look alike (ball, balloon, clock, sign), and clutter. See synth_objects.h. */
#include "datasets/synth_objects.h"

static const struct sb_rgb white = {238, 236, 230}, black = {26, 26, 28};

/* A soft light spot on the upper left of a round thing. */
static void highlight(const struct sb_pen *pen, int x, int y, int radius)
{
    struct sb_paint light = sb_paint(SB_RGB(255, 255, 255), 0, 0);
    light.opacity = 70;
    sb_draw_ellipse(pen, x - radius * 3 / 8, y - radius * 3 / 8, radius / 3, radius / 4, &light);
    sb_draw_ellipse(pen, x - radius * 3 / 8, y - radius * 3 / 8, radius / 5, radius / 7, &light);
}

/* Corner of a circle around the middle of a ball. */
static struct sb_point on_ball(int angle, int radius)
{
    const struct sb_point p = {radius * sb_cosine(angle) / 16384,
                               -512 + radius * sb_sine(angle) / 16384};
    return p;
}

static void beach_ball(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb a = sb_paint_colour(rng), b = sb_paint_colour(rng);
    const struct sb_paint skin = sb_paint(white, 70, 0);
    sb_draw_ellipse(pen, 0, -512, 512, 512, &skin);
    for (int i = 0; i < 3; i++) { /* gores from a pole that is off the middle */
        const struct sb_paint gore = sb_paint(i == 1 ? b : a, 70, 0);
        struct sb_point corners[8] = {{90, -640}};
        for (int k = 0; k < 7; k++)
            corners[k + 1] = on_ball(i * SB_TURN / 3 + k * SB_TURN / 36, 508);
        sb_draw_polygon(pen, corners, 8, &gore);
    }
    const struct sb_paint pole = sb_paint(white, 0, 0);
    sb_draw_ellipse(pen, 90, -640, 60, 60, &pole);
}

static void football(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint skin = sb_paint(white, 80, 6), patch = sb_paint(black, 30, 0);
    const int turn = sb_pick(rng, 0, SB_TURN / 5);
    sb_draw_ellipse(pen, 0, -512, 512, 512, &skin);
    for (int i = -1; i < 5; i++) { /* one patch in the middle, five at the rim */
        struct sb_point corners[5], at = {0, -512};
        if (i >= 0)
            at = on_ball(turn + i * SB_TURN / 5, 400);
        for (int k = 0; k < 5; k++) {
            corners[k] = on_ball(turn + SB_TURN / 10 + k * SB_TURN / 5, i < 0 ? 165 : 125);
            corners[k].x += at.x;
            corners[k].y += at.y + 512;
        }
        sb_draw_polygon(pen, corners, 5, &patch);
        if (i >= 0)
            sb_draw_limb(pen, 0, -512, 8, at.x, at.y, 8, &patch);
    }
}

void sb_draw_ball(const struct sb_pen *pen, struct sb_rng *rng)
{
    const int kind = sb_pick(rng, 0, 2);
    if (kind == 0) {
        beach_ball(pen, rng);
    } else if (kind == 1) {
        football(pen, rng);
    } else { /* a plain ball with a seam, as for basketball or tennis */
        const struct sb_rgb colour =
            sb_chance(rng, 50) ? SB_RGB(206, 110, 44) : SB_RGB(200, 214, 66);
        const struct sb_paint skin = sb_paint(sb_vary(colour, 14, rng), 90, 14);
        const struct sb_paint seam = sb_paint(sb_mix(colour, black, 150), 0, 0);
        sb_draw_ellipse(pen, 0, -512, 512, 512, &skin);
        const struct sb_pen turned =
            sb_pen_part(pen, 0, -512, SB_UNIT, sb_pick(rng, 0, SB_TURN - 1));
        sb_draw_limb(&turned, -490, 0, 14, 490, 0, 14, &seam);
        sb_draw_ring(&turned, 0, 0, 200, 490, 28, &seam);
    }
    highlight(pen, 0, -512, 512);
}

void sb_draw_balloon(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb colour = sb_paint_colour(rng);
    const struct sb_paint skin = sb_paint(colour, 70, 0);
    const struct sb_paint dark = sb_paint(sb_mix(colour, black, 90), 0, 0);
    struct sb_paint string = sb_paint(SB_RGB(80, 76, 72), 0, 0);
    string.opacity = 190;
    int x = 0, y = 150;
    for (int i = 0; i < 5; i++) {
        const int nx = x + sb_pick(rng, -40, 40);
        sb_draw_limb(pen, x, y, 9, nx, y + 76, 9, &string);
        x = nx;
        y += 76;
    }
    const struct sb_point skin_shape[] = {{-190, -490}, {190, -490}, {350, -330}, {330, -90},
                                          {110, 130},   {-110, 130}, {-330, -90}, {-350, -330}};
    const struct sb_point knot[] = {{0, 90}, {46, 160}, {-46, 160}};
    sb_draw_polygon(pen, knot, 3, &dark);
    sb_draw_blob(pen, skin_shape, 8, &skin);
    highlight(pen, 0, -220, 300);
}

void sb_draw_clock(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb frame = sb_chance(rng, 60) ? sb_vary(black, 14, rng) : sb_paint_colour(rng);
    const struct sb_paint rim = sb_paint(frame, 60, 0);
    const struct sb_paint face = sb_paint(sb_vary(white, 12, rng), 20, 4),
                          ink = sb_paint(black, 0, 0);
    sb_draw_ellipse(pen, 0, 0, 512, 512, &rim);
    sb_draw_ellipse(pen, 0, 0, 440, 440, &face);
    for (int i = 0; i < 12; i++) {
        const int a = i * SB_TURN / 12, inner = i % 3 ? 370 : 330;
        sb_draw_limb(pen, inner * sb_cosine(a) / 16384, inner * sb_sine(a) / 16384, i % 3 ? 12 : 20,
                     400 * sb_cosine(a) / 16384, 400 * sb_sine(a) / 16384, i % 3 ? 12 : 20, &ink);
    }
    const int hour = sb_pick(rng, 0, 11), minute = sb_pick(rng, 0, 59);
    const int h = (hour * 60 + minute) * SB_TURN / 720 - SB_TURN / 4,
              m = minute * SB_TURN / 60 - SB_TURN / 4;
    sb_draw_limb(pen, 0, 0, 36, 220 * sb_cosine(h) / 16384, 220 * sb_sine(h) / 16384, 26, &ink);
    sb_draw_limb(pen, 0, 0, 28, 340 * sb_cosine(m) / 16384, 340 * sb_sine(m) / 16384, 18, &ink);
}

void sb_draw_post(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint iron = sb_paint(sb_vary(SB_RGB(58, 60, 62), 10, rng), 0, 10);
    sb_draw_limb(pen, 0, -1000, 14, 0, -10, 22, &iron);
    sb_draw_rectangle(pen, -40, -40, 40, 0, &iron);
}

void sb_draw_sign(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint pole = sb_paint(SB_RGB(140, 142, 144), 0, 0);
    const struct sb_paint red = sb_paint(sb_vary(SB_RGB(196, 30, 34), 14, rng), 20, 0);
    const struct sb_paint pale = sb_paint(white, 10, 0), ink = sb_paint(black, 0, 0);
    sb_draw_limb(pen, 0, -800, 12, 0, -6, 14, &pole);
    sb_draw_ellipse(pen, 0, -870, 150, 150, &red);
    if (sb_chance(rng, 50)) {
        sb_draw_rectangle(pen, -110, -900, 110, -840, &pale); /* no entry */
    } else {
        sb_draw_ellipse(pen, 0, -870, 112, 112, &pale); /* a limit of some tens */
        sb_draw_ring(pen, -40, -870, 34, 56, 16, &ink);
        sb_draw_ring(pen, 42, -870, 34, 56, 16, &ink);
    }
}

void sb_draw_lamp(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint iron = sb_paint(sb_vary(SB_RGB(70, 74, 72), 12, rng), 0, 0);
    const struct sb_paint globe = sb_paint(sb_vary(SB_RGB(244, 236, 206), 8, rng), 30, 0);
    sb_draw_limb(pen, 0, -930, 12, 0, -6, 18, &iron);
    sb_draw_ellipse(pen, 0, -950, 58, 62, &globe);
    sb_draw_limb(pen, -40, -1012, 10, 40, -1012, 10, &iron);
}

static void crown(const struct sb_pen *pen, int x, int y, int rx, int ry, struct sb_rgb leaf,
                  struct sb_rng *rng)
{
    for (int i = 0; i < 14; i++) {
        const int a = i * SB_TURN * 5 / 14, reach = 100 - i * 6; /* from the rim inwards */
        struct sb_paint p =
            sb_paint(sb_vary(sb_mix(leaf, SB_RGB(230, 240, 150), i * 5), 12, rng), 70, 90);
        p.scale = 40;
        const int rx_leaf = rx * sb_pick(rng, 38, 60) / 100;
        const int ry_leaf = ry * sb_pick(rng, 38, 60) / 100;
        sb_draw_ellipse(pen, x + rx * reach / 150 * sb_cosine(a) / 16384,
                        y + ry * reach / 150 * sb_sine(a) / 16384, rx_leaf, ry_leaf, &p);
    }
}

void sb_draw_tree(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint bark = sb_paint(sb_vary(SB_RGB(88, 66, 48), 12, rng), 20, 60);
    const struct sb_rgb leaf = sb_vary(SB_RGB(58, 96, 44), 26, rng);
    sb_draw_limb(pen, 0, -500, 40, 0, -10, 56, &bark);
    if (sb_chance(rng, 30)) { /* a fir */
        for (int i = 0; i < 4; i++) {
            const int top = (-330 - 190 * i), w = (290 - 62 * i);
            const struct sb_point tier[] = {
                {0, (top - 270)}, {w, (top + 60)}, {0, top}, {-w, (top + 60)}};
            const struct sb_paint p = sb_paint(sb_mix(leaf, SB_RGB(10, 40, 30), 90), 50, 80);
            sb_draw_polygon(pen, tier, 4, &p);
        }
        return;
    }
    crown(pen, 0, -690, sb_pick(rng, 300, 400), 330, leaf, rng);
}

void sb_draw_bush(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb leaf = sb_vary(SB_RGB(66, 104, 48), 24, rng);
    crown(pen, 0, -480, sb_pick(rng, 600, 900), 480, leaf, rng);
}

void sb_draw_rock(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint stone =
        sb_paint(sb_mix(SB_RGB(96, 92, 88), SB_RGB(168, 158, 140), sb_pick(rng, 0, 256)), 80, 60);
    struct sb_point corners[9];
    for (int i = 0; i < 9; i++) {
        const int a = i * SB_TURN / 9, r = sb_pick(rng, 400, 560);
        corners[i].x = (r * 5 / 3 * sb_cosine(a) / 16384);
        corners[i].y = (-480 + r * sb_sine(a) / 16384);
    }
    sb_draw_blob(pen, corners, 9, &stone);
}

void sb_draw_parasol(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb a = sb_paint_colour(rng);
    const struct sb_paint pole = sb_paint(SB_RGB(206, 200, 190), 0, 0);
    sb_draw_limb(pen, 0, -940, 12, 0, -6, 12, &pole);
    for (int i = 0; i < 6; i++) {
        const int left = (-480 + 160 * i), right = (left + 160);
        const struct sb_point gore[] = {{0, -1020},
                                        {left, (-720 + (i == 0 ? 40 : 0))},
                                        {((left + right) / 2), -690},
                                        {right, (-720 + (i == 5 ? 40 : 0))}};
        const struct sb_paint cloth = sb_paint(i % 2 ? white : a, 40, 0);
        sb_draw_polygon(pen, gore, 4, &cloth);
    }
}
