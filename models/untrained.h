/* How large the activations of an untrained network are, so that seeded batch norms can keep them
 * near 1 as statistics of real training would. */
#ifndef SB_MODELS_UNTRAINED_H
#define SB_MODELS_UNTRAINED_H

#include "models/graph.h"

/* Mean and mean square of a tensor's values, over channels and positions. */
struct sb_moments {
    double mean, square;
};

/*
 * For every moving variance of the graph: the expected mean square of its batch norm's input, when
 * inputs are normal(0, 1) and kernels have variance 2 / fan_in (He et al. 2015, section 2.2; here
 * with the mean that rectified values carry through residual sums, and with zero padding). Values
 * are rounded to 10 bits, so that they do not depend on the last bit of the C library's exp().
 * variances has graph->num_slots values, those of other slots are not touched; moments is scratch
 * of graph->num_nodes. A slot that several nodes share takes the first.
 */
void sb_untrained_variances(const struct sb_graph *graph, double *variances,
                            struct sb_moments *moments);

#endif
