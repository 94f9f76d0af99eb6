/*
 * Binding a weight file to a graph. First every slot's variable is found by name and checked by
 * shape, so that everything that does not fit is reported at once; then the arrays are verified,
 * converted and laid out over all CPUs, largest first, and their pages given back, so that memory
 * holds the weights once and little of the file.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/str.h"
#include "models/layout.h"
#include "models/name_map.h"
#include "models/tensors.h"
#include "models/weights_build.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_NAMED 10 /* of each kind in a message */

struct binding {
    const struct sb_graph *graph;
    const struct sb_tensors *file;
    const struct sb_bind_options *options;
    struct sb_name_map map;
    struct sb_training_names training;
    const struct sb_tensor **sources; /* of each slot, NULL = missing */
    bool *used;                       /* of each tensor */
    bool canonical;                   /* the file uses the slots' own names and layouts */
    size_t num_averages;              /* slots that are bound to their moving average */
};

/* -- finding ---------------------------------------------------------------------------------- */

/* What the file calls slot i; NULL where no name was published. */
static const char *variable_of(const struct binding *b, size_t i)
{
    return b->canonical ? b->graph->slots[i].name : b->map.names[i];
}

static void choose_naming(struct binding *b)
{
    size_t canonical = 0, published = 0;
    for (size_t i = 0; i < b->graph->num_slots; i++) {
        canonical += sb_tensors_find(b->file, b->graph->slots[i].name) != NULL;
        published += b->map.names[i] && sb_tensors_find(b->file, b->map.names[i]);
    }
    b->canonical = canonical > published;
}

static void mark_used(struct binding *b, const struct sb_tensor *t)
{
    b->used[t - sb_tensors_at(b->file, 0)] = true;
}

static int find_average(struct binding *b, const char *variable, const struct sb_tensor **out,
                        struct sb_error *err)
{
    struct sb_str name = SB_STR_INIT;
    sb_str_printf(&name, "%s%s", variable, b->training.average);
    *out = name.failed ? NULL : sb_tensors_find(b->file, name.data);
    const int rc = name.failed ? sb_error_nomem(err, "a name", strlen(variable)) : 0;
    sb_str_release(&name);
    return rc;
}

static int find_sources(struct binding *b, struct sb_error *err)
{
    for (size_t i = 0; i < b->graph->num_slots; i++) {
        const char *variable = variable_of(b, i);
        const struct sb_tensor *average = NULL;
        if (!variable)
            continue;
        b->sources[i] = sb_tensors_find(b->file, variable);
        if (b->sources[i])
            mark_used(b, b->sources[i]);
        const int rc = b->options->use_ema ? find_average(b, variable, &average, err) : 0;
        if (rc)
            return rc;
        if (average) { /* moving statistics of batch norms have none of their own */
            b->sources[i] = average;
            b->num_averages++;
            mark_used(b, average);
        }
    }
    if (b->options->use_ema && b->num_averages == 0) {
        sb_error_set(err, SB_ENOTFOUND, "the file has no moving averages (no '...%s')",
                     b->training.average);
        return sb_error_file(err, sb_tensors_path(b->file));
    }
    return 0;
}

/* -- judging ---------------------------------------------------------------------------------- */

/* Shape that slot i must have in the file. */
static int expected_shape(const struct binding *b, size_t i, size_t shape[4])
{
    const struct sb_slot *slot = &b->graph->slots[i];
    if (!b->canonical)
        return sb_variable_shape(slot, shape);
    for (int d = 0; d < slot->ndim; d++)
        shape[d] = (size_t)slot->shape[d];
    return slot->ndim;
}

static bool fits(const struct binding *b, size_t i)
{
    const struct sb_tensor *t = b->sources[i];
    size_t shape[4];
    const int ndim = expected_shape(b, i, shape);
    return sb_dtype_is_float(t->dtype) && t->ndim == ndim &&
           memcmp(t->shape, shape, (size_t)ndim * sizeof(shape[0])) == 0;
}

static bool is_extra(const struct binding *b, size_t tensor)
{
    return !b->used[tensor] && !sb_is_leftover(&b->training, sb_tensors_at(b->file, tensor)->name);
}

