/* COCO's category names (cocodataset.org, instances_val2017). See coco_names.h. */
#include "datasets/coco_names.h"

#include <stddef.h>

/* clang-format off */
static const char *const names[91] = {
    [1] = "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant",
    [13] = "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe",
    [27] = "backpack", "umbrella",
    [31] = "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    [46] = "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
    "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed",
    [67] = "dining table",
    [70] = "toilet",
    [72] = "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven",
    "toaster", "sink", "refrigerator",
    [84] = "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
};
/* clang-format on */

const char *sb_coco_name(int64_t category_id)
{
    return category_id >= 0 && category_id < 91 ? names[category_id] : NULL;
}
