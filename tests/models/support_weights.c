/* Helpers of the tests of weight files. See support_weights.h. */
#include "tests/models/support_weights.h"

#include "base/file.h"
#include "base/mem.h"
#include "models/layout.h"
#include "models/name_map.h"
#include "tests/test.h"

#include <string.h>

struct sb_model *model_of_spec(const char *json)
{
    char path[512];
    struct sb_error err;
    snprintf(path, sizeof(path), "%s/spec.json", test_scratch());
    assert_ok(sb_write_file(path, json, strlen(json), &err), &err);
    struct sb_model *model = sb_model_open(path, NULL, &err);
    assert_ok(model ? 0 : err.code, &err);
    return model;
}

struct sb_model *small_spinenet(void)
{
    return model_of_spec(
        "{\"name\": \"small-spinenet\", \"base\": \"retinanet-spinenet-49\", \"size\": 128,"
        " \"classes\": 3, \"head\": {\"convs\": 1, \"filters\": 4},"
        " \"backbone\": {\"base\": \"spinenet-49\", \"filter_scale\": 0.04,"
        " \"endpoint_filters\": 4}}");
}

struct sb_model *small_resnet(void)
{
    return model_of_spec(
        "{\"name\": \"small-resnet\", \"base\": \"retinanet-resnet-50-fpn\", \"size\": 128,"
        " \"classes\": 3, \"head\": {\"convs\": 1, \"filters\": 4},"
        " \"backbone\": {\"base\": \"resnet-50\", \"stage_filters\": [2, 3, 4, 5]},"
        " \"neck\": {\"type\": \"fpn\", \"filters\": 4}}");
}

void bundle_add_weights(struct bundle_writer *w, const struct sb_graph *graph,
                        const struct sb_weights *weights)
{
    const int64_t step = 1;
    struct sb_name_map map;
    struct sb_error err;
    assert_ok(sb_name_map_build(&map, graph, NULL, &err), &err);
    for (size_t i = 0; i < graph->num_slots; i++) {
        const struct sb_slot *slot = &graph->slots[i];
        const size_t bytes = sb_slot_count(slot) * sizeof(float);
        size_t shape[4];
        int64_t dims[4];
        const int ndim = sb_variable_shape(slot, shape);
        for (int d = 0; d < ndim; d++)
            dims[d] = (int64_t)shape[d];
        float *variable = sb_malloc(bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
        assert_non_null(variable);
        assert_non_null(map.names[i]);
        sb_layout_to_variable(slot, weights->slots[i], variable);
        bundle_writer_add(w, map.names[i], BUNDLE_FLOAT, ndim, dims, variable, bytes);
        sb_free(variable);
    }
    bundle_writer_add(w, "global_step", BUNDLE_INT64, 0, NULL, &step, sizeof(step));
    sb_name_map_release(&map);
}
