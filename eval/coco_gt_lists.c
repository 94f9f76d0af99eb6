/* Reader of images and categories. See coco_gt_lists.h. */
#include "eval/coco_gt_lists.h"

#include "base/mem.h"
#include "eval/metric.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static int read_size(struct sb_scan *s, int32_t *pixels)
{
    int64_t v = 0;
    const int rc = sb_scan_int(s, 0, INT32_MAX, &v);
    *pixels = (int32_t)v;
    return rc;
}

/* Notes where a list of ids starts and passes over it; it is read once all categories are known. */
static int note_ids(const struct sb_gt_loader *l, struct sb_scan *s, uint64_t *at)
{
    bool first = true;
    int64_t id;
    *at = (uint64_t)(s->pos - s->begin);
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1)
        rc = sb_id_scan(&l->gt->ids, s, &id);
    return rc;
}

enum { IMAGE_ID, HEIGHT, WIDTH, NEGATIVE, NOT_EXHAUSTIVE, CROWDING, N_IMAGE };

/* Members of an image that a metric needs, a bit each. */
static uint32_t needed_members(const struct sb_coco_params *p)
{
    const bool sizes = sb_needs_image_sizes(p);
    uint32_t bits = 1u << IMAGE_ID | (sizes ? 1u << HEIGHT | 1u << WIDTH : 0);
    if (p->metric->protocol == SB_PROTOCOL_LVIS)
        bits |= 1u << NEGATIVE | 1u << NOT_EXHAUSTIVE;
    if (p->metric->protocol == SB_PROTOCOL_CROWDPOSE)
        bits |= 1u << CROWDING;
    return bits;
}

static int read_image_member(const struct sb_gt_loader *l, struct sb_scan *s, int key,
                             struct sb_image_row *row)
{
    switch (key) {
    case IMAGE_ID:
        return sb_id_scan(&l->gt->ids, s, &row->id);
    case HEIGHT:
        return read_size(s, &row->height);
    case WIDTH:
        return read_size(s, &row->width);
    case NEGATIVE:
        return note_ids(l, s, &row->negative_at);
    case NOT_EXHAUSTIVE:
        return note_ids(l, s, &row->not_exhaustive_at);
    default:
        return sb_scan_double(s, &row->crowding);
    }
}

static int read_image(void *state, const void *ctx, struct sb_scan *s)
{
    static const struct sb_scan_name names[] = {
        SB_SCAN_NAME("id"),
        SB_SCAN_NAME("height"),
        SB_SCAN_NAME("width"),
        SB_SCAN_NAME("neg_category_ids"),
        SB_SCAN_NAME("not_exhaustive_category_ids"),
        SB_SCAN_NAME("crowdIndex"),
        SB_SCAN_NAMES_END,
    };
    const struct sb_gt_loader *const l = ctx;
    const uint32_t needed = needed_members(l->params);
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    struct sb_image_row *const row = sb_rows_add(state, sizeof(*row), s->err);
    int key, rc = row ? sb_scan_open_object(s, &rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key >= 0 && key < N_IMAGE && (needed >> key & 1))
            rc = read_image_member(l, s, key, row);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    for (int i = 0; rc == 0 && i < N_IMAGE; i++)
        rc = needed >> i & 1 ? sb_scan_require(s, &rec, i, at) : 0;
    if (rc == 0 && (uint64_t)row->height * (uint64_t)row->width > UINT32_MAX)
        rc = sb_scan_fail(s, at, "an image of %d x %d pixels is too large for masks", row->height,
                          row->width);
    return rc;
}

/* "r", "c" or "f" */
static int read_frequency(struct sb_scan *s, uint8_t *frequency)
{
    struct sb_scan before = *s;
    struct sb_scan_text text = {0};
    const int rc = sb_scan_peek(s) == SB_SCAN_STRING ? sb_scan_string(s, &text) : 0;
    for (uint8_t i = 0; rc == 0 && text.data && i < SB_STAT_GROUPS; i++) {
        if (sb_scan_text_is(&text, sb_frequency_names[i])) {
            *frequency = i;
            return 0;
        }
    }
    return rc ? rc : sb_scan_expected(&before, "\"r\", \"c\" or \"f\"");
}

