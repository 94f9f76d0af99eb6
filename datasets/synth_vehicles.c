/* Cars, buses, trucks, bicycles and boats, all in side view facing right. See synth_objects.h. */
#include "datasets/synth_objects.h"

struct sb_rgb sb_paint_colour(struct sb_rng *rng)
{
    static const struct sb_rgb colours[] = {
        {190, 40, 36},  {36, 78, 158},   {222, 222, 218}, {38, 40, 44},   {128, 134, 140},
        {226, 176, 40}, {40, 116, 70},   {214, 110, 34},  {96, 38, 92},   {72, 150, 180},
        {150, 92, 56},  {236, 206, 176}, {196, 70, 120},  {120, 168, 60},
    };
    const int n = sizeof(colours) / sizeof(colours[0]);
    return sb_vary(colours[sb_pick(rng, 0, n - 1)], 18, rng);
}

static void wheel(const struct sb_pen *pen, int x, int radius)
{
    const struct sb_paint tyre = sb_paint(SB_RGB(30, 30, 32), 20, 10);
    const struct sb_paint rim = sb_paint(SB_RGB(168, 172, 176), 50, 0);
    const struct sb_paint hub = sb_paint(SB_RGB(70, 72, 76), 0, 0);
    sb_draw_ellipse(pen, x, -radius, radius, radius, &tyre);
    sb_draw_ellipse(pen, x, -radius, radius * 6 / 10, radius * 6 / 10, &rim);
    for (int i = 0; i < 5; i++) {
        const int a = i * SB_TURN / 5;
        sb_draw_limb(pen, x, -radius, radius / 16, x + radius * sb_cosine(a) / 32768,
                     -radius + radius * sb_sine(a) / 32768, radius / 16, &hub);
    }
    sb_draw_ellipse(pen, x, -radius, radius / 6, radius / 6, &hub);
}

static struct sb_paint glass(struct sb_rng *rng)
{
    return sb_paint(sb_vary(SB_RGB(70, 92, 110), 16, rng), 90, 0);
}

void sb_draw_car(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb colour = sb_paint_colour(rng);
    const struct sb_paint body = sb_paint(colour, 70, 6), window = glass(rng);
    const struct sb_paint dark = sb_paint(SB_RGB(34, 34, 38), 10, 0);
    const struct sb_paint seam = sb_paint(sb_mix(colour, SB_RGB(0, 0, 0), 110), 0, 0);
    const struct sb_paint front = sb_paint(SB_RGB(250, 240, 190), 0, 0);
    const struct sb_paint rear = sb_paint(SB_RGB(200, 24, 24), 0, 0);
    const int t = sb_pick(rng, -1150, -620); /* hatchback .. saloon */
    const int roof = sb_pick(rng, 180, 380);
    const struct sb_point hull[] = {{-1370, -170},    {-1400, -560}, {-1240, -660}, {t - 120, -680},
                                    {t + 130, -1010}, {roof, -1030}, {780, -650},   {1220, -590},
                                    {1400, -480},     {1390, -170}};
    const struct sb_point pane[] = {
        {t + 60, -680}, {t + 210, -940}, {roof - 40, -960}, {640, -660}};
    sb_draw_rectangle(pen, -1250, -260, 1250, -120, &dark);
    sb_draw_blob(pen, hull, 10, &body);
    sb_draw_polygon(pen, pane, 4, &window);
    const int pillar = (t + roof) / 2 + 60;
    sb_draw_rectangle(pen, pillar - 28, -970, pillar + 28, -640, &body);
    sb_draw_rectangle(pen, pillar - 8, -640, pillar + 8, -230, &seam);
    sb_draw_rectangle(pen, pillar - 190, -560, pillar - 70, -530, &seam);
    sb_draw_ellipse(pen, 1280, -470, 70, 55, &front);
    sb_draw_rectangle(pen, -1370, -560, -1280, -450, &rear);
    const int radius = sb_pick(rng, 210, 245);
    wheel(pen, -830, radius);
    wheel(pen, 850, radius);
}

