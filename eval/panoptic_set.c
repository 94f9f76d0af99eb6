/* Reader of panoptic annotation files. See panoptic_set.h. */
#include "eval/panoptic_set.h"

#include "base/json_array.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* State of a part of the annotations, or of the categories. */
struct part {
    size_t image_count, image_capacity;
    struct sb_panoptic_image *images;
    size_t segment_count, segment_capacity;
    struct sb_panoptic_segment *segments;
    size_t category_count, category_capacity;
    struct sb_panoptic_category *categories;
    struct sb_str names;
    struct sb_scan_record image_record, segment_record;
};

struct loader {
    struct sb_panoptic_set *set;
    bool truth;
    size_t category_capacity;
};

/* 1, 1.0 and true mean yes; any other number no. */
static int read_flag(struct sb_scan *s, bool *flag)
{
    double v = 0;
    if (sb_scan_peek(s) == SB_SCAN_BOOL)
        return sb_scan_bool(s, flag);
    const int rc = sb_scan_double(s, &v);
    *flag = v == 1;
    return rc;
}

static int read_segment(struct part *p, const struct loader *l, struct sb_scan *s)
{
    enum { ID, CATEGORY_ID, AREA, ISCROWD };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("category_id"),
                                                SB_SCAN_NAME("area"), SB_SCAN_NAME("iscrowd"),
                                                SB_SCAN_NAMES_END};
    struct sb_scan_record *const rec = &p->segment_record;
    struct sb_id_pool *const ids = l->set->ids;
    const char *const at = s->pos;
    if (sb_grow(&p->segments, &p->segment_capacity, p->segment_count + 1, sizeof(*p->segments),
                TAG))
        return sb_error_nomem(s->err, "segments", p->segment_count * sizeof(*p->segments));
    struct sb_panoptic_segment *const segment = &p->segments[p->segment_count++];
    memset(segment, 0, sizeof(*segment));
    rec->names = names;
    int key, rc = sb_scan_open_object(s, rec);
    while (rc == 0 && (key = sb_scan_key(s, rec)) != SB_SCAN_END) {
        if (key == ID)
            rc = sb_id_scan(ids, s, &segment->id);
        else if (key == CATEGORY_ID)
            rc = sb_id_scan(ids, s, &segment->category_id);
        else if (key == AREA && l->truth)
            rc = sb_scan_double(s, &segment->area);
        else if (key == ISCROWD && l->truth)
            rc = read_flag(s, &segment->crowd);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, rec, ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, rec, CATEGORY_ID, at);
    if (rc == 0 && l->truth)
        rc = sb_scan_require(s, rec, ISCROWD, at);
    if (rc == 0 && l->truth && !segment->crowd) /* a crowd's is never asked for */
        rc = sb_scan_require(s, rec, AREA, at);
    return rc;
}

static int read_segments(struct part *p, const struct loader *l, struct sb_scan *s)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1)
        rc = read_segment(p, l, s);
    return rc;
}

static int read_file_name(struct part *p, struct sb_scan *s, size_t *name_at)
{
    struct sb_scan_text text;
    const char *const at = s->pos;
    const int rc = sb_scan_string(s, &text);
    if (rc)
        return rc;
    *name_at = p->names.length;
    sb_scan_unescape(&text, &p->names);
    if (p->names.failed)
        return sb_error_nomem(s->err, "file names", text.length);
    if (p->names.length == *name_at ||
        memchr(p->names.data + *name_at, '\0', p->names.length - *name_at))
        return sb_scan_fail(s, at, "expected the name of a PNG file");
    sb_str_append(&p->names, "", 1);
    return 0;
}

static int read_image(void *state, const void *ctx, struct sb_scan *s)
{
    enum { IMAGE_ID, FILE_NAME, SEGMENTS_INFO };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("image_id"), SB_SCAN_NAME("file_name"),
                                                SB_SCAN_NAME("segments_info"), SB_SCAN_NAMES_END};
    const struct loader *const l = ctx;
    struct part *const p = state;
    struct sb_scan_record *const rec = &p->image_record;
    const char *const at = s->pos;
    struct sb_panoptic_image image = {.first = p->segment_count};
    rec->names = names;
    int key, rc = sb_scan_open_object(s, rec);
    while (rc == 0 && (key = sb_scan_key(s, rec)) != SB_SCAN_END) {
        if (key == IMAGE_ID)
            rc = sb_id_scan(l->set->ids, s, &image.image_id);
        else if (key == FILE_NAME)
            rc = read_file_name(p, s, &image.name_at);
        else if (key == SEGMENTS_INFO)
            rc = read_segments(p, l, s);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    for (int i = IMAGE_ID; rc == 0 && i <= SEGMENTS_INFO; i++)
        rc = sb_scan_require(s, rec, i, at);
    if (rc)
        return rc;
    image.count = p->segment_count - image.first;
    if (sb_grow(&p->images, &p->image_capacity, p->image_count + 1, sizeof(*p->images), TAG))
        return sb_error_nomem(s->err, "annotations", p->image_count * sizeof(*p->images));
    p->images[p->image_count++] = image;
    return 0;
}

