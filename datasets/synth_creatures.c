/* People, dogs, cats, sheep and birds, in side view facing right. See synth_objects.h. */
#include "datasets/synth_objects.h"

static const struct sb_rgb black = {24, 22, 22};

/* A limb with one joint: from (x, y) down `length`, the upper part swung by angle, the lower bent.
 */
static void jointed(const struct sb_pen *pen, int x, int y, int length, int angle, int bend, int r,
                    const struct sb_paint *upper, const struct sb_paint *lower, int end[2])
{
    const int half = length / 2;
    const int kx = x + half * sb_sine(angle) / 16384, ky = y + half * sb_cosine(angle) / 16384;
    const int fx = kx + half * sb_sine(angle - bend) / 16384;
    const int fy = ky + half * sb_cosine(angle - bend) / 16384;
    sb_draw_limb(pen, kx, ky, r * 8 / 10, fx, fy, r * 6 / 10, lower);
    sb_draw_limb(pen, x, y, r, kx, ky, r * 8 / 10, upper);
    end[0] = fx;
    end[1] = fy;
}

struct clothes {
    struct sb_paint skin, hair, top, legs, shoes;
    bool long_sleeves, dress;
};

static struct clothes dress_up(struct sb_rng *rng)
{
    static const struct sb_rgb skins[] = {
        {232, 190, 160}, {200, 150, 116}, {150, 102, 72}, {98, 64, 46}};
    static const struct sb_rgb hairs[] = {
        {40, 30, 26}, {96, 62, 36}, {190, 150, 90}, {150, 148, 146}};
    static const struct sb_rgb trousers[] = {
        {40, 52, 84}, {58, 56, 54}, {120, 104, 80}, {24, 24, 28}};
    struct clothes c;
    c.skin = sb_paint(sb_vary(skins[sb_pick(rng, 0, 3)], 8, rng), 24, 0);
    c.hair = sb_paint(sb_vary(hairs[sb_pick(rng, 0, 3)], 8, rng), 30, 20);
    c.top = sb_paint(sb_paint_colour(rng), 36, 14);
    c.legs = sb_paint(sb_vary(trousers[sb_pick(rng, 0, 3)], 10, rng), 30, 14);
    c.shoes = sb_paint(sb_vary(SB_RGB(60, 46, 40), 30, rng), 0, 0);
    c.long_sleeves = sb_chance(rng, 60);
    c.dress = sb_chance(rng, 25);
    return c;
}

static void arm(const struct sb_pen *pen, const struct clothes *c, int swing)
{
    int hand[2];
    jointed(pen, 0, -800, 360, swing, -(SB_TURN / 20), 44, &c->top,
            c->long_sleeves ? &c->top : &c->skin, hand);
    sb_draw_ellipse(pen, hand[0], hand[1], 32, 34, &c->skin);
}

static void leg(const struct sb_pen *pen, const struct clothes *c, int swing)
{
    int foot[2];
    const struct sb_paint *cloth = c->dress ? &c->skin : &c->legs;
    jointed(pen, 0, -480, 450, swing, swing < 0 ? SB_TURN / 14 : SB_TURN / 60, 66, cloth, cloth,
            foot);
    sb_draw_limb(pen, foot[0], foot[1] + 4, 28, foot[0] + 70, foot[1] + 10, 22, &c->shoes);
}

static void head(const struct sb_pen *pen, const struct clothes *c, struct sb_rng *rng)
{
    const struct sb_paint eye = sb_paint(black, 0, 0);
    const bool long_hair = sb_chance(rng, 45), hat = sb_chance(rng, 20);
    const struct sb_paint felt = sb_paint(sb_paint_colour(rng), 30, 0);
    sb_draw_limb(pen, 0, -850, 34, 4, -800, 40, &c->skin);
    if (long_hair)
        sb_draw_limb(pen, -26, -930, 70, -44, -820, 50, &c->hair);
    sb_draw_ellipse(pen, 6, -926, 66, 80, &c->skin);
    sb_draw_ellipse(pen, -18, -960, 66, 58, &c->hair);
    sb_draw_ellipse(pen, 30, -930, 34, 40, &c->skin);
    sb_draw_ellipse(pen, 44, -938, 9, 10, &eye);
    if (hat) {
        sb_draw_ellipse(pen, 0, -985, 62, 40, &felt);
        sb_draw_limb(pen, -60, -968, 12, 110, -964, 10, &felt);
    }
}

