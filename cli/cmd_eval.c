/* spinebench eval: what it measures is its first word. */
#include "cli/cmd_eval.h"

#include "cli/cli.h"

int cmd_eval(int argc, char **argv)
{
    static const struct sb_subcommand metrics[] = {
        {"coco", cmd_eval_coco, "COCO average precision and recall of detections"},
        {"panoptic", cmd_eval_panoptic, "panoptic quality of segmentations"},
        {"topk", cmd_eval_topk, "top-1 and top-5 of predicted classes"},
        {NULL, NULL, NULL},
    };
    return sb_cli_subcommands("eval", "Compares results with ground truth.", metrics, argc, argv);
}
