/* Top-k accuracy. See topk_accuracy.h. */
#include "eval/topk_accuracy.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "eval/id_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG    SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_K  5
#define Z_95   1.959963984540054 /* quantile 0.975 of the normal distribution */
#define NO_HIT 255

struct reader {
    const struct sb_label_list *labels;
    struct sb_id_pool names;
    struct sb_id_map images; /* names of the list */
    int64_t *ids;            /* per image of the list */
    size_t *image_of;        /* rank -> image of the list */
    uint8_t *rank;           /* per image: place of the label, NO_HIT, or 0 = no prediction */
    int64_t last_class;      /* the highest that was read; -1: none */
};

void sb_wilson_interval(int64_t hits, int64_t count, double *lo, double *hi)
{
    *lo = 0;
    *hi = 1;
    if (count <= 0)
        return;
    const double n = (double)count, p = (double)hits / n, z2 = Z_95 * Z_95;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = Z_95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    *lo = hits == 0 || middle - half < 0 ? 0 : middle - half;
    *hi = hits == count || middle + half > 1 ? 1 : middle + half;
}

static int index_names(struct reader *r, struct sb_error *err)
{
    const size_t n = r->labels->images.count;
    r->ids = sb_calloc(n, sizeof(*r->ids), TAG);
    r->image_of = sb_calloc(n, sizeof(*r->image_of), TAG);
    r->rank = sb_calloc(n, sizeof(*r->rank), TAG);
    if (!r->ids || !r->image_of || !r->rank)
        return sb_error_nomem(err, "the images of a list", n * sizeof(*r->ids));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = sb_id_of_text(&r->names, r->labels->names[i], &r->ids[i], err);
    if (rc == 0)
        rc = sb_id_map_build(&r->images, r->ids, n, &r->names, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        r->image_of[sb_id_map_find(&r->images, r->ids[i])] = i;
    if (rc == 0 && r->images.count < n)
        rc = sb_error_set(err, SB_EFORMAT, "the list names an image twice");
    return rc;
}

/* Notes where the label of the image is among the predicted classes. */
static int note_prediction(struct reader *r, struct sb_scan *s, const char *at, int64_t id,
                           const int64_t *classes, size_t count)
{
    const int32_t rank = sb_id_map_find(&r->images, id);
    for (size_t k = 0; k < count; k++)
        r->last_class = classes[k] > r->last_class ? classes[k] : r->last_class;
    struct sb_str name = SB_STR_INIT;
    sb_id_print(&r->names, id, &name);
    int rc = 0;
    if (rank < 0) {
        rc = sb_scan_fail(s, at, "the list has no image %s", sb_str_text(&name));
        sb_error_hint(s->err, "images are named as in the list, the first is \"%s\"",
                      r->labels->names[0]);
    } else if (r->rank[r->image_of[rank]] != 0) {
        rc = sb_scan_fail(s, at, "a second prediction for %s", sb_str_text(&name));
    } else {
        uint8_t place = NO_HIT;
        for (size_t k = count; k-- > 0;)
            place = classes[k] == r->labels->labels[r->image_of[rank]] ? (uint8_t)(k + 1) : place;
        r->rank[r->image_of[rank]] = place;
    }
    sb_str_release(&name);
    return rc;
}

static int read_classes(struct sb_scan *s, int64_t *classes, size_t *count)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        int64_t v = 0;
        rc = sb_scan_int(s, 0, INT64_MAX, &v);
        if (*count < MAX_K)
            classes[(*count)++] = v;
    }
    return rc;
}

static int read_json_line(struct reader *r, struct sb_scan *s)
{
    enum { IMAGE, CLASSES };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("image"), SB_SCAN_NAME("classes"),
                                                SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = names};
    int64_t id = 0, classes[MAX_K];
    size_t count = 0;
    const char *const at = s->pos;
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == IMAGE && sb_scan_peek(s) != SB_SCAN_STRING)
            rc = sb_scan_expected(s, "an image's name");
        else if (key == IMAGE)
            rc = sb_id_scan(&r->names, s, &id);
        else if (key == CLASSES)
            rc = read_classes(s, classes, &count);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, IMAGE, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, CLASSES, at);
    return rc ? rc : note_prediction(r, s, at, id, classes, count);
}

static void skip_blanks(struct sb_scan *s)
{
    s->pos += strspn(s->pos, " \t");
}

/* The first field of a line into out: up to a comma, or in double quotes, of which two stand for
 * one; without blanks around it. */
