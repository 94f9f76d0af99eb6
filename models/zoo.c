/* Look-up and display order of the embedded specs. See zoo.h and model.h. */
#include "models/zoo.h"

#include "base/file.h"
#include "base/str.h"
#include "models/model.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct sb_embedded *find(const struct sb_embedded *files, const char *stem)
{
    for (const struct sb_embedded *f = files; f->name; f++) {
        if (strcmp(f->stem, stem) == 0)
            return f;
    }
    return NULL;
}

const struct sb_embedded *sb_zoo_find(const char *name)
{
    return find(sb_zoo_files, name);
}

const char *sb_zoo_weights_name(const char *path)
{
    const size_t length = strlen(SB_EMBEDDED_WEIGHTS);
    return strncmp(path, SB_EMBEDDED_WEIGHTS, length) == 0 ? path + length : NULL;
}

const struct sb_embedded *sb_zoo_weights(const char *name)
{
    return find(sb_weight_files, name);
}

int sb_zoo_unknown(const char *name, struct sb_error *err)
{
    const char *best = NULL;
    for (const struct sb_embedded *f = sb_zoo_files; f->name; f++) {
        if (sb_name_is_near(name, f->stem) &&
            (!best || sb_name_distance(name, f->stem) < sb_name_distance(name, best)))
            best = f->stem;
    }
    sb_error_set(err, SB_ENOTFOUND, "unknown model '%.80s'", name);
    if (best)
        return sb_error_hint(err, "did you mean %s?", best);
    return sb_error_hint(err, "'spinebench models' lists them; a spec of your own is given as a "
                              "path that ends in .json");
}

/* Detectors first, then classifiers, bare backbones, and the tiny models of the embedded data last.
 */
static int group_of(const char *name)
{
    static const char *const heads[] = {"retinanet-", "maskrcnn-"};
    static const char *const tails[] = {"-imagenet", "-inaturalist2017"};
    if (strncmp(name, "tiny-", 5) == 0)
        return 5;
    for (int i = 0; i < 2; i++) {
        if (strncmp(name, heads[i], strlen(heads[i])) == 0)
            return i;
        if (sb_ends_with(name, tails[i]))
            return 2 + i;
    }
    return 4;
}

/* Letters behind a number fall, and stand before a plain one: 49xs, 49s, 49 come by size. */
static int suffix_order(unsigned char a, unsigned char b)
{
    if (isalpha(a) && isalpha(b))
        return b - a;
    return isalpha(a) || isalpha(b) ? (isalpha(a) ? -1 : 1) : a - b;
}

/* Numbers by value, everything else by character. */
static int natural_order(const char *a, const char *b)
{
    bool after_digit = false;
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            const unsigned long x = strtoul(a, (char **)&a, 10), y = strtoul(b, (char **)&b, 10);
            if (x != y)
                return x < y ? -1 : 1;
            after_digit = true;
            continue;
        }
        if (*a != *b)
            break;
        after_digit = false;
        a++;
        b++;
    }
    const unsigned char x = (unsigned char)*a, y = (unsigned char)*b;
    return after_digit ? suffix_order(x, y) : x - y;
}

static bool comes_before(const char *a, const char *b)
{
    const int group_a = group_of(a), group_b = group_of(b);
    return group_a != group_b ? group_a < group_b : natural_order(a, b) < 0;
}

/* The table is small and constant: the name with `index` names before it. */
const char *sb_zoo_name(size_t index)
{
    for (const struct sb_embedded *f = sb_zoo_files; f->name; f++) {
        size_t before = 0;
        for (const struct sb_embedded *other = sb_zoo_files; other->name; other++)
            before += comes_before(other->stem, f->stem);
        if (before == index)
            return f->stem;
    }
    return NULL;
}
