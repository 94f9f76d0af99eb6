/* Interned ids and the map from id to rank. See id_map.h. */
#include "eval/id_map.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG           SB_MEM_TAG(SB_MEM_DATA, 0)
#define FIRST_HANDLE  INT64_MIN
#define MAX_ENTRIES   ((size_t)1 << 31)
#define FIRST_SLOTS   64
#define DIRECT_PER_ID 8     /* entries of a direct table per id, at most, */
#define DIRECT_ALWAYS 65536 /* or so many in all: a small table even for ids far apart */
#define NUMBER_TEXT   40

void sb_id_pool_init(struct sb_id_pool *pool)
{
    memset(pool, 0, sizeof(*pool));
    pthread_mutex_init(&pool->lock, NULL);
}

void sb_id_pool_release(struct sb_id_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        sb_free(pool->entries[i].text);
    sb_free(pool->entries);
    sb_free(pool->slots);
    pthread_mutex_destroy(&pool->lock);
    memset(pool, 0, sizeof(*pool));
}

/* Where the entry is or would go. */
static size_t find_slot(const struct sb_id_pool *pool, const char *text, bool is_text)
{
    size_t slot = sb_fnv1a(SB_FNV_START + is_text, text, strlen(text)) & (pool->slot_count - 1);
    for (; pool->slots[slot]; slot = (slot + 1) & (pool->slot_count - 1)) {
        const struct sb_id_entry *e = &pool->entries[pool->slots[slot] - 1];
        if (e->is_text == is_text && strcmp(e->text, text) == 0)
            break;
    }
    return slot;
}

/* Keeps the table at most half full. */
static int grow_slots(struct sb_id_pool *pool)
{
    if (pool->slot_count > 2 * (pool->count + 1))
        return 0;
    const size_t n = pool->slot_count ? 2 * pool->slot_count : FIRST_SLOTS;
    uint32_t *fresh = sb_calloc(n, sizeof(*fresh), TAG);
    if (!fresh)
        return SB_ENOMEM;
    sb_free(pool->slots);
    pool->slots = fresh;
    pool->slot_count = n;
    for (size_t i = 0; i < pool->count; i++) {
        const struct sb_id_entry *e = &pool->entries[i];
        pool->slots[find_slot(pool, e->text, e->is_text)] = (uint32_t)i + 1;
    }
    return 0;
}

static int intern_locked(struct sb_id_pool *pool, const struct sb_id_entry *entry, int64_t *id)
{
    if (pool->count == MAX_ENTRIES || grow_slots(pool))
        return SB_ENOMEM;
    const size_t slot = find_slot(pool, entry->text, entry->is_text);
    if (!pool->slots[slot]) {
        if (sb_grow(&pool->entries, &pool->capacity, pool->count + 1, sizeof(*pool->entries), TAG))
            return SB_ENOMEM;
        struct sb_id_entry *e = &pool->entries[pool->count];
        *e = *entry;
        e->text = sb_strdup(entry->text);
        if (!e->text)
            return SB_ENOMEM;
        pool->slots[slot] = (uint32_t)++pool->count;
    }
    *id = FIRST_HANDLE + pool->slots[slot] - 1;
    return 0;
}

int sb_id_intern(struct sb_id_pool *pool, const struct sb_id_entry *entry, int64_t *id,
                 struct sb_error *err)
{
    pthread_mutex_lock(&pool->lock);
    const int rc = intern_locked(pool, entry, id);
    pthread_mutex_unlock(&pool->lock);
    return rc ? sb_error_nomem(err, "the table of ids", strlen(entry->text)) : 0;
}

int sb_id_of_text(struct sb_id_pool *pool, const char *text, int64_t *id, struct sb_error *err)
{
    const struct sb_id_entry entry = {(char *)(uintptr_t)text, 0, true};
    return sb_id_intern(pool, &entry, id, err);
}

static int intern_text(struct sb_id_pool *pool, struct sb_scan *s, int64_t *id)
{
    struct sb_scan_text raw;
    struct sb_str text = SB_STR_INIT;
    int rc = sb_scan_string(s, &raw);
    if (rc)
        return rc;
    sb_scan_unescape(&raw, &text);
    rc = text.failed ? sb_error_nomem(s->err, "an id", raw.length)
                     : sb_id_of_text(pool, sb_str_text(&text), id, s->err);
    sb_str_release(&text);
    return rc;
}