static int read_name(struct sb_scan *s, const char *line_end, struct sb_str *out)
{
    skip_blanks(s);
    const char *const at = s->pos;
    const char *p = at;
    if (*at == '"') {
        for (p++; p < line_end && (*p != '"' || p[1] == '"'); p++) {
            p += *p == '"';
            sb_str_append(out, p, 1);
        }
        if (p == line_end)
            return sb_scan_fail(s, at, "the line ends inside quotes");
        s->pos = p + 1;
        skip_blanks(s);
    } else {
        s->pos = at + strcspn(at, ",\r\n");
        for (p = s->pos; p > at && (p[-1] == ' ' || p[-1] == '\t');)
            p--;
        sb_str_append(out, at, (size_t)(p - at));
    }
    if (s->pos == line_end || *s->pos != ',') {
        s->pos = at;
        return sb_scan_expected(s, "IMAGE,CLASS,...");
    }
    return out->failed ? sb_error_nomem(s->err, "a name", (size_t)(s->pos - at)) : 0;
}

/* ",CLASS" or ",\"CLASS\"", blanks around it allowed. */
static int read_class(struct sb_scan *s, int64_t *class)
{
    if (*s->pos != ',')
        return sb_scan_expected(s, "','");
    s->pos++;
    skip_blanks(s);
    const bool quoted = *s->pos == '"';
    s->pos += quoted;
    const int rc = sb_scan_int(s, 0, INT64_MAX, class);
    if (rc == 0 && quoted && *s->pos != '"')
        return sb_scan_expected(s, "the closing quote");
    s->pos += rc == 0 && quoted;
    skip_blanks(s);
    return rc;
}

/* Whether a line names columns: no image of the list, and no number where a class belongs. */
static bool is_header(const struct reader *r, const struct sb_scan *s, int64_t id)
{
    const char *const p = s->pos + 1 + strspn(s->pos + 1, " \t\"");
    return sb_id_map_find(&r->images, id) < 0 && !(*p >= '0' && *p <= '9');
}

static int read_csv_line(struct reader *r, struct sb_scan *s, bool first)
{
    const char *const at = s->pos;
    const char *const line_end = at + strcspn(at, "\r\n");
    int64_t id = 0, classes[MAX_K];
    size_t count = 0;
    struct sb_str name = SB_STR_INIT;
    int rc = read_name(s, line_end, &name);
    if (rc == 0)
        rc = sb_id_of_text(&r->names, sb_str_text(&name), &id, s->err);
    sb_str_release(&name);
    if (rc == 0 && first && is_header(r, s, id)) {
        s->pos = line_end;
        return 0;
    }
    while (rc == 0 && s->pos < line_end) {
        int64_t v = 0;
        rc = read_class(s, &v);
        if (count < MAX_K)
            classes[count++] = v;
    }
    return rc ? rc : note_prediction(r, s, at, id, classes, count);
}

