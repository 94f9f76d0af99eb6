/* Which records are about the same thing. See record.h. */
#include "bench/record.h"

#include <math.h>

bool sb_same_cell(const struct sb_cell *a, const struct sb_cell *b)
{
    return sb_same_text(a->model, b->model) && a->size == b->size && a->batch == b->batch &&
           a->threads == b->threads && sb_same_text(a->engine, b->engine) &&
           sb_same_text(a->scenario, b->scenario);
}

static const char *weights_of_run(const struct sb_records *records, const struct sb_record *r)
{
    const struct sb_record *const run = sb_records_find_run(records, r->run);
    return run ? run->u.run.weights : NULL;
}

const char *sb_accuracy_weights(const struct sb_records *records, const struct sb_record *accuracy)
{
    const char *const own = accuracy->u.accuracy.weights;
    return own ? own : weights_of_run(records, accuracy);
}

/* By digests where both have one, else by names. */
static bool same_thing(const char *digest_a, const char *digest_b, const char *name_a,
                       const char *name_b)
{
    return digest_a && digest_b ? sb_same_text(digest_a, digest_b) : sb_same_text(name_a, name_b);
}

void sb_record_data_text(const char *dataset, const char *data_digest, const char *images_digest,
                         struct sb_str *out)
{
    sb_str_puts(out, dataset);
    if (data_digest)
        sb_str_printf(out, " (%.8s", data_digest);
    if (images_digest)
        sb_str_printf(out, "%spictures %.8s", data_digest ? ", " : " (", images_digest);
    sb_str_puts(out, data_digest || images_digest ? ")" : "");
}

const char *sb_accuracy_unlike(const struct sb_records *records, const struct sb_record *a,
                               const struct sb_record *b)
{
    const struct sb_accuracy_record *const x = &a->u.accuracy, *const y = &b->u.accuracy;
    if (!same_thing(x->weights_digest, y->weights_digest, sb_accuracy_weights(records, a),
                    sb_accuracy_weights(records, b)))
        return "weights";
    if (!same_thing(x->data_digest, y->data_digest, x->dataset, y->dataset))
        return "data sets";
    if (sb_texts_differ(x->images_digest, y->images_digest))
        return "pictures";
    if (x->value != y->value && !(isnan(x->value) && isnan(y->value)))
        return "values";
    return NULL;
}

bool sb_accuracy_is_foreign(const struct sb_records *records, const struct sb_record *accuracy,
                            const struct sb_record *time)
{
    const char *const a = sb_accuracy_weights(records, accuracy);
    const char *const b = weights_of_run(records, time);
    const char *const x = accuracy->u.accuracy.weights_digest;
    const char *const y = time->u.time.weights_digest;
    return x && y ? sb_texts_differ(x, y) : sb_texts_differ(a, b);
}
