/* Options that would change nothing. See option_rules.h. */
#include "cli/option_rules.h"

#include "base/str.h"

#include <assert.h>
#include <string.h>

/* What rules are about: a table and which of its options were given. */
struct line {
    const struct sb_option *table;
    const bool *given;
};

/* The next name of a list with commas: its option; NULL at the end. Moves *names behind it. */
static const struct sb_option *next_named(const struct line *l, const char **names)
{
    const size_t n = strcspn(*names, ",");
    if (n == 0)
        return NULL;
    const struct sb_option *o = sb_option_at(l->table);
    while (o && (strncmp(o->name, *names, n) != 0 || o->name[n]))
        o = sb_option_at(o + 1);
    assert(o); /* a rule names options of its table */
    *names += n + ((*names)[n] == ',');
    return o;
}

/* The first of the named options that was given, or NULL. */
static const struct sb_option *first_given(const struct line *l, const char *names)
{
    const struct sb_option *found = NULL, *o;
    while ((o = next_named(l, &names)))
        found = !found && l->given[o - l->table] ? o : found;
    return found;
}

static bool is_named(const struct line *l, const char *names, const struct sb_option *o)
{
    const struct sb_option *named;
    while ((named = next_named(l, &names)) && named != o)
        ;
    return named != NULL;
}

/* "--draw DIR or --records FILE" */
static void put_names(const struct line *l, const char *names, const char *word, bool values,
                      struct sb_str *out)
{
    const struct sb_option *o;
    const char *between = "";
    while ((o = next_named(l, &names))) {
        sb_str_printf(out, "%s--%s", between, o->name);
        if (values && o->metavar)
            sb_str_printf(out, " %s", o->metavar);
        between = word;
    }
}

static int check_needs(const struct line *l, const struct sb_option *rule, struct sb_error *err)
{
    const struct sb_option *const o = first_given(l, rule->name);
    if (first_given(l, rule->help) || !o)
        return 0;
    struct sb_str names = SB_STR_INIT;
    put_names(l, rule->help, " or ", false, &names);
    sb_error_set(err, SB_EINVAL, "--%s means nothing without %s", o->name, sb_str_text(&names));
    sb_str_clear(&names);
    put_names(l, rule->help, " or ", true, &names);
    const int rc = sb_error_hint(err, "add %s", sb_str_text(&names));
    sb_str_release(&names);
    return rc;
}

static int means_nothing_beside(const struct sb_option *o, const struct sb_option *other,
                                struct sb_error *err)
{
    return sb_error_set(err, SB_EINVAL, "--%s means nothing beside --%s", o->name, other->name);
}

static int check_excludes(const struct line *l, const struct sb_option *rule, struct sb_error *err)
{
    const struct sb_option *const o = first_given(l, rule->name);
    const struct sb_option *const other = first_given(l, rule->help);
    if (!o || !other)
        return 0;
    means_nothing_beside(other, o, err);
    return sb_error_hint(err, "leave one of them out");
}

static int check_alone(const struct line *l, const struct sb_option *rule, struct sb_error *err)
{
    const struct sb_option *const alone = first_given(l, rule->name);
    for (const struct sb_option *o = l->table; alone && (o = sb_option_at(o)); o++) {
        if (o == alone || !l->given[o - l->table] || is_named(l, rule->help, o))
            continue;
        struct sb_str names = SB_STR_INIT;
        put_names(l, rule->help, ", ", false, &names);
        means_nothing_beside(o, alone, err);
        sb_error_hint(err, "--%s goes with %s", alone->name,
                      names.length ? sb_str_text(&names) : "no other option");
        sb_str_release(&names);
        return SB_EINVAL;
    }
    return 0;
}

int sb_option_rules_check(const struct sb_option *table, const bool *given, struct sb_error *err)
{
    const struct line l = {table, given};
    int rc = 0;
    for (const struct sb_option *o = table; rc == 0 && o->type != SB_OPTION_END; o++) {
        if (o->type == SB_OPTION_NEEDS)
            rc = check_needs(&l, o, err);
        else if (o->type == SB_OPTION_EXCLUDES)
            rc = check_excludes(&l, o, err);
        else if (o->type == SB_OPTION_ALONE)
            rc = check_alone(&l, o, err);
    }
    return rc;
}
