/* Joining records. See merge.h. */
#include "bench/merge.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* A hash table of texts: index into `lines` + 1, 0 empty. */
struct lines {
    char **lines; /* owned texts */
    size_t count;
    size_t *table;
    size_t slots; /* power of two */
};

/* Remembers text; *known tells whether it was there. */
static int remember(struct lines *l, const char *text, bool *known, struct sb_error *err)
{
    size_t i = sb_fnv1a(SB_FNV_START, text, strlen(text)) & (l->slots - 1);
    for (; l->table[i]; i = (i + 1) & (l->slots - 1)) {
        if (strcmp(l->lines[l->table[i] - 1], text) == 0) {
            *known = true;
            return 0;
        }
    }
    *known = false;
    l->lines[l->count] = sb_strdup(text);
    if (!l->lines[l->count])
        return sb_error_nomem(err, "a record", strlen(text));
    l->table[i] = ++l->count;
    return 0;
}

int sb_records_drop_repeated(struct sb_records *records, size_t *dropped, struct sb_error *err)
{
    struct lines l = {.slots = 64};
    struct sb_str text = SB_STR_INIT;
    size_t kept = 0;
    while (l.slots < 2 * records->count)
        l.slots *= 2;
    l.table = sb_calloc(l.slots, sizeof(*l.table), TAG);
    l.lines = sb_calloc(records->count + 1, sizeof(char *), TAG);
    int rc = l.table && l.lines ? 0 : sb_error_nomem(err, "records", l.slots);
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        bool known = false;
        sb_str_clear(&text);
        sb_record_to_json(&records->items[i], &text);
        rc = text.failed ? sb_error_nomem(err, "a record", text.length)
                         : remember(&l, text.data, &known, err);
        if (!known)
            records->items[kept++] = records->items[i];
    }
    *dropped = records->count - kept;
    records->count = kept;
    for (size_t i = 0; i < l.count; i++)
        sb_free(l.lines[i]);
    sb_free(l.lines);
    sb_free(l.table);
    sb_str_release(&text);
    return rc;
}

int sb_records_write(const struct sb_records *records, const char *path, struct sb_error *err)
{
    struct sb_record_writer writer;
    int rc = sb_record_writer_open(&writer, path, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < records->count && rc == 0; i++)
        rc = sb_record_write(&writer, &records->items[i], err);
    if (rc == 0)
        rc = sb_record_writer_commit(&writer, err);
    sb_record_writer_close(&writer);
    return rc;
}