static void print_misfit(const struct binding *b, size_t i, struct sb_str *s)
{
    const struct sb_tensor *t = b->sources[i];
    size_t shape[4];
    const int ndim = expected_shape(b, i, shape);
    sb_str_printf(s, "\n  wrong shape: %s is %s ", t->name, t->type);
    sb_str_dims(s, t->shape, t->ndim);
    sb_str_puts(s, ", expected float32 ");
    sb_str_dims(s, shape, ndim);
}

static void print_missing(const struct binding *b, size_t i, struct sb_str *s)
{
    const char *variable = variable_of(b, i);
    const char *slot = b->graph->slots[i].name;
    if (!variable)
        sb_str_printf(s, "\n  missing: %s, whose name in checkpoints is not known", slot);
    else if (b->canonical)
        sb_str_printf(s, "\n  missing: %s", variable);
    else
        sb_str_printf(s, "\n  missing: %s (%s)", variable, slot);
}

static void print_rest(struct sb_str *s, size_t count)
{
    if (count > MAX_NAMED)
        sb_str_printf(s, "\n  and %zu more", count - MAX_NAMED);
}

struct verdict {
    size_t missing, extra, misfit;
    struct sb_str missing_text, extra_text, misfit_text;
};

static void judge(const struct binding *b, struct verdict *v)
{
    for (size_t i = 0; i < b->graph->num_slots; i++) {
        if (!b->sources[i] && v->missing++ < MAX_NAMED)
            print_missing(b, i, &v->missing_text);
        if (b->sources[i] && !fits(b, i) && v->misfit++ < MAX_NAMED)
            print_misfit(b, i, &v->misfit_text);
    }
    for (size_t i = 0; i < sb_tensors_count(b->file); i++) {
        if (is_extra(b, i) && v->extra++ < MAX_NAMED)
            sb_str_printf(&v->extra_text, "\n  not used: %s", sb_tensors_at(b->file, i)->name);
    }
    print_rest(&v->missing_text, v->missing);
    print_rest(&v->misfit_text, v->misfit);
    print_rest(&v->extra_text, v->extra);
}

static int report(const struct binding *b, const struct verdict *v, struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT,
                 "the file does not fit the model '%s': of %zu variables %zu are missing and %zu "
                 "have another shape or type; %zu of the file's are not used%s%s%s",
                 b->graph->name, b->graph->num_slots, v->missing, v->misfit, v->extra,
                 sb_str_text(&v->missing_text), sb_str_text(&v->misfit_text),
                 sb_str_text(&v->extra_text));
    sb_error_file(err, sb_tensors_path(b->file));
    if (v->missing == b->graph->num_slots)
        return sb_error_hint(err, "no name fits; 'spinebench weights --list FILE' shows the file's "
                                  "names: is it of another model family?");
    if (v->missing == 0 && v->extra == 0)
        return sb_error_hint(err, "all names fit: is it the same model at another width or number "
                                  "of classes?");
    return sb_error_hint(err,
                         "'spinebench models %s' shows the model; is it another depth, head "
                         "or variant?",
                         b->graph->name);
}

static int check(const struct binding *b, struct sb_error *err)
{
    struct verdict v = {0};
    judge(b, &v);
    /* an ONNX graph has constants besides weights */
    const bool extra_is_fine =
        b->options->allow_extra || strcmp(sb_tensors_format(b->file), "ONNX") == 0;
    const bool bad =
        (v.missing && !b->options->allow_missing) || v.misfit || (v.extra && !extra_is_fine);
    const int rc = bad ? report(b, &v, err) : 0;
    sb_str_release(&v.missing_text);
    sb_str_release(&v.misfit_text);
    sb_str_release(&v.extra_text);
    return rc;
}

/* -- converting ------------------------------------------------------------------------------- */

struct conversion {
    const struct binding *b;
    struct sb_weights *out;
    size_t *order; /* slots, largest first */
    uint32_t *crcs;
    pthread_mutex_t lock;
    size_t failed_slot; /* first slot in graph order that failed, so that messages are stable */
    int rc;
    struct sb_error *err;
};

static int convert_slot(const struct conversion *c, size_t i, struct sb_error *err)
{
    const struct binding *b = c->b;
    const struct sb_slot *slot = &b->graph->slots[i];
    const struct sb_tensor *t = b->sources[i];
    float *values = c->out->slots[i];
    if (!t) {
        sb_weights_seed_slot(slot, 0, values);
    } else {
        sb_tensors_prefetch(b->file, t);
        const int rc = sb_tensors_verify(b->file, t, err);
        if (rc)
            return rc;
        if (b->canonical)
            sb_dtype_to_f32(t->dtype, t->data, t->count, values);
        else
            sb_layout_from_variable(slot, t->dtype, t->data, values);
        sb_tensors_discard(b->file, t);
    }
    c->crcs[i] = sb_weights_seal_slot(slot, values);
    return 0;
}

