/* spinebench eval: what it measures is its first word. */
#include "cli/cmd_eval.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

struct metric {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct metric metrics[] = {
    {"coco", cmd_eval_coco, "COCO average precision and recall of detections"},
};
#define N_METRICS (sizeof(metrics) / sizeof(metrics[0]))

static void print_usage(FILE *out)
{
    fprintf(out, "usage: spinebench eval METRIC ...\n\n"
                 "Compares results with ground truth.\n\nmetrics:\n");
    for (size_t i = 0; i < N_METRICS; i++)
        fprintf(out, "  %-10s %s\n", metrics[i].name, metrics[i].summary);
    fprintf(out, "\n'spinebench eval METRIC --help' tells more.\n");
}

int cmd_eval(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return SB_EXIT_USAGE;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return SB_EXIT_OK;
    }
    for (size_t i = 0; i < N_METRICS; i++) {
        if (strcmp(metrics[i].name, argv[1]) == 0)
            return metrics[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr,
            "spinebench eval: unknown metric '%s'\nhint: 'spinebench eval --help' lists them\n",
            argv[1]);
    return SB_EXIT_USAGE;
}