void sb_draw_person(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct clothes c = dress_up(rng);
    const int stride = sb_chance(rng, 35) ? sb_pick(rng, 0, 16) : sb_pick(rng, 40, 110);
    const int swing = stride * 3 / 4;
    arm(pen, &c, -swing);
    leg(pen, &c, -stride);
    leg(pen, &c, stride);
    const struct sb_point trunk[] = {{-100, -830}, {0, -870}, {95, -830},  {100, -700},
                                     {86, -440},   {0, -420}, {-90, -440}, {-106, -700}};
    const struct sb_point skirt[] = {{-90, -560}, {90, -560},   {150, -300},
                                     {170, -250}, {-160, -250}, {-140, -300}};
    if (c.dress)
        sb_draw_blob(pen, skirt, 6, &c.top);
    sb_draw_blob(pen, trunk, 8, &c.top);
    head(pen, &c, rng);
    const int raised = sb_chance(rng, 15) ? SB_TURN * 3 / 8 : swing;
    arm(pen, &c, raised);
}

struct coat {
    struct sb_paint fur, dark, pale;
};

static struct coat coat_of(const struct sb_rgb *colours, int n, struct sb_rng *rng)
{
    const struct sb_rgb base = sb_vary(colours[sb_pick(rng, 0, n - 1)], 14, rng);
    const struct coat c = {sb_paint(base, 50, 40), sb_paint(sb_mix(base, black, 110), 30, 30),
                           sb_paint(sb_mix(base, SB_RGB(250, 246, 238), 150), 30, 20)};
    return c;
}

/* Four legs under a body from x = -reach to reach; the far pair is darker. */
static void four_legs(const struct sb_pen *pen, const struct coat *c, int reach, int hip, int r,
                      struct sb_rng *rng)
{
    int foot[2];
    for (int i = 0; i < 4; i++) {
        const struct sb_paint *paint = i < 2 ? &c->dark : &c->fur;
        const int x = (i & 1 ? reach : -reach) + (i < 2 ? 50 : -30);
        const int swing = sb_pick(rng, -55, 55);
        jointed(pen, x, -hip, hip - 10, swing, (i & 1 ? -1 : 1) * SB_TURN / 40, r, paint, paint,
                foot);
        sb_draw_limb(pen, foot[0], foot[1], r * 6 / 10, foot[0] + r / 2, foot[1], r / 2, paint);
    }
}

void sb_draw_dog(const struct sb_pen *pen, struct sb_rng *rng)
{
    static const struct sb_rgb colours[] = {
        {196, 150, 92}, {110, 74, 46}, {48, 44, 42}, {224, 212, 190}, {150, 100, 60}};
    const struct coat c = coat_of(colours, 5, rng);
    const struct sb_paint nose = sb_paint(black, 0, 0);
    const int wag = sb_pick(rng, -60, 120), snout = sb_pick(rng, 190, 260);
    four_legs(pen, &c, 330, 470, 70, rng);
    sb_draw_limb(pen, -430, -600, 52, -600 - wag / 3, -780 - wag, 24, &c.fur); /* short tail, up */
    const struct sb_point body[] = {{-500, -620}, {-330, -720}, {60, -690},
                                    {380, -760},  {500, -640},  {430, -440},
                                    {130, -390},  {-260, -420}, {-480, -460}};
    sb_draw_blob(pen, body, 9, &c.fur);
    if (sb_chance(rng, 40)) {
        const int spot = sb_pick(rng, -250, 100);
        sb_draw_ellipse(pen, spot, -590, sb_pick(rng, 90, 160), 90, &c.dark);
    }
    if (sb_chance(rng, 30))
        sb_draw_ellipse(pen, 400, -540, 80, 130, &c.pale);
    sb_draw_limb(pen, 390, -640, 130, 530, -820, 105, &c.fur); /* neck */
    sb_draw_ellipse(pen, 550, -860, 140, 128, &c.fur);
    sb_draw_limb(pen, 600, -820, 78, 600 + snout, -795, 52, sb_chance(rng, 40) ? &c.pale : &c.fur);
    sb_draw_ellipse(pen, 625 + snout, -815, 36, 30, &nose);
    sb_draw_ellipse(pen, 600, -895, 20, 22, &nose);
    const struct sb_point ear[] = {{470, -980}, {560, -950}, {540, -780}, {470, -690}, {410, -760}};
    sb_draw_blob(pen, ear, 5, &c.dark); /* hangs down */
}

