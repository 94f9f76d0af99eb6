/* models/weights_bind.c: checkpoints that the tests' writer made of seeded weights come back as
 * they were; whatever does not fit is named. The published checkpoints are bound in
 * test_name_map.c. */
#include "base/mem.h"
#include "models/safetensors.h"
#include "models/tensors.h"
#include "models/weights.h"
#include "tests/models/support_weights.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

struct fixture {
    struct sb_model *model;
    struct sb_weights seeded;
    struct bundle_writer w; /* open, with all weights */
    char prefix[512];
};

static void setup(struct fixture *f, const char *name)
{
    struct sb_error err;
    f->model = small_resnet();
    assert_ok(sb_weights_seeded(&f->seeded, f->model->graph, 11, &err), &err);
    snprintf(f->prefix, sizeof(f->prefix), "%s/%s", test_scratch(), name);
    bundle_writer_open(&f->w, f->prefix, 2);
    bundle_add_weights(&f->w, f->model->graph, &f->seeded);
}

static void teardown(struct fixture *f)
{
    sb_weights_release(&f->seeded);
    sb_model_free(&f->model);
}

static struct bundle_entry *entry(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->w.count; i++) {
        if (strcmp(f->w.entries[i].name, name) == 0)
            return &f->w.entries[i];
    }
    fail_msg("no entry %s", name);
    return NULL;
}

static void expect_bound(struct fixture *f, const struct sb_bind_options *options)
{
    struct sb_weights loaded;
    struct sb_error err;
    assert_ok(sb_weights_load(&loaded, f->model->graph, f->prefix, options, &err), &err);
    assert_int_equal(loaded.digest, f->seeded.digest);
    assert_memory_equal(loaded.arena, f->seeded.arena, loaded.arena_bytes);
    sb_weights_release(&loaded);
}

static void expect_refused(struct fixture *f, const struct sb_bind_options *options, int code,
                           const char *const *texts)
{
    struct sb_weights loaded;
    struct sb_error err;
    assert_int_equal(sb_weights_load(&loaded, f->model->graph, f->prefix, options, &err), code);
    for (; *texts; texts++) {
        if (!strstr(err.message, *texts))
            fail_msg("'%s' lacks '%s'", err.message, *texts);
    }
    assert_null(loaded.arena);
    assert_non_null(strstr(err.path, f->prefix));
}

static void test_weights_bind__a_published_checkpoint_comes_back(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, "whole");
    bundle_writer_finish(&f.w);
    expect_bound(&f, NULL);
    expect_bound(&f, &(struct sb_bind_options){.threads = 1});
    expect_bound(&f, &(struct sb_bind_options){.threads = 5});
    teardown(&f);
}

static void test_weights_bind__what_training_leaves_is_not_extra(void **state)
{
    (void)state;
    static const char *const leftovers[] = {
        "resnet50/conv2d/kernel/Momentum",
        "resnet50/conv2d/kernel/Adam",
        "resnet50/conv2d/kernel/Adam_1",
        "beta1_power",
        "beta2_power",
        "resnet50/conv2d/kernel/ExponentialMovingAverage",
        "resnet50/conv2d/kernel/RMSProp",
    };
    const float zero = 0;
    struct fixture f;
    setup(&f, "trained");
    for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++)
        bundle_writer_add(&f.w, leftovers[i], BUNDLE_FLOAT, 0, NULL, &zero, sizeof(zero));
    bundle_writer_finish(&f.w);
    expect_bound(&f, NULL);
    teardown(&f);
}

static void test_weights_bind__averages_are_taken_on_request(void **state)
{
    (void)state;
    const struct sb_bind_options ema = {.use_ema = true};
    struct sb_error err;
    struct sb_weights loaded;
    struct fixture f;
    setup(&f, "average");
    bundle_writer_add(&f.w, "retinanet/class_net/class-predict/bias/ExponentialMovingAverage",
                      BUNDLE_FLOAT, 1, (int64_t[]){27}, (float[27]){9}, 27 * sizeof(float));
    bundle_writer_finish(&f.w);
    expect_bound(&f, NULL);
    assert_ok(sb_weights_load(&loaded, f.model->graph, f.prefix, &ema, &err), &err);
    size_t differ = 0;
    for (size_t i = 0; i < loaded.num_slots; i++) {
        const struct sb_slot *slot = &f.model->graph->slots[i];
        if (memcmp(loaded.slots[i], f.seeded.slots[i], sb_slot_count(slot) * 4) == 0)
            continue;
        differ++;
        assert_string_equal(slot->name, "head/class/predict/conv/bias");
        assert_true(loaded.slots[i][0] == 9);
    }
    assert_int_equal(differ, 1);
    sb_weights_release(&loaded);
    teardown(&f);

    setup(&f, "no-average");
    bundle_writer_finish(&f.w);
    expect_refused(&f, &ema, SB_ENOTFOUND, (const char *[]){"no moving averages", NULL});
    teardown(&f);
}