void sb_draw_bus(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb colour = sb_paint_colour(rng);
    const struct sb_paint body = sb_paint(colour, 40, 5), window = glass(rng);
    const struct sb_paint band = sb_paint(sb_vary(SB_RGB(226, 226, 220), 20, rng), 20, 0);
    const struct sb_paint lamp = sb_paint(SB_RGB(250, 240, 190), 0, 0);
    const struct sb_paint sign = sb_paint(SB_RGB(34, 30, 20), 0, 0);
    const struct sb_paint letters = sb_paint(SB_RGB(250, 170, 40), 0, 0);
    const int half = sb_pick(rng, 1150, 1450), panes = sb_pick(rng, 5, 7);
    const struct sb_point hull[] = {{-half, -110}, {-half, -600},     {-half, -1030},    {0, -1030},
                                    {half, -1030}, {half + 30, -600}, {half + 20, -110}, {0, -110}};
    sb_draw_blob(pen, hull, 8, &body);
    sb_draw_rectangle(pen, -half + 60, -430, half - 40, -360, &band);
    const int pitch = (2 * half - 420) / panes;
    for (int i = 0; i < panes; i++) {
        const int x = -half + 100 + i * pitch;
        sb_draw_rectangle(pen, x, -880, x + pitch - 50, -500, &window);
    }
    sb_draw_rectangle(pen, half - 270, -880, half - 60, -170, &window); /* door */
    sb_draw_rectangle(pen, half - 172, -880, half - 158, -170, &body);
    sb_draw_rectangle(pen, half - 700, -985, half - 120, -910, &sign);
    for (int i = 0; i < 5; i++)
        sb_draw_rectangle(pen, half - 650 + i * 100, -965, half - 600 + i * 100, -930, &letters);
    sb_draw_rectangle(pen, half - 50, -300, half + 4, -230, &lamp);
    wheel(pen, -half + 480, 150);
    wheel(pen, half - 480, 150);
}

void sb_draw_truck(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb colour = sb_paint_colour(rng), load = sb_paint_colour(rng);
    const struct sb_paint cab = sb_paint(colour, 60, 5), window = glass(rng);
    const struct sb_paint box = sb_paint(load, 24, 4);
    const struct sb_paint rib = sb_paint(sb_mix(load, SB_RGB(0, 0, 0), 50), 0, 0);
    const struct sb_paint frame = sb_paint(SB_RGB(40, 40, 44), 0, 0);
    const struct sb_paint lamp = sb_paint(SB_RGB(250, 240, 190), 0, 0);
    const int back = sb_pick(rng, -1350, -950), top = sb_pick(rng, -1020, -880);
    const struct sb_point hull[] = {{560, -160}, {560, -560},  {560, -860},  {760, -870},
                                    {960, -850}, {1090, -520}, {1160, -430}, {1170, -160}};
    const struct sb_point pane[] = {{690, -540}, {690, -780}, {910, -780}, {1020, -540}};
    sb_draw_rectangle(pen, back + 30, -250, 1100, -150, &frame);
    sb_draw_rectangle(pen, back, top, 500, -230, &box);
    const int ribs = sb_chance(rng, 60) ? sb_pick(rng, 4, 9) : 0;
    for (int i = 1; i < ribs; i++) {
        const int x = back + i * (500 - back) / ribs;
        sb_draw_rectangle(pen, x - 8, top + 30, x + 8, -260, &rib);
    }
    sb_draw_blob(pen, hull, 8, &cab);
    sb_draw_polygon(pen, pane, 4, &window);
    sb_draw_ellipse(pen, 1120, -310, 36, 46, &lamp);
    wheel(pen, back + 260, 165);
    if (back < -1100)
        wheel(pen, back + 620, 165);
    wheel(pen, 830, 165);
}

static void spoked_wheel(const struct sb_pen *pen, int x, int radius)
{
    const struct sb_paint tyre = sb_paint(SB_RGB(36, 36, 40), 0, 0);
    struct sb_paint spoke = sb_paint(SB_RGB(150, 152, 156), 0, 0);
    spoke.opacity = 150;
    for (int i = 0; i < 8; i++) {
        const int a = i * SB_TURN / 16;
        const int dx = radius * sb_cosine(a) / 16384, dy = radius * sb_sine(a) / 16384;
        sb_draw_limb(pen, x - dx, -radius - dy, 6, x + dx, -radius + dy, 6, &spoke);
    }
    sb_draw_ring(pen, x, -radius, radius, radius, 52, &tyre);
}

