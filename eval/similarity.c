/* Similarity matrices. See similarity.h. */
#include "eval/similarity.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/box_iou.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_sim_scratch_release(struct sb_sim_scratch *scratch)
{
    sb_free(scratch->values);
    for (size_t i = 0; i < scratch->masks_capacity; i++)
        sb_rle_release(&scratch->masks[i]);
    sb_free(scratch->masks);
    sb_mask_scratch_release(&scratch->mask);
    memset(scratch, 0, sizeof(*scratch));
}

static void fill_boxes(const struct sb_similarity *sim, const struct sb_sim_group *g, double *out)
{
    for (size_t i = 0; i < g->dt_count; i++) {
        const double *const dt = sim->dt->box[g->dts[i]];
        for (size_t j = 0; j < g->gt_count; j++) {
            const uint32_t row = g->gts[j];
            *out++ = sb_box_iou(dt, sim->gt->box[row], sim->gt->flags[row] & SB_ANN_CROWD);
        }
    }
}

int sb_similarity_fill(const struct sb_similarity *sim, const struct sb_sim_group *group,
                       struct sb_sim_scratch *scratch, struct sb_error *err)
{
    size_t cells;
    if (!sb_mul_size(group->dt_count, group->gt_count, &cells) ||
        sb_grow(&scratch->values, &scratch->values_capacity, cells, sizeof(double), TAG))
        return sb_error_nomem(err, "a similarity matrix", group->dt_count * group->gt_count);
    fill_boxes(sim, group, scratch->values);
    return 0;
}
