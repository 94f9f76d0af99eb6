/* The oracle of the engine's tests: every op by its definition, in double. */
#ifndef SB_TESTS_ENGINE_SUPPORT_ORACLE_H
#define SB_TESTS_ENGINE_SUPPORT_ORACLE_H

#include "models/graph.h"
#include "models/weights.h"

/* Computes values[node] from the values of its inputs. Region ops and inputs are left alone. */
void oracle_run(const struct sb_graph *graph, const struct sb_weights *weights, int node,
                double *const *values);

#endif