static int read_category(void *state, const void *ctx, struct sb_scan *s)
{
    enum { ID, NAME, ISTHING };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("name"),
                                                SB_SCAN_NAME("isthing"), SB_SCAN_NAMES_END};
    const struct loader *const l = ctx;
    struct part *const p = state;
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    if (sb_grow(&p->categories, &p->category_capacity, p->category_count + 1,
                sizeof(*p->categories), TAG))
        return sb_error_nomem(s->err, "categories", p->category_count);
    struct sb_panoptic_category *const c = &p->categories[p->category_count++];
    memset(c, 0, sizeof(*c));
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == ID)
            rc = sb_id_scan(l->set->ids, s, &c->id);
        else if (key == NAME && sb_scan_peek(s) == SB_SCAN_STRING)
            rc = sb_scan_string_copy(s, "a category's name", &c->name);
        else if (key == ISTHING)
            rc = read_flag(s, &c->isthing);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ISTHING, at);
    if (rc == 0 && !c->name && !(c->name = sb_strdup("")))
        rc = sb_error_nomem(s->err, "a category's name", 1);
    return rc;
}

static void discard(void *state)
{
    struct part *const p = state;
    for (size_t i = 0; i < p->category_count; i++)
        sb_free(p->categories[i].name);
    p->image_count = p->segment_count = p->category_count = 0;
    sb_str_clear(&p->names);
}

static void release(void *state)
{
    struct part *const p = state;
    discard(p);
    sb_free(p->images);
    sb_free(p->segments);
    sb_free(p->categories);
    sb_str_release(&p->names);
}

static int merge_images(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    struct part *const p = state;
    struct sb_panoptic_set *const set = ((struct loader *)ctx)->set;
    if (sb_grow(&set->images, &set->image_capacity, set->image_count + p->image_count,
                sizeof(*set->images), TAG) ||
        sb_grow(&set->segments, &set->segment_capacity, set->segment_count + p->segment_count,
                sizeof(*set->segments), TAG))
        return sb_error_nomem(err, "panoptic annotations", set->segment_count);
    for (size_t i = 0; i < p->image_count; i++) {
        struct sb_panoptic_image *const image = &set->images[set->image_count++];
        *image = p->images[i];
        image->first += set->segment_count;
        image->name_at += set->names.length;
    }
    if (p->segment_count > 0)
        memcpy(set->segments + set->segment_count, p->segments,
               p->segment_count * sizeof(*p->segments));
    set->segment_count += p->segment_count;
    sb_str_append(&set->names, sb_str_text(&p->names), p->names.length);
    if (set->names.failed)
        return sb_error_nomem(err, "file names", set->names.length);
    discard(p);
    return 0;
}

static int merge_categories(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    struct part *const p = state;
    struct loader *const l = ctx;
    struct sb_panoptic_set *const set = l->set;
    if (sb_grow(&set->categories, &l->category_capacity, set->category_count + p->category_count,
                sizeof(*set->categories), TAG))
        return sb_error_nomem(err, "categories", set->category_count);
    if (p->category_count > 0)
        memcpy(set->categories + set->category_count, p->categories,
               p->category_count * sizeof(*p->categories));
    set->category_count += p->category_count;
    p->category_count = 0; /* their names are the set's now */
    return 0;
}

static int read_document(struct loader *l, struct sb_scan *s, struct sb_pool *pool,
                         const struct sb_map *map)
{
    enum { ANNOTATIONS, CATEGORIES };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("annotations"),
                                                SB_SCAN_NAME("categories"), SB_SCAN_NAMES_END};
    static const struct sb_array_reader readers[] = {
        {sizeof(struct part), 0, read_image, merge_images, discard, release},
        {sizeof(struct part), 0, read_category, merge_categories, discard, release},
    };
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == ANNOTATIONS || (key == CATEGORIES && l->truth))
            rc = sb_scan_array(s, &readers[key], l, pool, map);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ANNOTATIONS, at);
    if (rc == 0 && l->truth)
        rc = sb_scan_require(s, &rec, CATEGORIES, at);
    return rc ? rc : sb_scan_finish(s);
}

