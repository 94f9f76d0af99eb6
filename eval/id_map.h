/*
 * Identifiers of images, categories and annotations. Files use integers almost always, but text and
 * other numbers are legal wherever both files agree. Here every id is one int64: integers stand for
 * themselves, the rest is interned in a pool and gets a handle from the lowest 2^32 values (an
 * integer down there is interned, too).
 */
#ifndef SB_EVAL_ID_MAP_H
#define SB_EVAL_ID_MAP_H

#include "base/error.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/str.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_id_entry {
    char *text;    /* the string, or the number's canonical text; owned */
    double number; /* value, for ordering */
    bool is_text;
};

/* Interned ids. Reading is thread-safe. */
struct sb_id_pool {
    pthread_mutex_t lock;
    size_t count, capacity;
    struct sb_id_entry *entries;
    uint32_t *slots; /* open addressing: 1 + index of an entry, 0 = free */
    size_t slot_count;
};

/* Integers below are not ids themselves: they are interned, too. */
#define SB_ID_LOWEST (INT64_MIN + ((int64_t)1 << 32))

void sb_id_pool_init(struct sb_id_pool *pool);
void sb_id_pool_release(struct sb_id_pool *pool);

/* Reads the string or number at s->pos. 1, 1.0 and 1e0 are the same id, as in Python. */
int sb_id_scan(struct sb_id_pool *pool, struct sb_scan *s, int64_t *id);
/* The id of an entry, whose text is copied. */
int sb_id_intern(struct sb_id_pool *pool, const struct sb_id_entry *entry, int64_t *id,
                 struct sb_error *err);
/* The id of a text. */
int sb_id_of_text(struct sb_id_pool *pool, const char *text, int64_t *id, struct sb_error *err);
/* The id's value as a number; NaN for text. Thread-safe. */
double sb_id_value(struct sb_id_pool *pool, int64_t id);
/* Appends the id as a JSON value. */
void sb_id_print(const struct sb_id_pool *pool, int64_t id, struct sb_str *out);
/* Writes it as member `key`. */
void sb_id_json(const struct sb_id_pool *pool, int64_t id, struct sb_jw *w, const char *key);

/* Distinct ids in ascending order (numbers by value, text by code point), with their ranks. */
struct sb_id_map {
    size_t count;
    int64_t *ids;    /* ascending; rank = index */
    int32_t *direct; /* rank of lowest + i, -1 = none; NULL unless the ids lie close together */
    int64_t lowest;
    uint64_t span;    /* entries of direct */
    int64_t *keys;    /* else a hash table, open addressing */
    int32_t *ranks;   /* of keys; -1 = free slot */
    size_t slot_mask; /* slots - 1 */
};

/* From ids that may repeat. SB_EFORMAT when numbers and text are mixed: they have no order. */
int sb_id_map_build(struct sb_id_map *map, const int64_t *ids, size_t count,
                    const struct sb_id_pool *pool, struct sb_error *err);
void sb_id_map_release(struct sb_id_map *map);
/* sb_id_map_find() through the hash table. */
int32_t sb_id_map_search(const struct sb_id_map *map, int64_t id);
/* The id's rank, or -1. */
static inline int32_t sb_id_map_find(const struct sb_id_map *map, int64_t id)
{
    const uint64_t at = (uint64_t)id - (uint64_t)map->lowest;
    if (map->direct)
        return at < map->span ? map->direct[at] : -1;
    return sb_id_map_search(map, id);
}

#endif