static int read_category(void *state, const void *ctx, struct sb_scan *s)
{
    enum { ID, NAME, FREQUENCY };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("name"),
                                                SB_SCAN_NAME("frequency"), SB_SCAN_NAMES_END};
    const struct sb_gt_loader *const l = ctx;
    const bool lvis = l->params->metric->protocol == SB_PROTOCOL_LVIS;
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    struct sb_category_row *const row = sb_rows_add(state, sizeof(*row), s->err);
    int key, rc = row ? sb_scan_open_object(s, &rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == ID)
            rc = sb_id_scan(&l->gt->ids, s, &row->id);
        else if (key == NAME && sb_scan_peek(s) == SB_SCAN_STRING)
            rc = sb_scan_string_copy(s, "a category's name", &row->name);
        else if (key == FREQUENCY && lvis)
            rc = read_frequency(s, &row->frequency);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ID, at);
    return rc == 0 && lvis ? sb_scan_require(s, &rec, FREQUENCY, at) : rc;
}

/* Appends a part's rows of the given size to all. */
static int append_rows(struct sb_rows *all, struct sb_rows *part, size_t bytes,
                       struct sb_error *err)
{
    const size_t need = all->count + part->count;
    if (part->count == 0)
        return 0;
    if (sb_grow(&all->data, &all->capacity, need, bytes, TAG))
        return sb_error_nomem(err, "rows of a data set", need * bytes);
    memcpy((char *)all->data + all->count * bytes, part->data, part->count * bytes);
    all->count = need;
    sb_rows_clear(part);
    return 0;
}

static int merge_images(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    return append_rows(&((struct sb_gt_loader *)ctx)->images, state, sizeof(struct sb_image_row),
                       err);
}

static int merge_categories(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    return append_rows(&((struct sb_gt_loader *)ctx)->categories, state,
                       sizeof(struct sb_category_row), err);
}

static void discard_images(void *state)
{
    sb_rows_clear(state);
}

static void release_images(void *state)
{
    sb_rows_release(state);
}

static void discard_categories(void *state)
{
    struct sb_rows *const rows = state;
    struct sb_category_row *const row = rows->data;
    for (size_t i = 0; i < rows->count; i++)
        sb_free(row[i].name);
    sb_rows_clear(rows);
}

static void release_categories(void *state)
{
    discard_categories(state);
    sb_rows_release(state);
}

const struct sb_array_reader sb_gt_images = {
    sizeof(struct sb_rows), 0, read_image, merge_images, discard_images, release_images};
const struct sb_array_reader sb_gt_categories = {sizeof(struct sb_rows), 0,
                                                 read_category,          merge_categories,
                                                 discard_categories,     release_categories};

/* The ids of rows, each of which starts with its id. */
static int build_map(struct sb_id_map *map, const struct sb_rows *rows, size_t bytes,
                     const struct sb_id_pool *pool, struct sb_error *err)
{
    int64_t *ids = sb_malloc(rows->count * sizeof(*ids), TAG);
    if (!ids)
        return sb_error_nomem(err, "ids", rows->count * sizeof(*ids));
    for (size_t i = 0; i < rows->count; i++)
        memcpy(&ids[i], (const char *)rows->data + i * bytes, sizeof(ids[i]));
    const int rc = sb_id_map_build(map, ids, rows->count, pool, err);
    sb_free(ids);
    return rc;
}

/* The categories of the list that starts at `at`, added to the image's set. */
static int read_set(struct sb_gt_loader *l, uint64_t at, size_t image,
                    struct sb_category_sets *sets, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const struct sb_map *const map = l->lists.data ? &l->lists : &gt->map;
    struct sb_scan s = {map->data, map->data + at, map->data + map->size, gt->path, err, 0};
    bool first = true;
    int64_t id;
    int rc = sb_scan_open_array(&s);
    while (rc == 0 && (rc = sb_scan_element(&s, &first)) == 1) {
        rc = sb_id_scan(&gt->ids, &s, &id);
        const int32_t category = rc ? -1 : sb_id_map_find(&gt->categories, id);
        if (category >= 0 && sb_category_sets_add(sets, category))
            rc = sb_error_nomem(err, "lists of categories", sets->count * sizeof(int32_t));
    }
    if (rc == 0)
        sb_category_sets_end(sets, image);
    return rc;
}

