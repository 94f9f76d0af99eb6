/*
 * The region ops of two-stage detectors for the engine: proposals and final detections inside a
 * forward pass, from detect/maskrcnn.h. Put &sb_detect_region_ops into sb_plan_options.region.
 */
#ifndef SB_DETECT_REGION_OPS_H
#define SB_DETECT_REGION_OPS_H

#include "engine/region.h"

extern const struct sb_region_ops sb_detect_region_ops;

#endif
