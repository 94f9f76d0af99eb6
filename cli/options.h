/*
 * Command-line options from a table: the same table parses and prints the help.
 *
 *     static const struct sb_option options[] = {
 *         SB_OPT_STRING("weights", 0, "FILE", "checkpoint, .safetensors or .onnx", &weights),
 *         SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
 *         SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
 *         SB_OPT_END,
 *     };
 *     static const struct sb_command_help help = {"cost MODEL... [options]", "What it does.",
 * options, NULL}; int rc = sb_options_parse(&help, argc, argv, &args, &err);
 *
 * Words that are not options are positional arguments (args.words). "--name value", "--name=value",
 * "-n value" and "-nvalue" all work; "--" ends the options; "-h" and "--help" print the help and
 * make parse return SB_OPTIONS_HELP. An unknown option is SB_EINVAL with the nearest known one as
 * hint; so is an empty text as a value.
 *
 * Options that would change nothing are refused, too: whoever gave them expects something else. The
 * table says which those are, behind the options:
 *
 *         SB_OPT_NEEDS("draw-threshold", "draw"), SB_OPT_EXCLUDES("runs", "time,precision"),
 */
#ifndef SB_CLI_OPTIONS_H
#define SB_CLI_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_option_type {
    SB_OPTION_END,
    SB_OPTION_FLAG,   /* bool *: set to true */
    SB_OPTION_NEGATE, /* bool *: set to false, for --no-... */
    SB_OPTION_STRING, /* const char ** */
    SB_OPTION_INT,    /* int64_t *, within [lo, hi] */
    SB_OPTION_DOUBLE, /* double *, finite, within [dlo, dhi] */
    SB_OPTION_LIST,   /* struct sb_option_list *: repeats and commas add up */
    /* Rules, not options: `name` and `help` are lists of names with commas. */
    SB_OPTION_NEEDS,    /* those of `name` mean something only with one of `help` */
    SB_OPTION_EXCLUDES, /* that of `name` makes those of `help` meaningless */
    SB_OPTION_ALONE     /* that of `name` makes all meaningless but those of `help` */
};

#define SB_OPTION_LIST_MAX 256
struct sb_option_list {
    size_t count;
    const char *items[SB_OPTION_LIST_MAX]; /* point into storage or argv */
    char storage[8192];
    size_t used;
};

struct sb_option {
    enum sb_option_type type;
    const char *name;    /* long name without dashes */
    char letter;         /* short name, or 0 */
    const char *metavar; /* "N", "FILE"; NULL for flags */
    const char *help;
    void *target;
    int64_t lo, hi;
    double dlo, dhi;
};

#define SB_OPT_FLAG(name, letter, help, target)                                                    \
    {                                                                                              \
        SB_OPTION_FLAG, name, letter, NULL, help, target, 0, 0, 0, 0                               \
    }
#define SB_OPT_NEGATE(name, letter, help, target)                                                  \
    {                                                                                              \
        SB_OPTION_NEGATE, name, letter, NULL, help, target, 0, 0, 0, 0                             \
    }
#define SB_OPT_STRING(name, letter, metavar, help, target)                                         \
    {                                                                                              \
        SB_OPTION_STRING, name, letter, metavar, help, target, 0, 0, 0, 0                          \
    }
#define SB_OPT_INT(name, letter, metavar, help, target, lo, hi)                                    \
    {                                                                                              \
        SB_OPTION_INT, name, letter, metavar, help, target, lo, hi, 0, 0                           \
    }
#define SB_OPT_DOUBLE(name, letter, metavar, help, target, lo, hi)                                 \
    {                                                                                              \
        SB_OPTION_DOUBLE, name, letter, metavar, help, target, 0, 0, lo, hi                        \
    }
#define SB_OPT_LIST(name, letter, metavar, help, target)                                           \
    {                                                                                              \
        SB_OPTION_LIST, name, letter, metavar, help, target, 0, 0, 0, 0                            \
    }
#define SB_OPT_NEEDS(names, others)                                                                \
    {                                                                                              \
        SB_OPTION_NEEDS, names, 0, NULL, others, NULL, 0, 0, 0, 0                                  \
    }
#define SB_OPT_EXCLUDES(name, others)                                                              \
    {                                                                                              \
        SB_OPTION_EXCLUDES, name, 0, NULL, others, NULL, 0, 0, 0, 0                                \
    }
#define SB_OPT_ALONE(name, others)                                                                 \
    {                                                                                              \
        SB_OPTION_ALONE, name, 0, NULL, others, NULL, 0, 0, 0, 0                                   \
    }
#define SB_OPT_END                                                                                 \
    {                                                                                              \
        SB_OPTION_END, NULL, 0, NULL, NULL, NULL, 0, 0, 0, 0                                       \
    }

/* The first option at or behind `o` that is no rule, or NULL. */
const struct sb_option *sb_option_at(const struct sb_option *o);

struct sb_command_help {
    const char *usage;       /* after "spinebench ": "cost MODEL... [options]" */
    const char *description; /* paragraphs, and lines with a blank before them that stay (help.h) */
    const struct sb_option *options;
    const char *epilogue; /* examples in lines of at most 80 columns, or NULL */
};

struct sb_arguments {
    size_t count;
    const char **words; /* positional arguments, in argv; the array is owned */
};

#define SB_OPTIONS_HELP 1 /* parse printed the help on stdout: exit 0 */

/* argv[0] is the command's name. Returns 0, SB_OPTIONS_HELP or a negative sb_err; args must be
 * released in every case. */
int sb_options_parse(const struct sb_command_help *help, int argc, char **argv,
                     struct sb_arguments *args, struct sb_error *err);
void sb_arguments_release(struct sb_arguments *args);
/* Prints the help on stdout. */
void sb_options_print_help(const struct sb_command_help *help);
/* SB_EINVAL unless at least lo and at most hi positional words were given; `what` names them. */
int sb_arguments_expect(const struct sb_arguments *args, size_t lo, size_t hi, const char *what,
                        struct sb_error *err);
/* Parses a whole decimal integer within [lo, hi]; `what` names it in messages. */
int sb_parse_int(const char *text, const char *what, int64_t lo, int64_t hi, int64_t *out,
                 struct sb_error *err);

#endif
