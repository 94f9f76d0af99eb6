/*
 * Blocks of matched classes: a head, the scores, a code per slot, the records of those that have
 * one. All are cut to the bits that their values can have. See class_wire.h.
 */
#include "eval/class_wire.h"

#include "base/mem.h"
#include "eval/row_cells.h"

#include <string.h>

#define TAG        SB_MEM_TAG(SB_MEM_DATA, 0)
#define LIMIT_BITS 4 /* indices below SB_EVAL_MAX_MAX_DETS */

struct head {
    uint64_t slots, record_bytes;
    struct sb_cell_form scores;
    int64_t counted[SB_EVAL_MAX_AREAS]; /* only area_count of them travel */
};

static size_t head_bytes(const struct sb_coco_params *p)
{
    return offsetof(struct head, counted) + p->area_count * sizeof(int64_t);
}

/* A code: a bit per area range, whether there is a record, the first limit that lets it in. */
static unsigned code_bits(const struct sb_coco_params *p)
{
    return (unsigned)p->area_count + 1 + LIMIT_BITS;
}

/* Where the parts of a block start, and where it ends. */
struct layout {
    size_t scores, codes, records, end;
};

static struct layout layout_of(const struct head *head, const struct sb_coco_params *p)
{
    const size_t slots = (size_t)head->slots;
    struct layout at = {.scores = head_bytes(p)};
    at.codes = at.scores + sb_bits_bytes(slots, head->scores.bits);
    at.records = at.codes + sb_bits_bytes(slots, code_bits(p));
    at.end = at.records + (size_t)head->record_bytes;
    return at;
}

size_t sb_class_block_bytes(const char *data, const struct sb_coco_params *params)
{
    struct head head;
    memcpy(&head, data, head_bytes(params));
    return layout_of(&head, params).end;
}

/*
 * A record says, per area range, at which thresholds there is a hit, and at which it is ignored.
 * Most detections are similar to one object only, which differs between ranges just in whether it
 * is ignored. So the thresholds of the first range travel, and of each range how they count there.
 */
enum way { ALL_HITS, ALL_IGNORED, EACH };
#define WAY_BITS 2

/* Bits of a word of thresholds that are in use. */
static unsigned used_bits(const struct sb_coco_params *p, size_t word)
{
    const size_t left = p->iou_count - word * 32;
    return left < 32 ? (unsigned)left : 32;
}

/* How a range's thresholds, hits and then ignored ones, relate to those of the first range. */
static enum way way_of(const uint32_t *range, const uint32_t *first, size_t words)
{
    bool hits = true, ignored = true;
    for (size_t i = 0; i < words; i++) {
        const uint32_t all = first[i] | first[words + i];
        hits = hits && range[i] == all && range[words + i] == 0;
        ignored = ignored && range[i] == 0 && range[words + i] == all;
    }
    return hits ? ALL_HITS : ignored ? ALL_IGNORED : EACH;
}

static size_t record_bits(const uint32_t *record, const struct sb_coco_params *p)
{
    const size_t words = sb_match_words(p);
    size_t bits = p->iou_count + p->area_count * WAY_BITS;
    for (size_t a = 0; a < p->area_count; a++)
        bits += way_of(record + a * 2 * words, record, words) == EACH ? 2 * p->iou_count : 0;
    return bits;
}

static void write_record(struct sb_bits *out, const uint32_t *record,
                         const struct sb_coco_params *p)
{
    const size_t words = sb_match_words(p);
    for (size_t i = 0; i < words; i++)
        sb_bits_put(out, record[i] | record[words + i], used_bits(p, i));
    for (size_t a = 0; a < p->area_count; a++) {
        const uint32_t *const range = record + a * 2 * words;
        const enum way way = way_of(range, record, words);
        sb_bits_put(out, way, WAY_BITS);
        for (size_t i = 0; way == EACH && i < 2 * words; i++)
            sb_bits_put(out, range[i], used_bits(p, i % words));
    }
}

