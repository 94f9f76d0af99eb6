/* spinebench: the command table, dispatch and the final check that stdout was written. */
#include "cli/cli.h"

#include "base/build.h"
#include "base/str.h"
#include "base/temporary.h"
#ifdef SB_MPI
#include "base/ranks_mpi.h"
#endif

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"models", cmd_models, "the models: list, blocks and edges, drawing, check of a spec"},
    {"forward", cmd_forward, "one forward pass, every output tensor as .npy"},
    {"export", cmd_export, "a model with its weights as an ONNX file"},
    {"cost", cmd_cost, "static costs: parameters, multiply-adds, activations"},
    {"bench", cmd_bench, "latency and memory, end to end and per level"},
    {"detect", cmd_detect, "images to COCO results"},
    {"classify", cmd_classify, "images to ranked classes"},
    {"eval", cmd_eval, "results against ground truth: AP and AR"},
    {"compare", cmd_compare, "two files of records, cell by cell"},
    {"gate", cmd_gate, "two builds interleaved: is one slower? for CI"},
    {"history", cmd_history, "runs of many commits, and where they moved"},
    {"merge", cmd_merge, "files of records into one"},
    {"kernels", cmd_kernels, "the kernels: list, and speed as share of the machine's peak"},
    {"env", cmd_env, "this machine and its state, with advice"},
    {"dataset", cmd_dataset, "the embedded data set; checks and statistics of any"},
    {"paper", cmd_paper, "the paper's tables beside what is computed and measured here"},
    {"report", cmd_report, "records to tables, figures and documents"},
    {"weights", cmd_weights, "lists weight files, converts them to safetensors"},
    {"demo", cmd_demo, "the main job once, on the embedded data set"},
    {"version", cmd_version, "the version; env tells the build"},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_version(const struct sb_arguments *args, struct sb_error *err)
{
    const int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    if (rc == 0)
        printf("spinebench %s\n", sb_build.version);
    return rc;
}

int cmd_version(int argc, char **argv)
{
    static const struct sb_option options[] = {SB_OPT_END};
    static const struct sb_command_help help = {"version", "Prints the version.", options, NULL};
    return sb_cli_run("version", &help, argc, argv, print_version);
}

static void print_usage(FILE *out)
{
    fprintf(out, "usage: spinebench COMMAND [options]\n\n"
                 "Benchmarks and evaluates multi-scale recognition models.\n\ncommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n'spinebench COMMAND --help' tells more. Exit codes: 0 ok, 1 a check failed,\n"
                 "2 usage or bad input, 3 too noisy to tell.\n");
}

/* Reports must not be lost silently on a full disk. A reader that went away (`| head`) knows, so
 * the exit code is enough. */
static int check_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno == EPIPE)
        return SB_EXIT_USAGE;
    fprintf(stderr, "spinebench: cannot write to standard output: %s\n", strerror(errno));
    return SB_EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *best = NULL;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const char *known = commands[i].name;
        if (sb_name_is_near(name, known) &&
            (!best || sb_name_distance(name, known) < sb_name_distance(name, best)))
            best = known;
    }
    fprintf(stderr, "spinebench: unknown %s '%s'\n", name[0] == '-' ? "option" : "command", name);
    if (best)
        fprintf(stderr, "hint: did you mean %s?\n", best);
    else
        fprintf(stderr, "hint: %s'spinebench --help' lists commands\n",
                name[0] == '-' ? "options follow a command; " : "");
    return SB_EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
}

/* Commands whose ranks share their work; the others refuse more than one. what: the word behind the
 * name, or NULL. */
static bool is_parallel(const char *name, const char *what)
{
    if (strcmp(name, "eval") == 0)
        return what && strcmp(what, "coco") == 0;
    return strcmp(name, "detect") == 0 || strcmp(name, "classify") == 0;
}

static int several_ranks(const char *name)
{
    if (sb_ranks_rank(sb_cli_ranks()) == 0)
        fprintf(stderr,
                "spinebench %s: runs on one rank, started on %d\n"
                "hint: start it without mpirun; detect, classify and eval coco share their work\n",
                name, sb_ranks_count(sb_cli_ranks()));
    return SB_EXIT_USAGE;
}

/* Leaves no temporary files behind and ends by the signal, so that the shell sees 128 + its number.
 */
static void end_by_signal(int number)
{
    sb_temporary_clear();
    raise(number); /* the default again, as SA_RESETHAND says; delivered on return */
}

static void clean_up_on_signals(void)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction before, ours = {.sa_handler = end_by_signal, .sa_flags = SA_RESETHAND};
        sigemptyset(&ours.sa_mask);
        /* what was ignored stays so: nohup, a shell's background jobs */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(numbers[i], &ours, NULL);
    }
}

static int run_command(int argc, char **argv)
{
    /* a closed pipe and a limit on file sizes are write errors, not sudden deaths */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    clean_up_on_signals();
    if (argc < 2) {
        print_usage(stderr);
        return SB_EXIT_USAGE;
    }
    const bool help = is_help(argv[1]);
    if (help && argc == 2) {
        print_usage(stdout);
        return SB_EXIT_OK;
    }
    const char *name = argv[help ? 2 : 1];
    const struct command *command = find_command(strcmp(name, "--version") == 0 ? "version" : name);
    if (!command)
        return unknown_command(name);
    if (sb_ranks_count(sb_cli_ranks()) > 1 && !is_parallel(command->name, argv[2]))
        return several_ranks(name);
    if (help) { /* "help COMMAND" is "COMMAND --help", and so for "eval coco" */
        char *words[] = {argv[2], argc > 3 ? argv[3] : (char[]){"--help"}, (char[]){"--help"},
                         NULL};
        return command->run(argc > 3 ? 3 : 2, words);
    }
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    struct sb_ranks *ranks = NULL;
#ifdef SB_MPI
    struct sb_error err;
    ranks = sb_ranks_start_mpi(&argc, &argv, &err);
    if (!ranks)
        return sb_cli_error("(start)", &err);
#endif
    sb_cli_set_ranks(ranks);
    const int code = check_stdout(run_command(argc, argv));
    sb_ranks_end(&ranks);
    return code;
}