/* The line and column of an error, which has its byte. */
static void locate(const struct sb_map *map, struct sb_error *err)
{
    const char *const text = map->data;
    int64_t line = 1, start = 0;
    if (!err || err->offset < 0 || (size_t)err->offset > map->size)
        return;
    for (int64_t i = 0; i < err->offset; i++) {
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    sb_error_line(err, line, err->offset - start + 1);
}

static int read_predictions(struct reader *r, const char *path, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan s;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    /* spreadsheets start CSV with a byte order mark */
    const size_t mark = map.size >= 3 && memcmp(map.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    rc = sb_scan_init(&s, map.data + mark, map.size - mark, path, err);
    if (rc == 0 && s.pos == s.end)
        rc = sb_scan_fail(&s, s.pos, "no predictions: the file is empty");
    for (bool first = true; rc == 0 && s.pos < s.end; first = false) {
        rc = *s.pos == '{' ? read_json_line(r, &s) : read_csv_line(r, &s, first);
        s.pos += rc == 0 ? strspn(s.pos, " \t\r\n") : 0;
    }
    if (rc)
        locate(&map, err);
    sb_map_release(&map);
    return rc;
}

static void count_image(struct sb_topk_group *g, uint8_t place)
{
    g->images++;
    g->top1 += place == 1;
    g->top5 += place >= 1 && place <= MAX_K;
}

/* The group of that name, a new one if need be; NULL when out of memory. */
static struct sb_topk_group *group_of(struct sb_topk_group **groups, size_t *count,
                                      size_t *capacity, const char *name)
{
    for (size_t i = *count; i-- > 0;) {
        if (strcmp((*groups)[i].name, name) == 0)
            return &(*groups)[i];
    }
    if (sb_grow(groups, capacity, *count + 1, sizeof(**groups), TAG))
        return NULL;
    struct sb_topk_group *const g = &(*groups)[*count];
    memset(g, 0, sizeof(*g));
    g->name = sb_strdup(name);
    *count += g->name != NULL;
    return g->name ? g : NULL;
}

/* An image's super-category: what the list says, or ".../SUPER/CLASS/FILE"; false for neither. */
static bool super_of(const struct sb_label_list *labels, size_t image, char *out, size_t size)
{
    const char *const path = labels->names[image];
    const char *slash[3] = {NULL, NULL, NULL}; /* the last one first */
    if (labels->supers && labels->supers[image]) {
        snprintf(out, size, "%s", labels->supers[image]);
        return true;
    }
    for (const char *p = path; *p; p++) {
        if (*p == '/') {
            slash[2] = slash[1];
            slash[1] = slash[0];
            slash[0] = p;
        }
    }
    if (!slash[1])
        return false;
    const char *const start = slash[2] ? slash[2] + 1 : path;
    snprintf(out, size, "%.*s", (int)(slash[1] - start), start);
    return true;
}

/* A label and its image, for going through the images class by class. */
struct labelled {
    int64_t label;
    size_t image;
};

static int by_label(const void *a, const void *b)
{
    const struct labelled *const x = a, *const y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

static int count_all(struct sb_topk *topk, const struct reader *r, struct labelled *sorted,
                     struct sb_error *err)
{
    size_t class_capacity = 0, super_capacity = 0;
    const size_t n = r->labels->images.count;
    for (size_t i = 0; i < n; i++) {
        const struct labelled l = sorted[i];
        const uint8_t place = r->rank[l.image];
        char name[256];
        if (l.label < 0) {
            topk->unlabelled++;
            continue;
        }
        topk->missing += place == 0;
        topk->above += place != 0 && l.label > r->last_class;
        count_image(&topk->all, place);
        if (i == 0 || sorted[i - 1].label != l.label) {
            snprintf(name, sizeof(name), "%lld", (long long)l.label);
            if (sb_grow(&topk->classes, &class_capacity, topk->class_count + 1,
                        sizeof(*topk->classes), TAG))
                return sb_error_nomem(err, "classes", topk->class_count);
            struct sb_topk_group *const g = &topk->classes[topk->class_count++];
            memset(g, 0, sizeof(*g));
            g->name = sb_strdup(name);
            if (!g->name)
                return sb_error_nomem(err, "classes", topk->class_count);
        }
        count_image(&topk->classes[topk->class_count - 1], place);
        if (super_of(r->labels, l.image, name, sizeof(name))) {
            struct sb_topk_group *const g =
                group_of(&topk->supers, &topk->super_count, &super_capacity, name);
            if (!g)
                return sb_error_nomem(err, "super-categories", topk->super_count);
            count_image(g, place);
        }
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct sb_topk_group *const x = a, *const y = b;
    return strcmp(x->name, y->name);
}

static int summarize(struct sb_topk *topk, const struct reader *r, struct sb_error *err)
{
    const size_t n = r->labels->images.count;
    struct labelled *const sorted = sb_calloc(n, sizeof(*sorted), TAG);
    if (!sorted)
        return sb_error_nomem(err, "labels", n * sizeof(*sorted));
    for (size_t i = 0; i < n; i++) {
        sorted[i].label = r->labels->labels[i];
        sorted[i].image = i;
    }
    qsort(sorted, n, sizeof(*sorted), by_label);
    const int rc = count_all(topk, r, sorted, err);
    sb_free(sorted);
    if (rc == 0 && topk->super_count > 0)
        qsort(topk->supers, topk->super_count, sizeof(*topk->supers), by_name);
    return rc;
}

int sb_topk_evaluate(struct sb_topk *topk, const struct sb_label_list *labels, const char *path,
                     struct sb_error *err)
{
    memset(topk, 0, sizeof(*topk));
    struct reader r = {.labels = labels, .last_class = -1};
    sb_id_pool_init(&r.names);
    int rc = index_names(&r, err);
    if (rc == 0)
        rc = read_predictions(&r, path, err);
    if (rc == 0)
        rc = summarize(topk, &r, err);
    topk->last_class = r.last_class;
    sb_id_map_release(&r.images);
    sb_id_pool_release(&r.names);
    sb_free(r.ids);
    sb_free(r.image_of);
    sb_free(r.rank);
    if (rc)
        sb_topk_release(topk);
    return rc;
}

void sb_topk_release(struct sb_topk *topk)
{
    for (size_t i = 0; i < topk->class_count; i++)
        sb_free(topk->classes[i].name);
    for (size_t i = 0; i < topk->super_count; i++)
        sb_free(topk->supers[i].name);
    sb_free(topk->classes);
    sb_free(topk->supers);
    memset(topk, 0, sizeof(*topk));
}
