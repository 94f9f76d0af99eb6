/* Lists of labelled images. See label_list.h. */
#include "datasets/label_list.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "datasets/synsets.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* A list under construction. */
struct builder {
    struct sb_label_list *list;
    size_t cap_items, cap_names, cap_labels;
    const char *dir;
    struct sb_synsets synsets; /* empty where none were given */
    bool competition;          /* the lines are those of ImageNet's competition */
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

/* Where the last word of a line starts. */
static size_t last_word(const char *line, size_t length)
{
    while (length > 0 && !is_separator(line[length - 1]))
        length--;
    return length;
}

/* The label that a word is; -1 when it is neither a number of up to 15 digits nor a synset, -2 for
 * a synset that is not known. */
static int64_t label_of(const struct builder *b, const char *word, size_t length)
{
    int64_t value = 0;
    char id[SB_SYNSET_LENGTH + 1] = "";
    if (sb_is_synset(word, length)) {
        memcpy(id, word, length);
        value = sb_synset_label(&b->synsets, id);
        return value < 0 ? -2 : value;
    }
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)word[i]) || i == 15)
            return -1;
        value = value * 10 + (word[i] - '0');
    }
    return length ? value : -1;
}

static int bad_line(const struct builder *b, const char *path, int64_t number, const char *what)
{
    sb_error_set(b->err, SB_EFORMAT, "%s", what);
    sb_error_file(b->err, path);
    return sb_error_line(b->err, number, 1);
}

static int unknown_synset(const struct builder *b, const char *path, int64_t number,
                          const char *word)
{
    char what[120];
    snprintf(what, sizeof(what), "%s %.*s",
             b->synsets.count ? "unknown synset" : "the label is synset", SB_SYNSET_LENGTH, word);
    bad_line(b, path, number, what);
    return sb_error_hint(b->err, "a file of synsets, a line for each class, gives their labels "
                                 "(--synsets)");
}

/* NAME,SYNSET ...: the name lacks its extension. */
static int read_competition_line(struct builder *b, const char *path, int64_t number,
                                 const char *line, size_t length)
{
    char name[200];
    const char *const comma = memchr(line, ',', length);
    const size_t left = comma ? length - (size_t)(comma + 1 - line) : 0;
    if (!comma || left < SB_SYNSET_LENGTH || !sb_is_synset(comma + 1, SB_SYNSET_LENGTH))
        return bad_line(b, path, number, "expected NAME,SYNSET ...");
    const int64_t label = label_of(b, comma + 1, SB_SYNSET_LENGTH);
    if (label < 0)
        return unknown_synset(b, path, number, comma + 1);
    if ((size_t)(comma - line) + sizeof(".JPEG") > sizeof(name))
        return bad_line(b, path, number, "a name of more than 194 bytes");
    snprintf(name, sizeof(name), "%.*s.JPEG", (int)(comma - line), line);
    return add(b, (int64_t)b->list->images.count + 1, name, strlen(name), label);
}

/* The label alone: that of the validation image of this number. */
static int add_validation_image(struct builder *b, int64_t label)
{
    char name[64];
    const int64_t number = (int64_t)b->list->images.count + 1;
    snprintf(name, sizeof(name), "ILSVRC2012_val_%08lld.JPEG", (long long)number);
    return add(b, number, name, strlen(name), label);
}