static void test_weights_bind__missing_extra_and_misshaped_are_named(void **state)
{
    (void)state;
    const float values[8] = {0};
    struct fixture f;
    setup(&f, "misfit");
    struct bundle_entry *gone = entry(&f, "resnet50/conv2d_7/kernel");
    snprintf(gone->name, sizeof(gone->name), "resnet50/conv2d_77/kernel");
    struct bundle_entry *flat = entry(&f, "fpn/p6/bias"); /* (4) becomes (2, 2) */
    flat->ndim = 2;
    flat->shape[0] = flat->shape[1] = 2;
    struct bundle_entry *whole = entry(&f, "fpn/p7/bias"); /* int32 */
    whole->dtype = 3;
    bundle_writer_add(&f.w, "stray/gamma", BUNDLE_FLOAT, 1, (int64_t[]){8}, values, 32);
    bundle_writer_finish(&f.w);
    expect_refused(
        &f, NULL, SB_EFORMAT,
        (const char *[]){
            "1 are missing and 2 have another shape or type; 2 of the file's are not",
            "missing: resnet50/conv2d_7/kernel (backbone/stage2/block1/conv2/conv/kernel)",
            "wrong shape: fpn/p6/bias is float32 (2, 2), expected float32 (4)",
            "wrong shape: fpn/p7/bias is int32 (4), expected float32 (4)", "not used: stray/gamma",
            "not used: resnet50/conv2d_77/kernel", NULL});
    teardown(&f);
}

static void test_weights_bind__long_lists_are_cut(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, "cut");
    f.w.count = 20;
    bundle_writer_finish(&f.w);
    char rest[64];
    snprintf(rest, sizeof(rest), "and %zu more", f.model->graph->num_slots - 20 - 10);
    expect_refused(&f, NULL, SB_EFORMAT, (const char *[]){rest, NULL});
    struct sb_weights loaded;
    struct sb_error err;
    struct sb_model *other = small_spinenet();
    const int rc = sb_weights_load(&loaded, other->graph, f.prefix, NULL, &err);
    assert_int_equal(rc, SB_EFORMAT);
    assert_non_null(strstr(err.hint, "another model family"));
    sb_model_free(&other);
    teardown(&f);
}

static void test_weights_bind__missing_and_extra_may_be_allowed(void **state)
{
    (void)state;
    const float values[8] = {0};
    struct sb_weights loaded;
    struct sb_error err;
    struct fixture f;
    setup(&f, "allowed");
    f.w.count--; /* global_step */
    f.w.count--; /* the last weight */
    bundle_writer_add(&f.w, "stray", BUNDLE_FLOAT, 1, (int64_t[]){8}, values, 32);
    bundle_writer_finish(&f.w);
    const struct sb_bind_options missing = {.allow_missing = true}, extra = {.allow_extra = true};
    expect_refused(&f, &missing, SB_EFORMAT, (const char *[]){"not used: stray", NULL});
    expect_refused(&f, &extra, SB_EFORMAT, (const char *[]){"1 are missing", NULL});
    const struct sb_bind_options both = {.allow_missing = true, .allow_extra = true};
    assert_ok(sb_weights_load(&loaded, f.model->graph, f.prefix, &both, &err), &err);
    sb_weights_release(&loaded);
    teardown(&f);
}

static void test_weights_bind__a_wrong_checksum_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, "checksum");
    entry(&f, "resnet50/conv2d_9/kernel")->crc ^= 1;
    entry(&f, "resnet50/conv2d_30/kernel")->crc ^= 1;
    bundle_writer_finish(&f.w);
    /* always the first in the graph's order, whatever the threads do */
    for (int threads = 1; threads <= 4; threads++)
        expect_refused(&f, &(struct sb_bind_options){.threads = threads}, SB_EFORMAT,
                       (const char *[]){"checksum of tensor 'resnet50/conv2d_9/kernel'", NULL});
    teardown(&f);
}

