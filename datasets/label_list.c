/* Lists of labelled images. See label_list.h. */
#include "datasets/label_list.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* A list under construction. */
struct builder {
    struct sb_label_list *list;
    size_t cap_items, cap_names, cap_labels;
    const char *dir;
    struct sb_error *err;
};

/* Appends one image; name is not NUL-terminated. */
static int add(struct builder *b, int64_t id, const char *name, size_t length, int64_t label)
{
    struct sb_label_list *const l = b->list;
    const size_t n = l->images.count;
    struct sb_str copy = SB_STR_INIT;
    sb_str_append(&copy, name, length);
    char *const path = copy.failed ? NULL : sb_path_join(b->dir, sb_str_text(&copy));
    if (!path || sb_grow(&l->images.items, &b->cap_items, n + 1, sizeof(*l->images.items), TAG) ||
        sb_grow(&l->names, &b->cap_names, n + 1, sizeof(*l->names), TAG) ||
        sb_grow(&l->labels, &b->cap_labels, n + 1, sizeof(*l->labels), TAG)) {
        sb_free(path);
        sb_str_release(&copy);
        return sb_error_nomem(b->err, "the image list", n * sizeof(*l->images.items));
    }
    l->images.items[n].id = id;
    l->images.items[n].path = path;
    l->names[n] = copy.data; /* ownership moves */
    l->labels[n] = label;
    l->images.count++;
    return 0;
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* Splits a line into a name and a label; the label is -1 when the last word is no whole number. */
static size_t split_line(const char *line, size_t length, int64_t *label)
{
    size_t digits = length;
    int64_t value = 0, place = 1;
    while (digits > 0 && isdigit((unsigned char)line[digits - 1]) && length - digits < 15) {
        value += place * (line[--digits] - '0');
        place *= 10;
    }
    *label = -1;
    if (digits == length || digits == 0 || !is_separator(line[digits - 1]))
        return length;
    *label = value;
    while (digits > 0 && is_separator(line[digits - 1]))
        digits--;
    return digits;
}

static int bad_line(const struct builder *b, const char *path, int64_t number, const char *what)
{
    sb_error_set(b->err, SB_EFORMAT, "%s", what);
    sb_error_file(b->err, path);
    return sb_error_line(b->err, number, 1);
}

static int read_line(struct builder *b, const char *path, int64_t number, const char *line,
                     size_t length)
{
    int64_t label = -1;
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    if (length == 0 || line[0] == '#')
        return 0;
    if (memchr(line, '\0', length))
        return bad_line(b, path, number, "a NUL character: expected a text file");
    const size_t name = split_line(line, length, &label);
    if (name == 0)
        return bad_line(b, path, number, "no file name before the label");
    return add(b, (int64_t)b->list->images.count + 1, line, name, label);
}

static int read_text(struct builder *b, const struct sb_map *map, const char *path)
{
    const char *at = map->data, *const end = map->data + map->size;
    int rc = 0;
    for (int64_t number = 1; rc == 0 && at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *const stop = newline ? newline : end;
        rc = read_line(b, path, number, at, (size_t)(stop - at));
        at = stop + 1;
    }
    return rc;
}

/* image id and label of an annotation */
struct pair {
    int64_t image_id, label;
};

struct pairs {
    struct pair *items;
    size_t count, capacity;
};

static int compare_pairs(const void *a, const void *b)
{
    const int64_t x = ((const struct pair *)a)->image_id, y = ((const struct pair *)b)->image_id;
    return (x > y) - (x < y);
}

enum { IMAGE_ID, CATEGORY_ID };
static const struct sb_scan_name annotation_names[] = {
    SB_SCAN_NAME("image_id"), SB_SCAN_NAME("category_id"), SB_SCAN_NAMES_END};

static int read_annotation(struct sb_scan *s, struct pairs *pairs)
{
    struct sb_scan_record rec = {.names = annotation_names};
    struct pair pair = {0, 0};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == IMAGE_ID)
            rc = sb_scan_int(s, INT64_MIN / 1024, INT64_MAX / 1024, &pair.image_id);
        else if (key == CATEGORY_ID)
            rc = sb_scan_int(s, 0, INT64_MAX / 1024, &pair.label);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, IMAGE_ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, CATEGORY_ID, at);
    if (rc)
        return rc;
    if (sb_grow(&pairs->items, &pairs->capacity, pairs->count + 1, sizeof(pair), TAG))
        return sb_error_nomem(s->err, "labels", pairs->count * sizeof(pair));
    pairs->items[pairs->count++] = pair;
    return 0;
}