static void cat_tail(const struct sb_pen *pen, const struct coat *c, struct sb_rng *rng)
{
    int x = -450, y = -560, angle = SB_TURN * 5 / 8 - sb_pick(rng, 0, 60), r = 46;
    const int curl = sb_pick(rng, 14, 44);
    for (int i = 0; i < 8; i++) {
        const int nx = x + 92 * sb_cosine(angle) / 16384, ny = y + 92 * sb_sine(angle) / 16384;
        sb_draw_limb(pen, x, y, r, nx, ny, r - 2, i % 2 ? &c->fur : &c->dark);
        x = nx;
        y = ny;
        r -= 2;
        angle += curl;
    }
}

void sb_draw_cat(const struct sb_pen *pen, struct sb_rng *rng)
{
    static const struct sb_rgb colours[] = {
        {150, 140, 130}, {206, 136, 66}, {50, 48, 50}, {226, 220, 210}, {120, 96, 76}};
    const struct coat c = coat_of(colours, 5, rng);
    const struct sb_paint eye = sb_paint(SB_RGB(170, 190, 60), 0, 0), pupil = sb_paint(black, 0, 0);
    struct sb_paint whisker = sb_paint(SB_RGB(240, 240, 240), 0, 0);
    whisker.opacity = 170;
    cat_tail(pen, &c, rng);
    four_legs(pen, &c, 310, 400, 58, rng);
    const struct sb_point body[] = {{-500, -560}, {-340, -680}, {0, -650},
                                    {300, -660},  {420, -560},  {380, -390},
                                    {60, -350},   {-280, -370}, {-470, -420}};
    sb_draw_blob(pen, body, 9, &c.fur);
    if (sb_chance(rng, 55)) { /* tabby */
        for (int x = -360; x <= 260; x += 104)
            sb_draw_limb(pen, x, -630, 20, x + 20, -480, 10, &c.dark);
    }
    sb_draw_ellipse(pen, 400, -470, 70, 100, &c.pale);
    const struct sb_point far_ear[] = {{430, -900}, {440, -1060}, {560, -960}};
    const struct sb_point near_ear[] = {{290, -900}, {300, -1060}, {430, -960}};
    sb_draw_polygon(pen, far_ear, 3, &c.dark);
    sb_draw_polygon(pen, near_ear, 3, &c.fur);
    sb_draw_ellipse(pen, 430, -800, 180, 165, &c.fur);
    sb_draw_ellipse(pen, 520, -740, 84, 62, &c.pale);
    sb_draw_ellipse(pen, 480, -830, 36, 30, &eye);
    sb_draw_ellipse(pen, 486, -830, 12, 28, &pupil);
    sb_draw_ellipse(pen, 576, -768, 22, 16, &pupil);
    for (int i = -1; i <= 1; i++)
        sb_draw_limb(pen, 540, -740, 5, 720, -740 + 46 * i, 4, &whisker);
}

void sb_draw_sheep(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct sb_rgb wool =
        sb_mix(SB_RGB(236, 232, 222), SB_RGB(176, 160, 136), sb_pick(rng, 0, 200));
    const struct sb_rgb face = sb_chance(rng, 60) ? SB_RGB(50, 44, 42) : SB_RGB(200, 184, 164);
    const struct coat c = {sb_paint(face, 30, 10), sb_paint(sb_mix(face, black, 80), 0, 0),
                           sb_paint(wool, 60, 50)};
    const struct sb_paint eye = sb_paint(SB_RGB(232, 214, 150), 0, 0);
    four_legs(pen, &c, 300, 380, 44, rng);
    for (int i = 0; i < 16; i++) { /* a bumpy fleece */
        const int a = i * SB_TURN / 16, r = sb_pick(rng, 120, 160);
        sb_draw_ellipse(pen, 420 * sb_cosine(a) / 16384, -590 + 190 * sb_sine(a) / 16384, r, r,
                        &c.pale);
    }
    sb_draw_ellipse(pen, 0, -600, 440, 230, &c.pale);
    const int bow = sb_chance(rng, 35) ? 320 : 0; /* grazing */
    sb_draw_limb(pen, 520, -780 + bow, 100, 650, -660 + bow, 66, &c.fur);
    sb_draw_limb(pen, 480, -800 + bow, 34, 390, -740 + bow, 26, &c.dark); /* ear */
    sb_draw_ellipse(pen, 500, -860 + bow, 90, 70, &c.pale);
    sb_draw_ellipse(pen, 580, -770 + bow, 18, 16, &eye);
}

