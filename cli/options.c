/* Option tables: parsing and help. See options.h. */
#include "cli/options.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/option_rules.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 63 /* of an option */

int sb_parse_int(const char *text, const char *what, int64_t lo, int64_t hi, int64_t *out,
                 struct sb_error *err)
{
    char *end;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (end == text || *end || errno || v < lo || v > hi)
        return sb_error_set(err, SB_EINVAL, "%s: expected an integer from %lld to %lld, got '%s'",
                            what, (long long)lo, (long long)hi, text);
    *out = v;
    return 0;
}

static int parse_double(const struct sb_option *o, const char *text, struct sb_error *err)
{
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v) || v < o->dlo || v > o->dhi)
        return sb_error_set(err, SB_EINVAL, "--%s: expected a number from %g to %g, got '%s'",
                            o->name, o->dlo, o->dhi, text);
    *(double *)o->target = v;
    return 0;
}

/* Adds the comma-separated parts of text. */
static int add_list(const struct sb_option *o, const char *text, struct sb_error *err)
{
    struct sb_option_list *list = o->target;
    const size_t n = strlen(text) + 1;
    if (list->used + n > sizeof(list->storage))
        return sb_error_set(err, SB_EINVAL, "--%s: list too long", o->name);
    char *p = memcpy(list->storage + list->used, text, n);
    list->used += n;
    while (*text && p) {
        char *const part = strsep(&p, ",");
        if (!*part)
            return sb_error_set(err, SB_EINVAL, "--%s: '%s' has an empty item", o->name, text);
        if (list->count == SB_OPTION_LIST_MAX)
            return sb_error_set(err, SB_EINVAL, "--%s: more than %d items", o->name,
                                SB_OPTION_LIST_MAX);
        list->items[list->count++] = part;
    }
    return 0;
}

static bool is_rule(const struct sb_option *o)
{
    return o->type >= SB_OPTION_NEEDS;
}

const struct sb_option *sb_option_at(const struct sb_option *o)
{
    while (is_rule(o))
        o++;
    return o->type == SB_OPTION_END ? NULL : o;
}

static bool takes_value(const struct sb_option *o)
{
    return o->type != SB_OPTION_FLAG && o->type != SB_OPTION_NEGATE;
}

static int apply(const struct sb_option *o, const char *value, struct sb_error *err)
{
    char what[80];
    snprintf(what, sizeof(what), "--%s", o->name);
    switch (o->type) {
    case SB_OPTION_FLAG:
    case SB_OPTION_NEGATE:
        *(bool *)o->target = o->type == SB_OPTION_FLAG;
        return 0;
    case SB_OPTION_STRING:
        if (!*value) /* most often a shell variable that is not set */
            return sb_error_set(err, SB_EINVAL, "%s is empty, expected %s", what, o->metavar);
        *(const char **)o->target = value;
        return 0;
    case SB_OPTION_INT:
        return sb_parse_int(value, what, o->lo, o->hi, o->target, err);
    case SB_OPTION_DOUBLE:
        return parse_double(o, value, err);
    case SB_OPTION_LIST:
        return add_list(o, value, err);
    default:
        break;
    }
    return sb_error_set(err, SB_EINTERNAL, "option --%s has no type", o->name);
}

static int unknown_option(const struct sb_command_help *help, const char *name,
                          struct sb_error *err)
{
    const struct sb_option *best = NULL;
    for (const struct sb_option *o = help->options; (o = sb_option_at(o)); o++) {
        if (sb_name_is_near(name, o->name) &&
            (!best || sb_name_distance(name, o->name) < sb_name_distance(name, best->name)))
            best = o;
    }
    sb_error_set(err, SB_EINVAL, "unknown option '--%s'", name);
    if (best)
        sb_error_hint(err, "did you mean --%s?", best->name);
    else
        sb_error_hint(err, "--help lists the options");
    return SB_EINVAL;
}

/* A command line on its way. */
struct parser {
    const struct sb_command_help *help;
    int argc, index; /* of the word that is read */
    char **argv;
    bool *given; /* per entry of the table; owned */
};

static int take(struct parser *p, const struct sb_option *o, const char *value,
                struct sb_error *err)
{
    p->given[o - p->help->options] = true;
    return apply(o, value, err);
}

