/* See synsets.h. */
#include "datasets/synsets.h"

#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool sb_is_synset(const char *word, size_t length)
{
    if (length != SB_SYNSET_LENGTH || word[0] != 'n')
        return false;
    for (size_t i = 1; i < length; i++)
        if (!isdigit((unsigned char)word[i]))
            return false;
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sb_synset *)a)->id, ((const struct sb_synset *)b)->id);
}

static int add(struct sb_synsets *synsets, const char *line, size_t length, struct sb_error *err)
{
    const bool starts = length >= SB_SYNSET_LENGTH && sb_is_synset(line, SB_SYNSET_LENGTH);
    if (!starts || (length > SB_SYNSET_LENGTH && isalnum((unsigned char)line[SB_SYNSET_LENGTH])))
        return sb_error_set(err, SB_EFORMAT, "expected a synset (n and eight digits)");
    if (sb_grow(&synsets->items, &synsets->capacity, synsets->count + 1, sizeof(*synsets->items),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return sb_error_nomem(err, "synsets", synsets->count * sizeof(*synsets->items));
    struct sb_synset *const s = &synsets->items[synsets->count];
    memcpy(s->id, line, SB_SYNSET_LENGTH);
    s->id[SB_SYNSET_LENGTH] = '\0';
    s->label = (int64_t)synsets->count++;
    return 0;
}

static int read_lines(struct sb_synsets *synsets, const struct sb_map *map, struct sb_error *err)
{
    const char *at = map->data, *const end = map->data + map->size;
    for (int64_t number = 1; at < end; number++) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at));
        const char *const stop = newline ? newline : end;
        if (add(synsets, at, (size_t)(stop - at), err))
            return sb_error_line(err, number, 1);
        at = stop + 1;
    }
    if (synsets->count == 0)
        return sb_error_set(err, SB_EFORMAT, "lists no synset");
    qsort(synsets->items, synsets->count, sizeof(*synsets->items), compare);
    for (size_t i = 1; i < synsets->count; i++) {
        if (compare(&synsets->items[i], &synsets->items[i - 1]) == 0)
            return sb_error_set(err, SB_EFORMAT, "synset %s occurs twice", synsets->items[i].id);
    }
    return 0;
}

int sb_synsets_load(struct sb_synsets *synsets, const char *path, struct sb_error *err)
{
    struct sb_map map;
    memset(synsets, 0, sizeof(*synsets));
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = read_lines(synsets, &map, err);
    sb_map_release(&map);
    if (rc) {
        sb_error_file(err, path);
        sb_synsets_release(synsets);
    }
    return rc;
}

void sb_synsets_release(struct sb_synsets *synsets)
{
    sb_free(synsets->items);
    memset(synsets, 0, sizeof(*synsets));
}

int64_t sb_synset_label(const struct sb_synsets *synsets, const char *id)
{
    struct sb_synset wanted = {.label = -1};
    if (!synsets->count || !sb_is_synset(id, strlen(id)))
        return -1;
    memcpy(wanted.id, id, sizeof(wanted.id));
    const struct sb_synset *const found =
        bsearch(&wanted, synsets->items, synsets->count, sizeof(wanted), compare);
    return found ? found->label : -1;
}