struct plumage {
    struct sb_paint back, breast, beak, eye, legs;
};

static struct plumage plumage_of(struct sb_rng *rng)
{
    static const struct sb_rgb backs[] = {{60, 62, 66}, {110, 84, 60},   {70, 110, 160},
                                          {34, 32, 34}, {176, 178, 180}, {150, 50, 40}};
    const struct sb_rgb back = sb_vary(backs[sb_pick(rng, 0, 5)], 14, rng);
    const struct sb_rgb breast = sb_mix(back, SB_RGB(246, 232, 214), sb_pick(rng, 90, 230));
    const struct sb_rgb beak = sb_vary(SB_RGB(226, 160, 40), 20, rng);
    const struct plumage p = {sb_paint(back, 50, 40), sb_paint(breast, 40, 20),
                              sb_paint(beak, 20, 0), sb_paint(black, 0, 0),
                              sb_paint(SB_RGB(160, 100, 50), 0, 0)};
    return p;
}

void sb_draw_bird(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct plumage p = plumage_of(rng);
    const int beak = sb_pick(rng, 130, 260);
    sb_draw_limb(pen, -40, -330, 22, -60, -10, 18, &p.legs);
    sb_draw_limb(pen, 80, -330, 22, 90, -10, 18, &p.legs);
    sb_draw_limb(pen, -60, -10, 16, 40, -6, 10, &p.legs);
    sb_draw_limb(pen, 90, -10, 16, 190, -6, 10, &p.legs);
    const struct sb_point tail[] = {{-300, -560}, {-760, -470}, {-740, -360}, {-280, -400}};
    const struct sb_point body[] = {{-420, -520}, {-160, -720}, {200, -760}, {390, -620},
                                    {330, -380},  {60, -260},   {-240, -320}};
    const struct sb_point wing[] = {{160, -680},  {-80, -700},  {-440, -520},
                                    {-620, -420}, {-200, -400}, {120, -480}};
    sb_draw_polygon(pen, tail, 4, &p.back);
    sb_draw_blob(pen, body, 7, &p.breast);
    sb_draw_blob(pen, wing, 6, &p.back);
    sb_draw_ellipse(pen, 280, -820, 170, 165, &p.back);
    sb_draw_ellipse(pen, 330, -770, 100, 80, &p.breast);
    const struct sb_point bill[] = {{420, -860}, {(440 + beak), -800}, {420, -750}};
    sb_draw_polygon(pen, bill, 3, &p.beak);
    sb_draw_ellipse(pen, 350, -860, 30, 30, &p.eye);
}

void sb_draw_flying_bird(const struct sb_pen *pen, struct sb_rng *rng)
{
    const struct plumage p = plumage_of(rng);
    const int flap = sb_pick(rng, 110, 300), lift = sb_chance(rng, 60) ? flap : -flap,
              tip = (lift * 3 / 2 + 40);
    const struct sb_point far_wing[] = {
        {60, -60}, {250, (-lift - 60)}, {520, (-tip + 60)}, {330, (-lift + 50)}, {-40, 40}};
    const struct sb_point near_wing[] = {
        {70, -60}, {-180, (-lift - 70)}, {-520, (-tip + 40)}, {-260, (-lift + 60)}, {-60, 50}};
    const struct sb_point tail[] = {{-120, -20}, {-330, -60}, {-320, 50}, {-110, 40}};
    sb_draw_blob(pen, far_wing, 5, &p.back);
    sb_draw_polygon(pen, tail, 4, &p.back);
    sb_draw_limb(pen, -120, 10, 54, 130, -10, 66, &p.breast);
    sb_draw_ellipse(pen, 185, -40, 58, 52, &p.back);
    const struct sb_point bill[] = {{230, -60}, {330, -20}, {228, -14}};
    sb_draw_polygon(pen, bill, 3, &p.beak);
    sb_draw_blob(pen, near_wing, 5, &p.back);
}