/* A fraction, or an integer outside the plain range: the text tells integers beyond 2^53 apart. */
static int intern_number(struct sb_id_pool *pool, struct sb_scan *s, const char *start,
                         const struct sb_scan_num *n, int64_t *id)
{
    char text[NUMBER_TEXT];
    const size_t length = (size_t)(s->pos - start);
    if (n->whole)
        snprintf(text, sizeof(text), "%lld", (long long)n->integer);
    else if (length < sizeof(text) && strspn(start, "-0123456789") == length)
        snprintf(text, sizeof(text), "%.*s", (int)length, start);
    else
        snprintf(text, sizeof(text), "%.17g", n->value);
    const struct sb_id_entry entry = {text, n->value, false};
    return sb_id_intern(pool, &entry, id, s->err);
}

int sb_id_scan(struct sb_id_pool *pool, struct sb_scan *s, int64_t *id)
{
    const char *const start = s->pos;
    if (*start == '"')
        return intern_text(pool, s, id);
    if (sb_scan_peek(s) != SB_SCAN_NUMBER)
        return sb_scan_expected(s, "an id (a number or a string)");
    struct sb_scan_num n;
    const int rc = sb_scan_number(s, &n);
    if (rc)
        return rc;
    *id = n.integer;
    if (n.whole && n.integer >= SB_ID_LOWEST)
        return 0;
    if (isfinite(n.value))
        return intern_number(pool, s, start, &n, id);
    s->pos = start;
    return sb_scan_expected(s, "an id (a number or a string)");
}

static const struct sb_id_entry *entry_of(const struct sb_id_pool *pool, int64_t id)
{
    return id < SB_ID_LOWEST ? &pool->entries[id - FIRST_HANDLE] : NULL;
}

double sb_id_value(struct sb_id_pool *pool, int64_t id)
{
    if (id >= SB_ID_LOWEST)
        return (double)id;
    pthread_mutex_lock(&pool->lock);
    const struct sb_id_entry *const e = entry_of(pool, id);
    const double value = e->is_text ? NAN : e->number;
    pthread_mutex_unlock(&pool->lock);
    return value;
}

void sb_id_print(const struct sb_id_pool *pool, int64_t id, struct sb_str *out)
{
    const struct sb_id_entry *e = entry_of(pool, id);
    if (!e)
        sb_str_printf(out, "%lld", (long long)id);
    else
        sb_str_printf(out, e->is_text ? "\"%s\"" : "%s", e->text);
}

void sb_id_json(const struct sb_id_pool *pool, int64_t id, struct sb_jw *w, const char *key)
{
    const struct sb_id_entry *const e = entry_of(pool, id);
    if (!e)
        sb_jw_int(w, key, id);
    else if (e->is_text)
        sb_jw_string(w, key, e->text);
    else
        sb_jw_double(w, key, e->number);
}

static int compare_plain(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct keyed {
    int64_t id;
    double number;
    const char *text; /* NULL for a plain integer */
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (!x->text && !y->text)
        return compare_plain(&x->id, &y->id);
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->text ? x->text : "", y->text ? y->text : "");
}

/* Sorts ids of which at least one is interned. */
static int sort_interned(int64_t *ids, size_t count, const struct sb_id_pool *pool,
                         struct sb_error *err)
{
    struct keyed *keyed = sb_calloc(count, sizeof(*keyed), TAG);
    if (!keyed)
        return sb_error_nomem(err, "ids", count * sizeof(*keyed));
    size_t texts = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sb_id_entry *e = entry_of(pool, ids[i]);
        keyed[i].id = ids[i];
        keyed[i].number = e ? e->number : (double)ids[i];
        keyed[i].text = e ? e->text : NULL;
        texts += e && e->is_text;
    }
    const bool mixed = texts > 0 && texts < count;
    if (!mixed)
        qsort(keyed, count, sizeof(*keyed), compare_keyed);
    for (size_t i = 0; i < count; i++)
        ids[i] = keyed[i].id;
    sb_free(keyed);
    return mixed ? sb_error_set(err, SB_EFORMAT, "some ids are numbers, others text") : 0;
}