static int read_line(struct builder *b, const char *path, int64_t number, const char *line,
                     size_t length)
{
    static const char header[] = "ImageId,PredictionString";
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    if (length == 0 || line[0] == '#')
        return 0;
    if (memchr(line, '\0', length))
        return bad_line(b, path, number, "a NUL character: expected a text file");
    if (number == 1 && length == sizeof(header) - 1 && memcmp(line, header, length) == 0) {
        b->competition = true;
        return 0;
    }
    if (b->competition)
        return read_competition_line(b, path, number, line, length);
    const size_t word = last_word(line, length);
    const int64_t label = label_of(b, line + word, length - word);
    size_t name = word;
    while (name > 0 && is_separator(line[name - 1]))
        name--;
    if (label == -2)
        return unknown_synset(b, path, number, line + word);
    if (word == 0 && sb_is_synset(line, length))
        return add_validation_image(b, label);
    if (label >= 0 && word > 0 && name == 0)
        return bad_line(b, path, number, "no file name before the label");
    const bool labelled = label >= 0 && name > 0;
    return add(b, (int64_t)b->list->images.count + 1, line, labelled ? name : length,
               labelled ? label : -1);
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

static int compare_categories(const void *a, const void *b)
{
    const int64_t x = ((const struct sb_coco_category *)a)->id,
                  y = ((const struct sb_coco_category *)b)->id;
    return (x > y) - (x < y);
}

/* The super-category of each image, when the categories have some; sorts the categories. */
static int add_supers(struct builder *b, struct sb_coco_images *set)
{
    struct sb_label_list *const l = b->list;
    bool any = false;
    for (size_t i = 0; i < set->num_categories; i++)
        any |= set->categories[i].supercategory[0] != '\0';
    if (!any)
        return 0;
    qsort(set->categories, set->num_categories, sizeof(*set->categories), compare_categories);
    l->supers = sb_calloc(l->images.count + 1, sizeof(*l->supers), TAG);
    const char **const names = sb_calloc(set->num_categories, sizeof(*names), TAG);
    for (size_t k = 0; names && k < set->num_categories; k++) {
        const char *const name = set->categories[k].supercategory;
        names[k] = name[0] ? sb_texts_keep(&l->texts, name) : NULL;
    }
    for (size_t i = 0; l->supers && names && i < l->images.count; i++) {
        const struct sb_coco_category wanted = {.id = l->labels[i]};
        const struct sb_coco_category *const found = bsearch(
            &wanted, set->categories, set->num_categories, sizeof(wanted), compare_categories);
        l->supers[i] = found ? names[found - set->categories] : NULL;
    }
    const bool ok = l->supers && names && !l->texts.failed;
    sb_free(names);
    return ok ? 0 : sb_error_nomem(b->err, "super-categories", 0);
}

static int add_images(struct builder *b, struct sb_coco_images *set, const struct pairs *pairs)
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
    return rc ? rc : add_supers(b, set);
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

/* By its first character; and what is called .json is to be JSON, so that errors say so. */
static bool is_json(const struct sb_map *map, const char *path)
{
    size_t i = 0;
    if (sb_ends_with(path, ".json"))
        return true;
    while (i < map->size && isspace((unsigned char)map->data[i]))
        i++;
    return i < map->size && map->data[i] == '{';
}

bool sb_label_list_is_plain(const char *path)
{
    struct sb_map map;
    struct sb_error err;
    if (sb_is_dir(path))
        return true;
    if (sb_map_open(&map, path, &err))
        return false;
    const bool plain = !is_json(&map, path);
    sb_map_release(&map);
    return plain;
}

static int read_file(struct builder *b, const char *path)
{
    struct sb_map map;
    int rc = sb_map_open(&map, path, b->err);
    if (rc)
        return rc;
    rc = is_json(&map, path) ? read_json(b, &map, path) : read_text(b, &map, path);
    sb_map_release(&map);
    return rc;
}

static bool is_image_name(const char *name)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".PNG"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (sb_ends_with(name, ends[i]))
            return true;
    return false;
}

/* The images of one class. */
static int read_class(struct builder *b, const char *path, const char *folder, int64_t label)
{
    struct sb_names files = {NULL, 0, 0};
    struct sb_str name = SB_STR_INIT;
    char *const inside = sb_path_join(path, folder);
    int rc = inside ? sb_list_folder(&files, inside, false, b->err)
                    : sb_error_nomem(b->err, "a path", strlen(folder));
    for (size_t i = 0; rc == 0 && i < files.count; i++) {
        if (!is_image_name(files.items[i]))
            continue;
        sb_str_clear(&name);
        sb_str_printf(&name, "%s/%s", folder, files.items[i]);
        rc = name.failed ? sb_error_nomem(b->err, "a name", 0)
                         : add(b, (int64_t)b->list->images.count + 1, sb_str_text(&name),
                               name.length, label);
    }
    sb_names_release(&files);
    sb_str_release(&name);
    sb_free(inside);
    return rc;
}

/* A folder with a folder per class. */
static int read_folder(struct builder *b, const char *path)
{
    struct sb_names classes;
    int rc = sb_list_folder(&classes, path, true, b->err);
    if (rc)
        return rc;
    if (b->dir[0] == '\0')
        b->dir = path;
    for (size_t i = 0; rc == 0 && i < classes.count; i++) {
        const int64_t label =
            b->synsets.count ? sb_synset_label(&b->synsets, classes.items[i]) : (int64_t)i;
        if (label < 0) {
            sb_error_set(b->err, SB_EFORMAT, "folder '%.80s' is not in the file of synsets",
                         classes.items[i]);
            sb_error_hint(b->err, "without --synsets, folders are numbered in order of names");
            rc = sb_error_file(b->err, path);
        } else {
            rc = read_class(b, path, classes.items[i], label);
        }
    }
    sb_names_release(&classes);
    return rc;
}

int sb_label_list_load(struct sb_label_list *list, const char *path, const char *dir,
                       const char *synsets, struct sb_error *err)
{
    struct builder b = {.list = list, .dir = dir, .err = err};
    memset(list, 0, sizeof(*list));
    int rc = synsets ? sb_synsets_load(&b.synsets, synsets, err) : 0;
    if (rc == 0)
        rc = sb_is_dir(path) ? read_folder(&b, path) : read_file(&b, path);
    if (rc == 0 && list->images.count == 0) {
        sb_error_set(err, SB_EFORMAT, "lists no image");
        rc = sb_error_file(err, path);
    }
    sb_synsets_release(&b.synsets);
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

size_t sb_label_list_above(const struct sb_label_list *list, int64_t last)
{
    size_t above = 0;
    for (size_t i = 0; i < list->images.count; i++)
        above += list->labels[i] > last;
    return above;
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
        if (list->supers)
            memmove(list->supers, list->supers + from, size * sizeof(*list->supers));
    }
    sb_image_list_shard(&list->images, index, shards);
}

void sb_label_list_release(struct sb_label_list *list)
{
    if (list->names)
        sb_label_list_truncate(list, 0);
    sb_free(list->names);
    sb_free(list->labels);
    sb_free(list->supers);
    sb_texts_release(&list->texts);
    sb_image_list_release(&list->images);
    memset(list, 0, sizeof(*list));
}
