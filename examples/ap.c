/*
 * Average precision of a few boxes, from arrays in memory, with the installed library:
 *   cc ap.c $(pkg-config --cflags --libs spinebench) -o ap && ./ap
 */
#include <spinebench/eval.h>

#include <stdio.h>

static int fail(const struct spinebench_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return 1;
}

int main(void)
{
    /* two images; a cat and a dog in the first, a cat in the second */
    const int64_t images[] = {1, 2}, categories[] = {17, 18};
    const char *const names[] = {"cat", "dog"};
    const int64_t object_image[] = {1, 1, 2}, object_category[] = {17, 18, 17};
    const double object_bbox[] = {10, 10, 40, 60, 70, 20, 50, 50, 0, 0, 120, 90};
    struct spinebench_objects objects = {.size = sizeof(objects)};
    objects.image_count = objects.category_count = 2;
    objects.image_ids = images;
    objects.category_ids = categories;
    objects.category_names = names;
    objects.count = 3;
    objects.image_id = object_image;
    objects.category_id = object_category;
    objects.bbox = object_bbox;

    /* found: the first cat exactly, the dog roughly, and a dog where the second cat is */
    const int64_t found_image[] = {1, 1, 2}, found_category[] = {17, 18, 18};
    const double found_bbox[] = {10, 10, 40, 60, 75, 25, 50, 50, 0, 0, 120, 90};
    const double score[] = {0.9, 0.8, 0.7};
    struct spinebench_detections found = {.size = sizeof(found)};
    found.count = 3;
    found.image_id = found_image;
    found.category_id = found_category;
    found.bbox = found_bbox;
    found.score = score;

    struct spinebench_options options;
    struct spinebench_truth *truth;
    struct spinebench_result *result = NULL;
    struct spinebench_error error;
    spinebench_options_defaults(&options, sizeof(options), SPINEBENCH_BBOX);
    if (spinebench_truth_new(&truth, &objects, &options, &error) ||
        spinebench_evaluate(&result, truth, &found, &error))
        return fail(&error);
    printf("%s", spinebench_result_text(result));
    for (size_t k = 0; k < spinebench_result_categories(result); k++) {
        struct spinebench_category c = {.size = sizeof(c)};
        if (spinebench_result_category(result, k, &c) == 0)
            printf("%s: AP %.3f, AP50 %.3f, %d object%s\n", c.name, c.ap, c.ap50, (int)c.objects,
                   c.objects == 1 ? "" : "s");
    }
    spinebench_result_free(&result);
    spinebench_truth_free(&truth);
    return 0;
}