static int read_annotations(struct sb_scan *s, struct pairs *pairs)
{
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("annotations"), SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = names};
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key != 0) {
            rc = key < 0 ? key : sb_scan_skip(s);
            continue;
        }
        bool first = true;
        int more = 0;
        rc = sb_scan_open_array(s);
        while (rc == 0 && (more = sb_scan_element(s, &first)) > 0)
            rc = read_annotation(s, pairs);
        rc = rc ? rc : more;
    }
    return rc;
}

static int add_images(struct builder *b, const struct sb_coco_images *set,
                      const struct pairs *pairs)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < set->num_images; i++) {
        const struct pair wanted = {set->images[i].id, 0};
        const struct pair *found = pairs->count ? bsearch(&wanted, pairs->items, pairs->count,
                                                          sizeof(wanted), compare_pairs)
                                                : NULL;
        rc = add(b, set->images[i].id, set->images[i].file_name, strlen(set->images[i].file_name),
                 found ? found->label : -1);
    }
    return rc;
}

/* SB_EFORMAT when an image has two labels; sorts. */
static int sort_pairs(const struct builder *b, struct pairs *pairs, const char *path)
{
    if (pairs->count)
        qsort(pairs->items, pairs->count, sizeof(*pairs->items), compare_pairs);
    for (size_t i = 1; i < pairs->count; i++) {
        if (pairs->items[i].image_id != pairs->items[i - 1].image_id)
            continue;
        sb_error_set(b->err, SB_EFORMAT, "image %lld has two annotations, expected one label",
                     (long long)pairs->items[i].image_id);
        return sb_error_file(b->err, path);
    }
    return 0;
}

static int read_json(struct builder *b, const struct sb_map *map, const char *path)
{
    struct sb_coco_images set;
    struct sb_scan scan;
    struct pairs pairs = {NULL, 0, 0};
    int rc = sb_coco_images_load(path, &set, b->err);
    if (rc)
        return rc;
    rc = sb_scan_init(&scan, map->data, map->size, path, b->err);
    if (rc == 0)
        rc = read_annotations(&scan, &pairs);
    if (rc == 0)
        rc = sort_pairs(b, &pairs, path);
    if (rc == 0)
        rc = add_images(b, &set, &pairs);
    sb_free(pairs.items);
    sb_coco_images_release(&set);
    return rc;
}

static bool starts_with_brace(const struct sb_map *map)
{
    size_t i = 0;
    while (i < map->size && isspace((unsigned char)map->data[i]))
        i++;
    return i < map->size && map->data[i] == '{';
}

int sb_label_list_load(struct sb_label_list *list, const char *path, const char *dir,
                       struct sb_error *err)
{
    struct builder b = {.list = list, .dir = dir, .err = err};
    struct sb_map map;
    memset(list, 0, sizeof(*list));
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = starts_with_brace(&map) ? read_json(&b, &map, path) : read_text(&b, &map, path);
    sb_map_release(&map);
    if (rc == 0 && list->images.count == 0) {
        sb_error_set(err, SB_EFORMAT, "lists no image");
        rc = sb_error_file(err, path);
    }
    if (rc)
        sb_label_list_release(list);
    return rc;
}

int sb_label_list_from_paths(struct sb_label_list *list, const char *const *paths, size_t count,
                             struct sb_error *err)
{
    struct builder b = {.list = list, .dir = "", .err = err};
    int rc = 0;
    memset(list, 0, sizeof(*list));
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add(&b, (int64_t)i + 1, paths[i], strlen(paths[i]), -1);
    if (rc)
        sb_label_list_release(list);
    return rc;
}

void sb_label_list_truncate(struct sb_label_list *list, size_t count)
{
    for (size_t i = count; i < list->images.count; i++)
        sb_free(list->names[i]);
    sb_image_list_truncate(&list->images, count);
}

void sb_label_list_shard(struct sb_label_list *list, size_t index, size_t shards)
{
    size_t from = 0, size = 0;
    sb_shard_range(list->images.count, index, shards, &from, &size);
    for (size_t i = 0; i < list->images.count; i++)
        if (i < from || i >= from + size)
            sb_free(list->names[i]);
    if (size) {
        memmove(list->names, list->names + from, size * sizeof(*list->names));
        memmove(list->labels, list->labels + from, size * sizeof(*list->labels));
    }
    sb_image_list_shard(&list->images, index, shards);
}

void sb_label_list_release(struct sb_label_list *list)
{
    if (list->names)
        sb_label_list_truncate(list, 0);
    sb_free(list->names);
    sb_free(list->labels);
    sb_image_list_release(&list->images);
    memset(list, 0, sizeof(*list));
}
