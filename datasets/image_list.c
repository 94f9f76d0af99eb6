/* Lists of image files. See image_list.h. */
#include "datasets/image_list.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static int start(struct sb_image_list *list, size_t count, struct sb_error *err)
{
    memset(list, 0, sizeof(*list));
    list->items = sb_calloc(count, sizeof(*list->items), TAG);
    return list->items ? 0 : sb_error_nomem(err, "the image list", count * sizeof(*list->items));
}

/* Takes ownership of path, which may be NULL when memory ran out. */
static int add(struct sb_image_list *list, int64_t id, char *path, struct sb_error *err)
{
    if (!path)
        return sb_error_nomem(err, "a path", 0);
    struct sb_image_item *const item = &list->items[list->count++];
    item->id = id;
    item->path = path;
    return 0;
}

int sb_image_list_from_coco(struct sb_image_list *list, const struct sb_coco_images *set,
                            const char *dir, struct sb_error *err)
{
    int rc = start(list, set->num_images, err);
    for (size_t i = 0; rc == 0 && i < set->num_images; i++)
        rc = add(list, set->images[i].id, sb_path_join(dir, set->images[i].file_name), err);
    if (rc)
        sb_image_list_release(list);
    return rc;
}

/* The number that a file's name is, without folder and extension; -1 when it is none. */
static int64_t number_of(const char *path)
{
    const char *const base = sb_path_base(path);
    const char *const dot = strrchr(base, '.');
    const size_t length = dot ? (size_t)(dot - base) : strlen(base);
    if (length == 0 || length > 15)
        return -1;
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (base[i] < '0' || base[i] > '9')
            return -1;
        value = value * 10 + (base[i] - '0');
    }
    return value;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Gives the items numbers: those of their names if all are different, else 1, 2, 3, ... */
static int number_items(struct sb_image_list *list, struct sb_error *err)
{
    int64_t *const sorted = sb_calloc(list->count, sizeof(*sorted), TAG);
    if (!sorted)
        return sb_error_nomem(err, "ids", list->count * sizeof(*sorted));
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = number_of(list->items[i].path);
    qsort(sorted, list->count, sizeof(*sorted), compare);
    bool usable = true;
    for (size_t i = 0; i < list->count; i++)
        usable = usable && sorted[i] >= 0 && (i == 0 || sorted[i] != sorted[i - 1]);
    sb_free(sorted);
    for (size_t i = 0; i < list->count; i++)
        list->items[i].id = usable ? number_of(list->items[i].path) : (int64_t)i + 1;
    return 0;
}

int sb_image_list_from_paths(struct sb_image_list *list, const char *const *paths, size_t count,
                             struct sb_error *err)
{
    int rc = start(list, count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add(list, 0, sb_strdup(paths[i]), err);
    if (rc == 0)
        rc = number_items(list, err);
    if (rc)
        sb_image_list_release(list);
    return rc;
}

void sb_image_list_release(struct sb_image_list *list)
{
    sb_image_list_truncate(list, 0);
    sb_free(list->items);
    memset(list, 0, sizeof(*list));
}

void sb_image_list_truncate(struct sb_image_list *list, size_t count)
{
    while (list->count > count)
        sb_free(list->items[--list->count].path);
}

void sb_shard_range(size_t count, size_t index, size_t shards, size_t *from, size_t *size)
{
    const size_t each = count / shards, larger = count % shards, before = index - 1;
    /* the first `larger` shards have one item more */
    *from = before * each + (before < larger ? before : larger);
    *size = each + (before < larger);
}

void sb_image_list_shard(struct sb_image_list *list, size_t index, size_t shards)
{
    size_t from = 0, size = 0;
    sb_shard_range(list->count, index, shards, &from, &size);
    sb_image_list_truncate(list, from + size);
    for (size_t i = 0; i < from; i++)
        sb_free(list->items[i].path);
    memmove(list->items, list->items + from, size * sizeof(*list->items));
    list->count = size;
}

/* A whole number at *text, which moves behind it; 0 when there is none. */
static size_t read_number(const char **text)
{
    char *end = NULL;
    const bool digit = **text >= '0' && **text <= '9';
    const unsigned long long value = digit ? strtoull(*text, &end, 10) : 0;
    *text = digit ? end : *text;
    return value < SIZE_MAX ? (size_t)value : SIZE_MAX;
}

int sb_shard_parse(const char *text, size_t *index, size_t *shards, struct sb_error *err)
{
    const char *at = text;
    *index = read_number(&at);
    const bool slash = *at == '/';
    at += slash;
    *shards = read_number(&at);
    if (slash && *at == '\0' && *index >= 1 && *index <= *shards && *shards <= 1000000)
        return 0;
    sb_error_set(err, SB_EINVAL, "shard '%s', expected I/N with 1 <= I <= N", text);
    return sb_error_hint(err, "three shards are 1/3, 2/3 and 3/3");
}

uint64_t sb_image_list_digest(const struct sb_image_list *list)
{
    uint64_t hash = SB_FNV_START;
    for (size_t i = 0; i < list->count; i++) {
        const struct sb_image_item *const item = &list->items[i];
        hash = sb_fnv1a(hash, &item->id, sizeof(item->id));
        hash = sb_fnv1a(hash, item->path, strlen(item->path) + 1);
    }
    return hash;
}

static uint64_t add_number(uint64_t hash, uint64_t value, size_t bytes)
{
    unsigned char little[8];
    for (size_t i = 0; i < bytes; i++)
        little[i] = (unsigned char)(value >> 8 * i);
    return sb_fnv1a(hash, little, bytes);
}

static int add_picture(uint64_t *hash, const char *path, struct sb_error *err)
{
    struct sb_map map = {0};
    const bool exists = sb_is_file(path);
    const int rc = exists ? sb_map_open(&map, path, err) : 0;
    if (rc)
        return rc;
    const char *const name = sb_path_base(path);
    *hash = sb_fnv1a(*hash, name, strlen(name) + 1);
    *hash = add_number(*hash, exists ? map.size : UINT64_MAX, 8);
    *hash = add_number(*hash, sb_crc32c(0, map.data, map.size), 4);
    sb_map_release(&map);
    return 0;
}

int sb_image_list_content_digest(const struct sb_image_list *list, uint64_t *digest,
                                 struct sb_error *err)
{
    int rc = 0;
    *digest = SB_FNV_START;
    for (size_t i = 0; i < list->count && rc == 0; i++)
        rc = add_picture(digest, list->items[i].path, err);
    return rc;
}
