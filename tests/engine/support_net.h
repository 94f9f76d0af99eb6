/*
 * Small networks for the engine's tests: a graph being built with one line per layer, random
 * weights, and a forward pass in double by the definition of every op, one output element at a
 * time. That pass is the oracle of all engine tests; it shares no code with the engine.
 */
#ifndef SB_TESTS_ENGINE_SUPPORT_NET_H
#define SB_TESTS_ENGINE_SUPPORT_NET_H

#include "engine/plan.h"
#include "models/graph.h"
#include "models/weights.h"

#include <stdint.h>

struct net {
    struct sb_graph *graph;
    struct sb_weights weights;
    float *input;    /* of node 0 */
    double **values; /* oracle: one array per node */
    int layers;      /* names the next layer */
};

/* A graph with one input (node 0), level L3. Every function fails the test on an error. */
void net_init(struct net *net, struct sb_shape input);
void net_release(struct net *net);

/* Layers; each returns its node. Windows: kernel, stride and padding alike on both axes. */
struct sb_window net_window(int kernel, int stride, int pad);
int net_conv(struct net *net, int input, int64_t cout, struct sb_window window);
/* The kernel slot of earlier layer `like` again (same name). */
int net_conv_shared(struct net *net, int input, int like);
int net_dwconv(struct net *net, int input, struct sb_window window);
int net_deconv(struct net *net, int input, int64_t cout, struct sb_window window);
int net_fc(struct net *net, int input, int64_t cout);
int net_batchnorm(struct net *net, int input);
int net_act(struct net *net, int input, enum sb_act act);
int net_add(struct net *net, int a, int b);
int net_add3(struct net *net, int a, int b, int c);
int net_mul(struct net *net, int x, int y);
int net_scale(struct net *net, int input, double factor);
int net_maxpool(struct net *net, int input, struct sb_window window);
int net_unary(struct net *net, enum sb_op op, int input);
int net_resize(struct net *net, int input, int64_t h, int64_t w);
/* Marks a node as output "out0", "out1", ... in order of the calls. */
void net_output(struct net *net, int node);

/* Draws weights and input from the seed and runs the oracle. After the last layer. */
void net_fill(struct net *net, uint64_t seed);
/* The oracle again, after the input or weights were changed. */
void net_run_oracle(struct net *net);

/* Fails unless every output of the plan, run on the net's input, is within tolerance * (1 + the
 * oracle's largest value) of the oracle. */
void net_assert_plan(const struct net *net, struct sb_plan *plan, double tolerance);
/* The same for a plan built with these options (NULL = net_options()). */
void net_assert_options(const struct net *net, const struct sb_plan_options *options);

/* The same for every engine and CPU level that this machine has. */
void net_assert_engines(const struct net *net);

/* Default options on two threads. */
struct sb_plan_options net_options(void);
/* A plan; fails the test where it cannot be made. */
struct sb_plan *net_plan(const struct net *net, const struct sb_plan_options *options);

#endif