static void convert_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    struct conversion *c = ctx;
    const size_t i = c->order[job];
    struct sb_error err;
    const int rc = convert_slot(c, i, &err);
    if (rc == 0)
        return;
    pthread_mutex_lock(&c->lock);
    if (c->rc == 0 || i < c->failed_slot) {
        c->rc = rc;
        c->failed_slot = i;
        if (c->err)
            *c->err = err;
    }
    pthread_mutex_unlock(&c->lock);
}

static int larger_first(const void *a, const void *b, void *ctx)
{
    const struct sb_graph *graph = ctx;
    const size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const size_t ni = sb_slot_count(&graph->slots[i]), nk = sb_slot_count(&graph->slots[k]);
    if (ni != nk)
        return ni > nk ? -1 : 1;
    return i < k ? -1 : 1;
}

static int convert(const struct binding *b, struct sb_weights *out, struct sb_error *err)
{
    const size_t n = b->graph->num_slots;
    const int threads = b->options->threads > 0 ? b->options->threads : sb_cpu_count();
    struct sb_pool *pool = sb_pool_new(threads, err);
    if (!pool)
        return SB_ENOMEM;
    struct conversion c = {.b = b, .out = out, .err = err};
    c.order = sb_calloc(n, sizeof(*c.order), TAG);
    c.crcs = sb_calloc(n, sizeof(*c.crcs), TAG);
    if (!c.order || !c.crcs) {
        c.rc = sb_error_nomem(err, "an order of work", n * sizeof(*c.order));
    } else {
        for (size_t i = 0; i < n; i++)
            c.order[i] = i;
        qsort_r(c.order, n, sizeof(*c.order), larger_first, (void *)(uintptr_t)b->graph);
        pthread_mutex_init(&c.lock, NULL);
        sb_pool_run(pool, n, convert_job, &c);
        pthread_mutex_destroy(&c.lock);
        sb_weights_set_digest(out, c.crcs);
    }
    sb_free(c.order);
    sb_free(c.crcs);
    sb_pool_free(&pool);
    return c.rc;
}

/* -- entry ------------------------------------------------------------------------------------ */

static int prepare(struct binding *b, struct sb_error *err)
{
    b->sources = sb_calloc(b->graph->num_slots, sizeof(const struct sb_tensor *), TAG);
    b->used = sb_calloc(sb_tensors_count(b->file), sizeof(*b->used), TAG);
    if (!b->sources || !b->used)
        return sb_error_nomem(err, "a binding",
                              b->graph->num_slots * sizeof(const struct sb_tensor *));
    int rc = sb_training_names_load(&b->training, err);
    if (rc == 0)
        rc = sb_name_map_build(&b->map, b->graph, b->file, err);
    if (rc)
        return rc;
    choose_naming(b);
    rc = find_sources(b, err);
    return rc ? rc : check(b, err);
}

int sb_weights_bind(struct sb_weights *out, const struct sb_graph *graph,
                    const struct sb_tensors *file, const struct sb_bind_options *options,
                    struct sb_error *err)
{
    static const struct sb_bind_options defaults;
    struct binding b = {.graph = graph, .file = file, .options = options ? options : &defaults};
    memset(out, 0, sizeof(*out));
    int rc = prepare(&b, err);
    if (rc == 0)
        rc = sb_weights_alloc(out, graph, err);
    if (rc == 0)
        rc = convert(&b, out, err);
    if (rc == 0)
        snprintf(out->source, sizeof(out->source), "%s", sb_tensors_path(file));
    else
        sb_weights_release(out);
    sb_name_map_release(&b.map);
    sb_training_names_release(&b.training);
    sb_free(b.sources);
    sb_free(b.used);
    return rc;
}

int sb_weights_load(struct sb_weights *out, const struct sb_graph *graph, const char *path,
                    const struct sb_bind_options *options, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    struct sb_tensors *file = sb_tensors_open(path, err);
    if (!file)
        return err ? (int)err->code : SB_EINTERNAL;
    const int rc = sb_weights_bind(out, graph, file, options, err);
    sb_tensors_free(&file);
    return rc;
}