/* Doubles, and the halves and bfloat16 that are exact for small integers. */
static void test_weights_bind__other_float_types_are_converted(void **state)
{
    (void)state;
    const double wide[4] = {1, -2, 3, 0.5};
    const uint16_t half[4] = {0x3c00, 0xc000, 0x4200, 0x3800};
    const uint16_t brain[4] = {0x3f80, 0xc000, 0x4040, 0x3f00};
    struct sb_weights loaded;
    struct sb_error err;
    struct fixture f;
    setup(&f, "types");
    static const char *const names[3] = {"fpn/l3/bias", "fpn/l4/bias", "fpn/l5/bias"};
    for (int i = 0; i < 3; i++) /* rename the float32 ones out of the way, to optimizer slots */
        snprintf(entry(&f, names[i])->name, sizeof(f.w.entries[0].name), "%s/Momentum", names[i]);
    bundle_writer_add(&f.w, names[0], BUNDLE_DOUBLE, 1, (int64_t[]){4}, wide, sizeof(wide));
    bundle_writer_add(&f.w, names[1], BUNDLE_HALF, 1, (int64_t[]){4}, half, sizeof(half));
    bundle_writer_add(&f.w, names[2], BUNDLE_BFLOAT16, 1, (int64_t[]){4}, brain, sizeof(brain));
    bundle_writer_finish(&f.w);
    assert_ok(sb_weights_load(&loaded, f.model->graph, f.prefix, NULL, &err), &err);
    size_t checked = 0;
    for (size_t i = 0; i < loaded.num_slots; i++) {
        const char *name = f.model->graph->slots[i].name;
        if (!strstr(name, "/lateral/conv/bias"))
            continue;
        for (int k = 0; k < 4; k++)
            assert_true((double)loaded.slots[i][k] == wide[k]);
        checked++;
    }
    assert_int_equal(checked, 3);
    sb_weights_release(&loaded);
    teardown(&f);
}

/* A checkpoint copied tensor by tensor into a .safetensors keeps names and layouts, and binds. */
static void test_weights_bind__a_copied_checkpoint_binds(void **state)
{
    (void)state;
    struct sb_error err;
    struct fixture f;
    setup(&f, "copied");
    bundle_writer_finish(&f.w);
    struct sb_tensors *file = sb_tensors_open(f.prefix, &err);
    assert_non_null(file);
    const size_t n = sb_tensors_count(file);
    const struct sb_tensor **all =
        sb_calloc(n, sizeof(const struct sb_tensor *), SB_MEM_TAG(SB_MEM_DATA, 0));
    for (size_t i = 0; i < n; i++)
        all[i] = sb_tensors_at(file, i);
    snprintf(f.prefix, sizeof(f.prefix), "%s/copied.safetensors", test_scratch());
    assert_ok(sb_safetensors_write(f.prefix, all, n, file, &err), &err);
    expect_bound(&f, NULL);
    sb_free(all);
    sb_tensors_free(&file);
    teardown(&f);
}

static void test_weights_bind__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    struct sb_mem_stats before, after;
    struct sb_weights loaded;
    struct sb_error err;
    struct fixture f;
    setup(&f, "memory");
    bundle_writer_finish(&f.w);
    struct sb_tensors *file = sb_tensors_open(f.prefix, &err);
    assert_non_null(file);
    sb_mem_get_stats(&before);
    int rc = SB_ENOMEM;
    for (long n = 1; rc; n += 1 + n / 16) {
        assert_in_range(n, 1, 100000);
        sb_mem_fail_after(n);
        rc = sb_weights_bind(&loaded, f.model->graph, file, NULL, &err);
        sb_mem_fail_after(0);
        assert_true(rc == 0 || rc == SB_ENOMEM);
    }
    sb_weights_release(&loaded);
    sb_mem_get_stats(&after);
    assert_int_equal(after.current_total_bytes, before.current_total_bytes);
    sb_tensors_free(&file);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_bind__a_published_checkpoint_comes_back),
        cmocka_unit_test(test_weights_bind__what_training_leaves_is_not_extra),
        cmocka_unit_test(test_weights_bind__averages_are_taken_on_request),
        cmocka_unit_test(test_weights_bind__missing_extra_and_misshaped_are_named),
        cmocka_unit_test(test_weights_bind__long_lists_are_cut),
        cmocka_unit_test(test_weights_bind__missing_and_extra_may_be_allowed),
        cmocka_unit_test(test_weights_bind__a_wrong_checksum_is_an_error),
        cmocka_unit_test(test_weights_bind__other_float_types_are_converted),
        cmocka_unit_test(test_weights_bind__a_copied_checkpoint_binds),
        cmocka_unit_test(test_weights_bind__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("models/weights_bind", tests, NULL, NULL);
}
