/* The subcommands of spinebench dataset that have files of their own. */
#ifndef SB_CLI_CMD_DATASET_H
#define SB_CLI_CMD_DATASET_H

int cmd_dataset_check(int argc, char **argv);
int cmd_dataset_stats(int argc, char **argv);

#endif