static void read_record(struct sb_bit_reader *in, uint32_t *record, const struct sb_coco_params *p)
{
    const size_t words = sb_match_words(p);
    uint32_t all[(SB_EVAL_MAX_IOUS + 31) / 32];
    for (size_t i = 0; i < words; i++)
        all[i] = (uint32_t)sb_bits_get(in, used_bits(p, i));
    for (size_t a = 0; a < p->area_count; a++) {
        uint32_t *const hits = record + a * 2 * words, *const ignored = hits + words;
        const enum way way = (enum way)sb_bits_get(in, WAY_BITS);
        for (size_t i = 0; i < words; i++) {
            hits[i] = way == ALL_HITS ? all[i] : 0;
            ignored[i] = way == ALL_IGNORED ? all[i] : 0;
        }
        for (size_t i = 0; way == EACH && i < 2 * words; i++)
            hits[i] = (uint32_t)sb_bits_get(in, used_bits(p, i % words));
    }
}

/* What a block is written to. */
struct writer {
    const struct sb_coco_params *params;
    struct sb_bits codes, records;
};

/* Codes and records of the slots of one image. */
static void write_run(struct writer *out, const struct sb_class_work *w,
                      const struct sb_image_run *run)
{
    const struct sb_coco_params *const p = out->params;
    const size_t words = sb_match_record_words(p);
    for (uint32_t i = 0; i < run->count; i++) {
        const size_t slot = run->first + i;
        const int64_t rank = w->slot_ranks ? w->slot_ranks[slot] : i;
        const uint32_t info = w->slot_info[slot];
        size_t limit = 0;
        const bool recorded = info & SB_MATCH_RECORD;
        while (rank >= p->max_dets[limit])
            limit++;
        const uint64_t code = (info & ~SB_MATCH_RECORD) | (uint64_t)recorded << p->area_count |
                              (uint64_t)limit << (p->area_count + 1);
        sb_bits_put(&out->codes, code, code_bits(p));
        if (recorded)
            write_record(&out->records, w->records + slot * words, p);
    }
}

int sb_class_pack(const struct sb_class_work *w, const struct sb_coco_params *p,
                  struct sb_class_block *block, struct sb_error *err)
{
    const size_t words = sb_match_record_words(p);
    const struct sb_cell_range scores =
        sb_cells_measure(SB_CELL_DOUBLE, w->slot_scores, w->slot_count);
    struct head head = {.slots = w->slot_count,
                        .scores = sb_cells_form(SB_CELL_DOUBLE, &scores, 1)};
    size_t bits = 0;
    for (size_t i = 0; i < w->slot_count; i++)
        bits += w->slot_info[i] & SB_MATCH_RECORD ? record_bits(w->records + i * words, p) : 0;
    head.record_bytes = (bits + 7) / 8;
    memcpy(head.counted, w->counted, sizeof(w->counted));
    const struct layout at = layout_of(&head, p);
    block->bytes = at.end;
    block->data = sb_malloc(block->bytes, TAG);
    if (!block->data)
        return sb_error_nomem(err, "a matched class", block->bytes);
    memcpy(block->data, &head, head_bytes(p));
    sb_cells_pack(&head.scores, w->slot_scores, w->slot_count, block->data + at.scores);
    struct writer out = {p, {.at = block->data + at.codes}, {.at = block->data + at.records}};
    for (size_t r = 0; r < w->dt_run_count; r++)
        write_run(&out, w, &w->dt_runs[r]);
    sb_bits_flush(&out.codes);
    sb_bits_flush(&out.records);
    return 0;
}