/* row_of is the row of each image's rank. */
static int read_sets(struct sb_gt_loader *l, const size_t *row_of, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const struct sb_image_row *const row = l->images.data;
    if (sb_category_sets_init(&gt->negative, gt->images.count) ||
        sb_category_sets_init(&gt->not_exhaustive, gt->images.count))
        return sb_error_nomem(err, "lists of categories", gt->images.count * sizeof(size_t));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < gt->images.count; i++) {
        rc = read_set(l, row[row_of[i]].negative_at, i, &gt->negative, err);
        if (rc == 0)
            rc = read_set(l, row[row_of[i]].not_exhaustive_at, i, &gt->not_exhaustive, err);
    }
    return rc;
}

/* The id that a word of the command line stands for: a number, or text. */
static bool is_integer(const char *word, int64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoll(word, &end, 10);
    return errno == 0 && end != word && *end == '\0' && *id >= SB_ID_LOWEST;
}

static int not_there(const char *what, const char *word, struct sb_error *err)
{
    return sb_error_set(err, SB_EINVAL, "there is no %s '%s'", what, word);
}

/* Marks the chosen images. */
static int choose_images(struct sb_gt_loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const struct sb_chosen *const chosen = &l->params->images;
    if (chosen->count == 0)
        return 0;
    gt->image_chosen = sb_calloc(gt->images.count, 1, TAG);
    if (!gt->image_chosen)
        return sb_error_nomem(err, "chosen images", gt->images.count);
    for (size_t i = 0; i < chosen->count; i++) {
        int64_t id;
        int32_t rank = is_integer(chosen->words[i], &id) ? sb_id_map_find(&gt->images, id) : -1;
        if (rank < 0) {
            const int rc = sb_id_of_text(&gt->ids, chosen->words[i], &id, err);
            if (rc)
                return rc;
            rank = sb_id_map_find(&gt->images, id);
        }
        if (rank < 0)
            return not_there("image", chosen->words[i], err);
        gt->image_chosen[rank] = 1;
    }
    return 0;
}

static int copy_images(struct sb_gt_loader *l, const size_t *row_of, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const size_t count = gt->images.count;
    const struct sb_image_row *const rows = l->images.data;
    const bool crowding = l->params->metric->protocol == SB_PROTOCOL_CROWDPOSE;
    gt->height = sb_calloc(count, sizeof(*gt->height), TAG);
    gt->width = sb_calloc(count, sizeof(*gt->width), TAG);
    gt->image_group = crowding ? sb_calloc(count, sizeof(*gt->image_group), TAG) : NULL;
    if (!gt->height || !gt->width || (crowding && !gt->image_group))
        return sb_error_nomem(err, "image sizes", count * sizeof(*gt->height));
    for (size_t i = 0; i < count; i++) {
        const struct sb_image_row *const row = &rows[row_of[i]];
        gt->height[i] = row->height;
        gt->width[i] = row->width;
        if (crowding)
            gt->image_group[i] = sb_crowding_group(l->params, row->crowding);
    }
    return l->params->metric->protocol == SB_PROTOCOL_LVIS ? read_sets(l, row_of, err) : 0;
}

int sb_gt_finish_images(struct sb_gt_loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const struct sb_image_row *const rows = l->images.data;
    int rc = build_map(&gt->images, &l->images, sizeof(*rows), &gt->ids, err);
    if (rc)
        return rc;
    size_t *const row_of = sb_calloc(gt->images.count, sizeof(*row_of), TAG);
    if (!row_of)
        return sb_error_nomem(err, "images", gt->images.count * sizeof(*row_of));
    for (size_t i = 0; i < l->images.count; i++) /* of equal ids the last wins */
        row_of[sb_id_map_find(&gt->images, rows[i].id)] = i;
    rc = copy_images(l, row_of, err);
    sb_free(row_of);
    return rc ? rc : choose_images(l, err);
}