/* Handles a "--name[=value]" and moves over a separate value. */
static int parse_long(struct parser *p, struct sb_error *err)
{
    char name[MAX_NAME + 1];
    const char *text = p->argv[p->index] + 2;
    const char *equals = strchr(text, '=');
    const size_t n = equals ? (size_t)(equals - text) : strlen(text);
    snprintf(name, sizeof(name), "%.*s", (int)(n < MAX_NAME ? n : MAX_NAME), text);
    for (const struct sb_option *o = p->help->options; (o = sb_option_at(o)); o++) {
        if (strcmp(o->name, name) != 0)
            continue;
        if (!takes_value(o)) {
            if (equals)
                return sb_error_set(err, SB_EINVAL, "--%s takes no value", name);
            return take(p, o, NULL, err);
        }
        if (equals)
            return take(p, o, equals + 1, err);
        if (p->index + 1 >= p->argc)
            return sb_error_set(err, SB_EINVAL, "--%s needs a value: %s", name, o->metavar);
        return take(p, o, p->argv[++p->index], err);
    }
    return unknown_option(p->help, name, err);
}

/* Handles "-x" or "-x value". */
static int parse_short(struct parser *p, struct sb_error *err)
{
    const char *text = p->argv[p->index];
    for (const struct sb_option *o = p->help->options; (o = sb_option_at(o)); o++) {
        if (o->letter != text[1])
            continue;
        if (!takes_value(o) && text[2] == '\0')
            return take(p, o, NULL, err);
        if (takes_value(o) && text[2] != '\0')
            return take(p, o, text + 2, err);
        if (takes_value(o) && p->index + 1 < p->argc)
            return take(p, o, p->argv[++p->index], err);
        if (!takes_value(o))
            return sb_error_set(err, SB_EINVAL, "-%c (--%s) takes no value, got '%s'", o->letter,
                                o->name, text);
        return sb_error_set(err, SB_EINVAL, "-%c (--%s) needs a value: %s", o->letter, o->name,
                            o->metavar);
    }
    sb_error_set(err, SB_EINVAL, "unknown option '%s'", text);
    return sb_error_hint(err, "--help lists the options");
}

static int parse_words(struct parser *p, struct sb_arguments *args, struct sb_error *err)
{
    bool options_end = false;
    for (p->index = 1; p->index < p->argc; p->index++) {
        const char *a = p->argv[p->index];
        int rc = 0;
        if (options_end || a[0] != '-' || a[1] == '\0') {
            args->words[args->count++] = a;
        } else if (strcmp(a, "--") == 0) {
            options_end = true;
        } else if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
            sb_options_print_help(p->help);
            return SB_OPTIONS_HELP;
        } else {
            rc = a[1] == '-' ? parse_long(p, err) : parse_short(p, err);
        }
        if (rc)
            return rc;
    }
    return sb_option_rules_check(p->help->options, p->given, err);
}

static size_t table_length(const struct sb_option *table)
{
    size_t n = 0;
    while (table[n].type != SB_OPTION_END)
        n++;
    return n;
}

int sb_options_parse(const struct sb_command_help *help, int argc, char **argv,
                     struct sb_arguments *args, struct sb_error *err)
{
    const size_t entries = table_length(help->options);
    struct parser p = {.help = help, .argc = argc, .argv = argv};
    memset(args, 0, sizeof(*args));
    args->words = sb_calloc((size_t)argc + 1, sizeof(*args->words), SB_MEM_TAG(SB_MEM_DATA, 0));
    p.given = sb_calloc(entries + 1, sizeof(*p.given), SB_MEM_TAG(SB_MEM_DATA, 0));
    const int rc = args->words && p.given ? parse_words(&p, args, err)
                                          : sb_error_nomem(err, "the arguments", (size_t)argc);
    sb_free(p.given);
    return rc;
}

void sb_arguments_release(struct sb_arguments *args)
{
    sb_free(args->words);
    memset(args, 0, sizeof(*args));
}

void sb_options_print_help(const struct sb_command_help *help)
{
    struct sb_str text = SB_STR_INIT;
    sb_help_text(help, &text);
    fputs(sb_str_text(&text), stdout);
    sb_str_release(&text);
}

int sb_arguments_expect(const struct sb_arguments *args, size_t lo, size_t hi, const char *what,
                        struct sb_error *err)
{
    if (args->count >= lo && args->count <= hi)
        return 0;
    if (args->count < lo)
        sb_error_set(err, SB_EINVAL, "missing argument: expected %s", what);
    else
        sb_error_set(err, SB_EINVAL, "unexpected argument '%s': expected %s", args->words[hi],
                     what);
    return sb_error_hint(err, "--help shows the usage");
}