static size_t hash_slot(const struct sb_id_map *map, int64_t id)
{
    return (size_t)sb_rng_mix((uint64_t)id) & map->slot_mask;
}

/* An entry per possible id, where the ids leave few of them out. */
static int fill_direct(struct sb_id_map *map, uint64_t span, struct sb_error *err)
{
    map->direct = sb_malloc((size_t)span * sizeof(*map->direct), TAG);
    if (!map->direct)
        return sb_error_nomem(err, "the map of ids", (size_t)span * sizeof(*map->direct));
    memset(map->direct, 0xff, (size_t)span * sizeof(*map->direct));
    map->lowest = map->ids[0];
    map->span = span;
    for (size_t i = 0; i < map->count; i++)
        map->direct[(uint64_t)map->ids[i] - (uint64_t)map->lowest] = (int32_t)i;
    return 0;
}

static int fill_hash(struct sb_id_map *map, struct sb_error *err)
{
    size_t slots = 16;
    while (slots < 2 * map->count)
        slots *= 2;
    map->slot_mask = slots - 1;
    map->keys = sb_calloc(slots, sizeof(*map->keys), TAG);
    map->ranks = sb_malloc(slots * sizeof(*map->ranks), TAG);
    if (!map->keys || !map->ranks)
        return sb_error_nomem(err, "the map of ids", slots * 12);
    memset(map->ranks, 0xff, slots * sizeof(*map->ranks));
    for (size_t i = 0; i < map->count; i++) {
        size_t slot = hash_slot(map, map->ids[i]);
        while (map->ranks[slot] >= 0)
            slot = (slot + 1) & map->slot_mask;
        map->keys[slot] = map->ids[i];
        map->ranks[slot] = (int32_t)i;
    }
    return 0;
}

static int fill_table(struct sb_id_map *map, bool plain, struct sb_error *err)
{
    if (!plain || map->count == 0)
        return fill_hash(map, err);
    const uint64_t range = (uint64_t)map->ids[map->count - 1] - (uint64_t)map->ids[0];
    const uint64_t fair =
        map->count * DIRECT_PER_ID < DIRECT_ALWAYS ? DIRECT_ALWAYS : map->count * DIRECT_PER_ID;
    return range < fair ? fill_direct(map, range + 1, err) : fill_hash(map, err);
}

int sb_id_map_build(struct sb_id_map *map, const int64_t *ids, size_t count,
                    const struct sb_id_pool *pool, struct sb_error *err)
{
    memset(map, 0, sizeof(*map));
    if (count >= INT32_MAX)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than %d ids", INT32_MAX - 1);
    map->ids = sb_malloc(count * sizeof(*ids), TAG);
    if (!map->ids)
        return sb_error_nomem(err, "ids", count * sizeof(*ids));
    bool sorted = true, plain = true;
    for (size_t i = 0; i < count; i++) {
        map->ids[i] = ids[i];
        plain = plain && ids[i] >= SB_ID_LOWEST;
        sorted = sorted && (i == 0 || ids[i - 1] < ids[i]);
    }
    int rc = 0;
    if (!plain)
        rc = sort_interned(map->ids, count, pool, err);
    else if (!sorted)
        qsort(map->ids, count, sizeof(*ids), compare_plain);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || map->ids[i] != map->ids[i - 1])
            map->ids[map->count++] = map->ids[i];
    }
    if (rc == 0)
        rc = fill_table(map, plain, err);
    if (rc)
        sb_id_map_release(map);
    return rc;
}

void sb_id_map_release(struct sb_id_map *map)
{
    sb_free(map->ids);
    sb_free(map->direct);
    sb_free(map->keys);
    sb_free(map->ranks);
    memset(map, 0, sizeof(*map));
}

int32_t sb_id_map_search(const struct sb_id_map *map, int64_t id)
{
    if (map->count == 0)
        return -1;
    for (size_t slot = hash_slot(map, id);; slot = (slot + 1) & map->slot_mask) {
        if (map->ranks[slot] < 0 || map->keys[slot] == id)
            return map->ranks[slot];
    }
}
