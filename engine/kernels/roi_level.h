/* Which pyramid level a box reads. */
#ifndef SB_ENGINE_KERNELS_ROI_LEVEL_H
#define SB_ENGINE_KERNELS_ROI_LEVEL_H

/* box: ymin, xmin, ymax, xmax in input pixels. floor(log2(sqrt(area) / 224)) + 4, clipped. */
int sb_roi_level(const float *box, int min_level, int max_level);

#endif
