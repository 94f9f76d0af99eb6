/* Images and categories of COCO annotation files. See coco_images.h. */
#include "datasets/coco_images.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* What a member of an array becomes. */
typedef int (*element_fn)(struct sb_coco_images *set, struct sb_scan *s);

static int read_string(struct sb_scan *s, struct sb_str *out)
{
    struct sb_scan_text text;
    const char *const at = s->pos;
    const int rc = sb_scan_string(s, &text);
    if (rc)
        return rc;
    sb_str_clear(out);
    sb_scan_unescape(&text, out);
    if (out->failed)
        return sb_error_nomem(s->err, "a string", text.length);
    if (strlen(sb_str_text(out)) != out->length)
        return sb_scan_fail(s, at, "a name holds a NUL character");
    return 0;
}

enum { IMAGE_ID, IMAGE_FILE, IMAGE_URL, IMAGE_HEIGHT, IMAGE_WIDTH };
static const struct sb_scan_name image_names[] = {
    SB_SCAN_NAME("id"),     SB_SCAN_NAME("file_name"), SB_SCAN_NAME("coco_url"),
    SB_SCAN_NAME("height"), SB_SCAN_NAME("width"),     SB_SCAN_NAMES_END};

static int read_size(struct sb_scan *s, int32_t *value)
{
    int64_t wide = 0;
    const int rc = sb_scan_int(s, 0, INT32_MAX, &wide);
    *value = (int32_t)wide;
    return rc;
}

/* Members of an image object; the file name wins over the URL. */
static int read_image(struct sb_scan *s, struct sb_coco_image *image, struct sb_str *file,
                      struct sb_str *url)
{
    struct sb_scan_record rec = {.names = image_names};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == IMAGE_ID)
            rc = sb_scan_int(s, INT64_MIN / 1024, INT64_MAX / 1024, &image->id);
        else if (key == IMAGE_FILE)
            rc = read_string(s, file);
        else if (key == IMAGE_URL)
            rc = read_string(s, url);
        else if (key == IMAGE_HEIGHT)
            rc = read_size(s, &image->height);
        else if (key == IMAGE_WIDTH)
            rc = read_size(s, &image->width);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, IMAGE_ID, at);
    if (rc == 0 && url->length == 0)
        rc = sb_scan_require(s, &rec, IMAGE_FILE, at);
    return rc;
}

static int add_image(struct sb_coco_images *set, struct sb_scan *s)
{
    struct sb_coco_image image = {0};
    struct sb_str file = SB_STR_INIT, url = SB_STR_INIT;
    int rc = read_image(s, &image, &file, &url);
    if (rc == 0) {
        image.file_name =
            sb_strdup(file.length ? sb_str_text(&file) : sb_path_base(sb_str_text(&url)));
        if (!image.file_name ||
            sb_grow(&set->images, &set->cap_images, set->num_images + 1, sizeof(image), TAG)) {
            sb_free(image.file_name);
            rc = sb_error_nomem(s->err, "images", set->num_images * sizeof(image));
        } else {
            set->images[set->num_images++] = image;
        }
    }
    sb_str_release(&file);
    sb_str_release(&url);
    return rc;
}

enum { CATEGORY_ID, CATEGORY_NAME, CATEGORY_SUPER };
static const struct sb_scan_name category_names[] = {
    SB_SCAN_NAME("id"), SB_SCAN_NAME("name"), SB_SCAN_NAME("supercategory"), SB_SCAN_NAMES_END};

static int read_category(struct sb_scan *s, int64_t *id, struct sb_str *name, struct sb_str *super)
{
    struct sb_scan_record rec = {.names = category_names};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == CATEGORY_ID)
            rc = sb_scan_int(s, INT64_MIN / 1024, INT64_MAX / 1024, id);
        else if (key == CATEGORY_NAME)
            rc = read_string(s, name);
        else if (key == CATEGORY_SUPER && sb_scan_peek(s) == SB_SCAN_STRING)
            rc = read_string(s, super);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    return rc ? rc : sb_scan_require(s, &rec, CATEGORY_ID, at);
}

static void release_category(struct sb_coco_category *category)
{
    sb_free(category->name);
    sb_free(category->supercategory);
}