/* Memory for a class of `slots` slots. */
static int reserve(struct sb_class_work *w, const struct sb_coco_params *p, size_t slots)
{
    const size_t words = sb_match_record_words(p) * sizeof(*w->records);
    const size_t lasting = sb_arena_bytes(slots, sizeof(*w->slot_scores)) +
                           sb_arena_bytes(slots, sizeof(*w->slot_info)) +
                           sb_arena_bytes(slots, sizeof(*w->slot_ranks)) +
                           sb_arena_bytes(slots, sizeof(*w->by_score)) +
                           sb_arena_bytes(1, sizeof(*w->dt_runs));
    if (slots >= UINT32_MAX || sb_arena_bytes(slots, words) > SIZE_MAX / 2 ||
        sb_arena_reset(&w->arena, lasting) ||
        sb_arena_reset(&w->step_arena, sb_arena_bytes(slots, words)) ||
        sb_arena_reset(&w->curve_arena, 2 * sb_arena_bytes(slots, sizeof(struct sb_pair))))
        return SB_ENOMEM;
    w->slot_scores = sb_arena_take(&w->arena, slots, sizeof(*w->slot_scores));
    w->slot_info = sb_arena_take(&w->arena, slots, sizeof(*w->slot_info));
    w->slot_ranks = sb_arena_take(&w->arena, slots, sizeof(*w->slot_ranks));
    w->by_score = sb_arena_take(&w->arena, slots, sizeof(*w->by_score));
    w->dt_runs = sb_arena_take(&w->arena, 1, sizeof(*w->dt_runs));
    w->records = sb_arena_take(&w->step_arena, slots, words);
    return 0;
}

/* Appends a block's slots at slot `first`; returns how many they are. */
static size_t read_block(struct sb_class_work *w, const struct sb_coco_params *p, const char *data,
                         size_t first)
{
    struct head head;
    memcpy(&head, data, head_bytes(p));
    const size_t slots = (size_t)head.slots, words = sb_match_record_words(p);
    const struct layout at = layout_of(&head, p);
    struct sb_bit_reader codes = {.at = data + at.codes}, records = {.at = data + at.records};
    const uint64_t areas = ((uint64_t)1 << p->area_count) - 1;
    for (size_t a = 0; a < p->area_count; a++)
        w->counted[a] += head.counted[a];
    sb_cells_unpack(&head.scores, data + at.scores, slots, w->slot_scores + first);
    for (size_t i = first; i < first + slots; i++) {
        const uint64_t code = sb_bits_get(&codes, code_bits(p));
        const bool recorded = code >> p->area_count & 1;
        const uint64_t limit = code >> (p->area_count + 1);
        w->slot_info[i] = (uint32_t)(code & areas) | (recorded ? SB_MATCH_RECORD : 0);
        /* the best rank with this limit stands for all of them */
        w->slot_ranks[i] = limit ? (uint32_t)p->max_dets[limit - 1] : 0;
        if (recorded)
            read_record(&records, w->records + i * words, p);
    }
    return slots;
}

/* Best score first; ties stay in order of slots, which is by image and rank there. */
static void rank_slots(struct sb_class_work *w)
{
    const size_t n = w->slot_count;
    struct sb_pair *const pairs = sb_arena_take(&w->curve_arena, n, sizeof(*pairs));
    struct sb_pair *const spare = sb_arena_take(&w->curve_arena, n, sizeof(*spare));
    for (size_t i = 0; i < n; i++) {
        pairs[i].key = sb_score_key(w->slot_scores[i]);
        pairs[i].value = (uint32_t)i;
    }
    const struct sb_pair *const sorted = sb_pair_sort(pairs, spare, n);
    for (size_t i = 0; i < n; i++) {
        w->by_score[i].slot = sorted[i].value;
        w->by_score[i].rank = w->slot_ranks[sorted[i].value];
    }
}

int sb_class_merge(struct sb_class_work *w, const struct sb_coco_params *p,
                   const char *const *blocks, size_t count, struct sb_error *err)
{
    size_t slots = 0;
    for (size_t i = 0; i < count; i++) {
        struct head head;
        memcpy(&head, blocks[i], head_bytes(p));
        slots += (size_t)head.slots;
    }
    if (reserve(w, p, slots))
        return sb_error_nomem(err, "a class", slots * 64);
    memset(w->counted, 0, sizeof(w->counted));
    w->gt_count = 0; /* objects are not here */
    w->slot_count = 0;
    for (size_t i = 0; i < count; i++)
        w->slot_count += read_block(w, p, blocks[i], w->slot_count);
    const struct sb_image_run all = {0, 0, (uint32_t)slots};
    w->dt_runs[0] = all;
    w->dt_run_count = 1;
    rank_slots(w);
    return 0;
}
