/*
 * The step list: a graph on its way to a plan. It starts as one step per node (inputs are values
 * without a step) and is rewritten by the passes (passes.h) before memory is laid out and kernels
 * are chosen. A step computes
 *
 *     value = act(scale[c] * op(inputs) + shift[c] + residual)
 *
 * where c is the output channel; how much of this epilogue an op takes, sb_op_epilogue() tells.
 * Scale and shift are kept in double until the weights are packed, so that folding a batch
 * normalisation costs one rounding.
 *
 * A value is a tensor; value i is the output of graph node i until a pass adds more. Steps are in
 * an order in which every value is produced before it is read.
 */
#ifndef SB_ENGINE_STEPS_H
#define SB_ENGINE_STEPS_H

#include "base/error.h"
#include "models/graph.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stddef.h>

#define SB_NO_VALUE (-1)

/* How a value lies in memory. */
enum sb_layout {
    SB_LAYOUT_PLAIN,  /* (N, C, H, W) */
    SB_LAYOUT_BLOCKED /* (N, C / 16, H, W, 16): channels padded to a multiple of 16; the padding
                         holds finite values that mean nothing */
};
#define SB_BLOCK 16

struct sb_value {
    struct sb_shape shape;
    enum sb_level level;
    enum sb_layout layout;
    bool output;                /* the caller may ask for it after a run */
    bool streamed;              /* goes from step to step of a group in pieces: no memory */
    const struct sb_node *node; /* the graph node whose output it is, in one layout or another */
    /* filled by sb_steps_link() */
    int producer; /* index of the step, -1 for inputs of the graph */
    int uses;     /* inputs and residuals that read it, in all live steps */
};

struct sb_kernel;

struct sb_step {
    enum sb_op op;
    bool reorder; /* copies its input into another layout; op and node are the input's */
    const struct sb_kernel *kernel; /* what runs it; NULL until kernels are chosen */
    const struct sb_node *node;     /* gives the op's parameters: window, factor, region */
    int value;                      /* what it produces */
    int *inputs;                    /* values it reads, owned */
    int num_inputs;
    int kernel_slot; /* weight slot of the kernel; -1 for none */
    double *scale;   /* per output channel, owned; NULL = 1 */
    double *shift;   /* per output channel, owned; NULL = 0 */
    int residual;   /* value that is added, or SB_NO_VALUE; where it is smaller than the step's own,
                       enlarged by a nearest resize */
    int overwrites; /* operand whose memory the value takes over, or SB_NO_VALUE */
    bool follows;   /* runs together with the step before it: on the same input, or on its output,
                       which is streamed, or with the kernel of an earlier one on another map */
    enum sb_act act; /* the last thing applied */
    bool dead;       /* to be dropped by sb_steps_link() */
};

struct sb_steps {
    const struct sb_graph *graph;     /* borrowed */
    const struct sb_weights *weights; /* borrowed */
    struct sb_value *values;
    size_t num_values;
    struct sb_step *items;
    size_t count;
};

/* Parts of the epilogue that an op's kernels implement. */
enum {
    SB_EPILOGUE_AFFINE = 1,   /* scale and shift */
    SB_EPILOGUE_RESIDUAL = 2, /* + residual */
    SB_EPILOGUE_ACT = 4       /* activation */
};
unsigned sb_op_epilogue(enum sb_op op);

/* One step per node that is not an input. Batch normalisations become scale and shift, biases
 * become shift. On failure nothing is left to release. */
int sb_steps_init(struct sb_steps *steps, const struct sb_graph *graph,
                  const struct sb_weights *weights, struct sb_error *err);
void sb_steps_release(struct sb_steps *steps);
/* What one step owns. */
void sb_step_release(struct sb_step *step);

/* Drops dead steps and recomputes producer and uses of every value. */
void sb_steps_link(struct sb_steps *steps);
/* Elements of a value, channel padding included. */
size_t sb_value_count(const struct sb_value *value);
/* The same for a tensor of this shape and layout. */
size_t sb_layout_count(struct sb_shape shape, enum sb_layout layout);
/* True when nothing but one step reads the value: its producer may then produce something else. */
bool sb_value_is_private(const struct sb_value *value);
/* The step that makes `value`, or NULL for an input of the graph. Needs sb_steps_link(). */
struct sb_step *sb_steps_producer(const struct sb_steps *steps, int value);
/* A new value without a step; its index, or SB_ENOMEM. Pointers into values become invalid. */
int sb_steps_add_value(struct sb_steps *steps, const struct sb_value *value, struct sb_error *err);
/* First step, and the one after the last, of the group that runs together with step `index`. */
size_t sb_steps_group_start(const struct sb_steps *steps, size_t index);
size_t sb_steps_group_end(const struct sb_steps *steps, size_t index);
/* The first step after step `index` whose first input is its value, or 0. */
size_t sb_steps_reader(const struct sb_steps *steps, size_t index);
/* Moves step `from` up to place `to`, where it follows the step before it, and links the list. */
void sb_steps_follow(struct sb_steps *steps, size_t from, size_t to);
/* Lets `producer` put out what `step` did, which dies. */
void sb_steps_absorb(struct sb_steps *steps, struct sb_step *producer, struct sb_step *step);

#endif