static int add_category(struct sb_coco_images *set, struct sb_scan *s)
{
    struct sb_coco_category category = {0};
    struct sb_str name = SB_STR_INIT, super = SB_STR_INIT;
    int rc = read_category(s, &category.id, &name, &super);
    if (rc == 0) {
        category.name = sb_strdup(sb_str_text(&name));
        category.supercategory = sb_strdup(sb_str_text(&super));
        if (!category.name || !category.supercategory ||
            sb_grow(&set->categories, &set->cap_categories, set->num_categories + 1,
                    sizeof(category), TAG)) {
            release_category(&category);
            rc = sb_error_nomem(s->err, "categories", set->num_categories * sizeof(category));
        } else {
            set->categories[set->num_categories++] = category;
        }
    }
    sb_str_release(&name);
    sb_str_release(&super);
    return rc;
}

static int read_array(struct sb_coco_images *set, struct sb_scan *s, element_fn add)
{
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0)
        rc = add(set, s);
    return rc ? rc : more;
}

enum { TOP_IMAGES, TOP_CATEGORIES };
static const struct sb_scan_name top_names[] = {SB_SCAN_NAME("images"), SB_SCAN_NAME("categories"),
                                                SB_SCAN_NAMES_END};

static int read_document(struct sb_coco_images *set, struct sb_scan *s)
{
    struct sb_scan_record rec = {.names = top_names};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == TOP_IMAGES)
            rc = read_array(set, s, add_image);
        else if (key == TOP_CATEGORIES)
            rc = read_array(set, s, add_category);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, TOP_IMAGES, at);
    return rc ? rc : sb_scan_finish(s);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* SB_EFORMAT when two of the ids are equal; sorts them. */
static int check_distinct(int64_t *ids, size_t count, const char *what, const char *path,
                          struct sb_error *err)
{
    qsort(ids, count, sizeof(*ids), compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (ids[i] != ids[i - 1])
            continue;
        sb_error_set(err, SB_EFORMAT, "%s id %lld occurs twice", what, (long long)ids[i]);
        return sb_error_file(err, path);
    }
    return 0;
}

static int check_ids(const struct sb_coco_images *set, const char *path, struct sb_error *err)
{
    const size_t n = set->num_images > set->num_categories ? set->num_images : set->num_categories;
    int64_t *const ids = sb_calloc(n, sizeof(*ids), TAG);
    if (!ids)
        return sb_error_nomem(err, "ids", n * sizeof(*ids));
    for (size_t i = 0; i < set->num_images; i++)
        ids[i] = set->images[i].id;
    int rc = check_distinct(ids, set->num_images, "image", path, err);
    for (size_t i = 0; i < set->num_categories; i++)
        ids[i] = set->categories[i].id;
    if (rc == 0)
        rc = check_distinct(ids, set->num_categories, "category", path, err);
    sb_free(ids);
    return rc;
}

int sb_coco_images_read(const char *path, struct sb_coco_images *out, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan scan;
    memset(out, 0, sizeof(*out));
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = sb_scan_init(&scan, map.data, map.size, path, err);
    if (rc == 0)
        rc = read_document(out, &scan);
    sb_map_release(&map);
    if (rc)
        sb_coco_images_release(out);
    return rc;
}

int sb_coco_images_load(const char *path, struct sb_coco_images *out, struct sb_error *err)
{
    int rc = sb_coco_images_read(path, out, err);
    if (rc == 0)
        rc = check_ids(out, path, err);
    if (rc)
        sb_coco_images_release(out);
    return rc;
}

void sb_coco_images_release(struct sb_coco_images *set)
{
    for (size_t i = 0; i < set->num_images; i++)
        sb_free(set->images[i].file_name);
    for (size_t i = 0; i < set->num_categories; i++)
        release_category(&set->categories[i]);
    sb_free(set->images);
    sb_free(set->categories);
    memset(set, 0, sizeof(*set));
}

const char *sb_coco_category_name(const struct sb_coco_images *set, int64_t id)
{
    for (size_t i = 0; i < set->num_categories; i++)
        if (set->categories[i].id == id)
            return set->categories[i].name;
    return NULL;
}