static bool is_word_for(const struct sb_category_row *row, const char *word, int64_t text_id)
{
    int64_t id;
    return (is_integer(word, &id) && id == row->id) || row->id == text_id ||
           (row->name && strcmp(row->name, word) == 0);
}

/* Keeps the rows of chosen categories; the ids of the others go to `left`, which has room for all.
 */
static int keep_chosen(struct sb_gt_loader *l, int64_t *left, size_t *left_count,
                       struct sb_error *err)
{
    const struct sb_chosen *const chosen = &l->params->categories;
    struct sb_category_row *const rows = l->categories.data;
    const size_t count = l->categories.count;
    size_t kept = 0;
    for (size_t w = 0; w < chosen->count; w++) { /* the chosen ones move to the front */
        const size_t before = kept;
        int64_t text_id;
        const int rc = sb_id_of_text(&l->gt->ids, chosen->words[w], &text_id, err);
        bool found = false;
        for (size_t i = 0; rc == 0 && i < count; i++) {
            if (!is_word_for(&rows[i], chosen->words[w], text_id))
                continue;
            found = true;
            if (i >= kept) {
                const struct sb_category_row row = rows[i];
                memmove(&rows[kept + 1], &rows[kept], (i - kept) * sizeof(row));
                rows[kept++] = row;
            }
        }
        if (rc || (kept == before && !found))
            return rc ? rc : not_there("category", chosen->words[w], err);
        if (kept == before && !l->params->use_cats)
            return sb_error_set(err, SB_EINVAL, "category '%s' is chosen twice", chosen->words[w]);
    }
    *left_count = count - kept;
    for (size_t i = kept; i < count; i++) {
        left[i - kept] = rows[i].id;
        sb_free(rows[i].name);
    }
    l->categories.count = kept;
    return 0;
}

static int choose_categories(struct sb_gt_loader *l, struct sb_error *err)
{
    if (l->params->categories.count == 0)
        return 0;
    size_t count = 0;
    int64_t *const left = sb_malloc(l->categories.count * sizeof(*left), TAG);
    int rc = left ? keep_chosen(l, left, &count, err)
                  : sb_error_nomem(err, "chosen categories", l->categories.count * sizeof(*left));
    if (rc == 0)
        rc = sb_id_map_build(&l->gt->unchosen_categories, left, count, &l->gt->ids, err);
    sb_free(left);
    return rc;
}

int sb_gt_finish_categories(struct sb_gt_loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    struct sb_category_row *const row = l->categories.data;
    const bool lvis = l->params->metric->protocol == SB_PROTOCOL_LVIS;
    int rc = choose_categories(l, err);
    if (rc == 0)
        rc = build_map(&gt->categories, &l->categories, sizeof(*row), &gt->ids, err);
    if (rc)
        return rc;
    const size_t count = gt->categories.count;
    gt->category_names = sb_calloc(count, sizeof(char *), TAG);
    gt->category_group = lvis ? sb_calloc(count, sizeof(*gt->category_group), TAG) : NULL;
    if (!gt->category_names || (lvis && !gt->category_group))
        return sb_error_nomem(err, "category names", count * sizeof(char *));
    for (size_t i = 0; i < l->categories.count; i++) {
        const int32_t rank = sb_id_map_find(&gt->categories, row[i].id);
        sb_free(gt->category_names[rank]);
        gt->category_names[rank] = row[i].name;
        row[i].name = NULL;
        if (lvis)
            gt->category_group[rank] = row[i].frequency;
    }
    for (size_t k = 0; rc == 0 && k < count; k++) {
        if (!gt->category_names[k] && !(gt->category_names[k] = sb_strdup("")))
            rc = sb_error_nomem(err, "category names", 1);
    }
    return rc;
}

void sb_gt_lists_discard(struct sb_gt_loader *l)
{
    sb_rows_clear(&l->images);
    discard_categories(&l->categories);
}

void sb_gt_lists_release(struct sb_gt_loader *l)
{
    sb_map_release(&l->lists);
    sb_rows_release(&l->images);
    release_categories(&l->categories);
}