void sb_draw_bicycle(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint tube = sb_paint(sb_paint_colour(rng), 40, 0);
    const struct sb_paint dark = sb_paint(SB_RGB(32, 30, 30), 0, 0);
    const int r = sb_pick(rng, 330, 360), low = sb_chance(rng, 40) ? 200 : 0;
    spoked_wheel(pen, -560, r);
    spoked_wheel(pen, 560, r);
    sb_draw_limb(pen, -560, -r, 26, -60, -300, 26, &tube);        /* chain stay */
    sb_draw_limb(pen, -60, -300, 30, -200, -800, 30, &tube);      /* seat tube */
    sb_draw_limb(pen, -60, -300, 30, 390, -760 + low, 30, &tube); /* down tube */
    sb_draw_limb(pen, -180, -740 + low, 30, 400, -800 + low, 30, &tube);
    sb_draw_limb(pen, -560, -r, 22, -185, -730, 22, &tube);
    sb_draw_limb(pen, 560, -r, 28, 370, -940, 28, &tube);    /* fork */
    sb_draw_limb(pen, 370, -940, 24, 500, -1000, 24, &dark); /* handlebar */
    sb_draw_limb(pen, 370, -940, 24, 300, -990, 24, &dark);
    sb_draw_limb(pen, -310, -850, 36, -110, -835, 24, &dark); /* saddle */
    sb_draw_ellipse(pen, -60, -300, 70, 70, &dark);
    sb_draw_limb(pen, -60, -300, 18, 10, -150, 18, &dark);
}

static void sails(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb white = sb_vary(SB_RGB(236, 232, 222), 12, rng);
    const struct sb_rgb colour = sb_chance(rng, 35) ? sb_paint_colour(rng) : white;
    const struct sb_paint cloth = sb_paint(colour, 30, 6), jib = sb_paint(white, 36, 6);
    const struct sb_paint mast = sb_paint(SB_RGB(92, 70, 50), 0, 0);
    const struct sb_point main_sail[] = {{-20, -1000}, {-20, -280}, {-400, -270}, {-250, -560}};
    const struct sb_point fore_sail[] = {{40, -900}, {40, -290}, {420, -280}};
    sb_draw_limb(pen, 5, -1010, 14, 5, -150, 20, &mast);
    sb_draw_polygon(pen, main_sail, 4, &cloth);
    sb_draw_polygon(pen, fore_sail, 3, &jib);
}

static void cabin(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint wall = sb_paint(sb_vary(SB_RGB(226, 224, 216), 16, rng), 30, 0);
    const struct sb_paint roof = sb_paint(sb_paint_colour(rng), 20, 0), window = glass(rng);
    const struct sb_paint mast = sb_paint(SB_RGB(80, 80, 84), 0, 0);
    sb_draw_limb(pen, -60, -1000, 14, -60, -560, 18, &mast);
    sb_draw_rectangle(pen, -330, -620, 200, -230, &wall);
    sb_draw_rectangle(pen, -370, -680, 260, -600, &roof);
    for (int i = 0; i < 3; i++)
        sb_draw_rectangle(pen, -290 + 160 * i, -560, -180 + 160 * i, -420, &window);
}

void sb_draw_boat(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_paint hull = sb_paint(sb_paint_colour(rng), 60, 6);
    const struct sb_paint rail = sb_paint(SB_RGB(230, 226, 214), 0, 0);
    const struct sb_point shape[] = {{-620, -270}, {700, -290}, {560, -110}, {420, 0}, {-480, 0}};
    const struct sb_point edge[] = {{-620, -270}, {700, -290}, {660, -235}, {-605, -220}};
    if (sb_chance(rng, 60))
        sails(pen, rng);
    else
        cabin(pen, rng);
    sb_draw_polygon(pen, shape, 5, &hull);
    sb_draw_polygon(pen, edge, 4, &rail);
}