/* Ranks of the categories; of those with one id the last counts, in the place of the first. */
static int rank_categories(struct sb_panoptic_set *set, struct sb_error *err)
{
    int64_t *const ids = sb_malloc(set->category_count * sizeof(*ids), TAG);
    if (!ids)
        return sb_error_nomem(err, "categories", set->category_count);
    for (size_t i = 0; i < set->category_count; i++)
        ids[i] = set->categories[i].id;
    const int rc = sb_id_map_build(&set->category_ranks, ids, set->category_count, set->ids, err);
    sb_free(ids);
    if (rc)
        return rc;
    set->category_of_rank =
        sb_malloc(set->category_ranks.count * sizeof(*set->category_of_rank), TAG);
    if (!set->category_of_rank)
        return sb_error_nomem(err, "categories", set->category_ranks.count);
    memset(set->category_of_rank, 0xff, set->category_ranks.count * sizeof(int32_t));
    size_t kept = 0;
    for (size_t i = 0; i < set->category_count; i++) {
        struct sb_panoptic_category *const c = &set->categories[i];
        int32_t *const place = &set->category_of_rank[sb_id_map_find(&set->category_ranks, c->id)];
        if (*place < 0)
            *place = (int32_t)kept++;
        else
            sb_free(set->categories[*place].name);
        set->categories[*place] = *c;
    }
    set->category_count = kept;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct sb_panoptic_segment *const x = a, *const y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Orders the segments of an image by id and merges those with one id, see the header. */
static void sort_segments(struct sb_panoptic_segment *segments, size_t *count)
{
    bool sorted = true;
    for (size_t i = 0; i < *count; i++) {
        segments[i].place = i;
        sorted = sorted && (i == 0 || segments[i - 1].id < segments[i].id);
    }
    if (sorted)
        return;
    qsort(segments, *count, sizeof(*segments), by_id);
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && segments[kept - 1].id == segments[i].id) {
            const size_t place = segments[kept - 1].place;
            segments[kept - 1] = segments[i];
            segments[kept - 1].place = place;
        } else {
            segments[kept++] = segments[i];
        }
    }
    *count = kept;
}

/* What can be done once all of the file is known. */
static void finish(struct sb_panoptic_set *set, const struct sb_panoptic_set *truth)
{
    for (size_t i = 0; i < set->segment_count; i++) {
        struct sb_panoptic_segment *const s = &set->segments[i];
        s->category = sb_id_map_find(&truth->category_ranks, s->category_id);
        if (s->category >= 0)
            s->category = truth->category_of_rank[s->category];
        else
            set->unknown_categories++;
    }
    for (size_t i = 0; i < set->image_count; i++) {
        if (set->images[i].count > 0) /* else there may be no array at all */
            sort_segments(set->segments + set->images[i].first, &set->images[i].count);
    }
}

static int read_set(struct sb_panoptic_set *set, const struct sb_map *map, const char *path,
                    struct sb_panoptic_set *truth, struct sb_pool *pool, struct sb_error *err)
{
    struct loader l = {.set = set, .truth = set == truth};
    struct sb_scan s;
    set->path = path;
    int rc = sb_scan_init(&s, map->data, map->size, path, err);
    if (rc == 0)
        rc = read_document(&l, &s, pool, map);
    if (rc == 0 && l.truth)
        rc = rank_categories(set, err);
    if (rc == 0)
        finish(set, truth);
    if (rc) {
        sb_error_file(err, path);
        sb_panoptic_set_release(set);
    }
    return rc;
}

int sb_panoptic_read_truth(struct sb_panoptic_set *set, const struct sb_map *map, const char *path,
                           struct sb_pool *pool, struct sb_error *err)
{
    memset(set, 0, sizeof(*set));
    sb_id_pool_init(&set->own_ids);
    set->ids = &set->own_ids;
    return read_set(set, map, path, set, pool, err);
}

int sb_panoptic_read_prediction(struct sb_panoptic_set *set, const struct sb_map *map,
                                const char *path, struct sb_panoptic_set *truth,
                                struct sb_pool *pool, struct sb_error *err)
{
    memset(set, 0, sizeof(*set));
    set->ids = &truth->own_ids;
    return read_set(set, map, path, truth, pool, err);
}

/* truth NULL: the file is the ground truth. */
static int load(struct sb_panoptic_set *set, const char *path, struct sb_panoptic_set *truth,
                struct sb_pool *pool, struct sb_error *err)
{
    struct sb_map map;
    memset(set, 0, sizeof(*set));
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return sb_error_file(err, path);
    rc = truth ? sb_panoptic_read_prediction(set, &map, path, truth, pool, err)
               : sb_panoptic_read_truth(set, &map, path, pool, err);
    sb_map_release(&map);
    return rc;
}

int sb_panoptic_load_truth(struct sb_panoptic_set *set, const char *path, struct sb_pool *pool,
                           struct sb_error *err)
{
    return load(set, path, NULL, pool, err);
}

int sb_panoptic_load_prediction(struct sb_panoptic_set *set, const char *path,
                                struct sb_panoptic_set *truth, struct sb_pool *pool,
                                struct sb_error *err)
{
    return load(set, path, truth, pool, err);
}

void sb_panoptic_set_release(struct sb_panoptic_set *set)
{
    for (size_t i = 0; i < set->category_count; i++)
        sb_free(set->categories[i].name);
    sb_free(set->categories);
    sb_free(set->category_of_rank);
    sb_id_map_release(&set->category_ranks);
    if (set->ids == &set->own_ids)
        sb_id_pool_release(&set->own_ids);
    sb_free(set->images);
    sb_free(set->segments);
    sb_str_release(&set->names);
    memset(set, 0, sizeof(*set));
}
