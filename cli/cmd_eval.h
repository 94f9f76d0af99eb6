/* The metrics of `spinebench eval`; argv[0] is the metric's name. */
#ifndef SB_CLI_CMD_EVAL_H
#define SB_CLI_CMD_EVAL_H

int cmd_eval_coco(int argc, char **argv);
int cmd_eval_panoptic(int argc, char **argv);
int cmd_eval_topk(int argc, char **argv);

#endif
