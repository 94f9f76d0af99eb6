/* Warnings in words. See warnings.h. */
#include "eval/warnings.h"

#include <inttypes.h>
#include <string.h>

void sb_warnings_add_gt(struct sb_warnings *w, const struct sb_coco_gt *gt)
{
    sb_notes_add(&w->notes, &gt->notes);
    w->objects_images = &gt->unknown_images;
    w->objects_categories = &gt->unknown_categories;
}

void sb_warnings_add_dt(struct sb_warnings *w, const struct sb_coco_dt *dt)
{
    sb_notes_add(&w->notes, &dt->notes);
    w->results_images = &dt->unknown_images;
    w->results_categories = &dt->unknown_categories;
}

static const char *note_of(const struct sb_warnings *w, size_t rule)
{
    return w->notes.count[rule] ? sb_rule_row((enum sb_rule)rule)->note[w->rules[rule]] : NULL;
}

/* A note for one or for many: "{object has|objects have}". */
static void put_note(const char *note, bool one, struct sb_str *out)
{
    for (const char *p; (p = strchr(note, '{')); note = strchr(p, '}') + 1) {
        const char *const bar = strchr(p, '|'), *const end = strchr(p, '}');
        sb_str_append(out, note, (size_t)(p - note));
        sb_str_append(out, one ? p + 1 : bar + 1, (size_t)((one ? bar - p : end - bar) - 1));
    }
    sb_str_puts(out, note);
}

/* ": images 5, 7 (the first at byte 81)" */
static void put_ids(const char *what, const struct sb_unknown_names *u, struct sb_str *out)
{
    if (!u || u->count == 0)
        return;
    sb_str_printf(out, "; %s %s", what, u->list);
    if (u->first_at >= 0)
        sb_str_printf(out, " (the first at byte %" PRId64 ")", u->first_at);
}

/* The words of a rule but the chosen one: "box|mask". */
static void put_others(const struct sb_rule_row *row, uint8_t chosen, struct sb_str *out)
{
    const char *separator = "";
    for (size_t i = 0; i < SB_RULE_VALUES && row->values[i]; i++) {
        if (i == chosen)
            continue;
        sb_str_printf(out, "%s%s", separator, row->values[i]);
        separator = "|";
    }
}

static void put_warning(const struct sb_warnings *w, size_t rule, struct sb_str *out)
{
    const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)rule);
    const int64_t count = w->notes.count[rule];
    sb_str_printf(out, "%" PRId64 " ", count);
    put_note(note_of(w, rule), count == 1, out);
    if (rule == SB_RULE_UNKNOWN_OBJECTS) {
        put_ids("images", w->objects_images, out);
        put_ids("categories", w->objects_categories, out);
    } else if (rule == SB_RULE_UNKNOWN_IMAGES) {
        put_ids("images", w->results_images, out);
    } else if (rule == SB_RULE_UNKNOWN_CATS) {
        put_ids("categories", w->results_categories, out);
    }
    sb_str_printf(out, " (or --%s ", row->option);
    put_others(row, w->rules[rule], out);
    sb_str_puts(out, ")");
}

void sb_warnings_text(const struct sb_warnings *w, bool all, struct sb_str *out)
{
    struct sb_str usual = SB_STR_INIT;
    for (size_t i = 0; i < SB_RULES; i++) {
        const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)i);
        if (!note_of(w, i))
            continue;
        if (row->usual && !all) {
            sb_str_printf(&usual, "%s%s %" PRId64, usual.length ? ", " : "", row->option,
                          w->notes.count[i]);
            continue;
        }
        put_warning(w, i, out);
        sb_str_puts(out, "\n");
    }
    if (usual.length)
        sb_str_printf(out, "rules that tools differ on touch these data: %s (--notes explains)\n",
                      sb_str_text(&usual));
    out->failed |= usual.failed;
    sb_str_release(&usual);
}

void sb_warnings_json(const struct sb_warnings *w, struct sb_jw *json)
{
    struct sb_str text = SB_STR_INIT;
    sb_jw_array(json, "warnings");
    for (size_t i = 0; i < SB_RULES; i++) {
        const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)i);
        if (!note_of(w, i))
            continue;
        sb_str_clear(&text);
        put_warning(w, i, &text);
        sb_jw_object(json, NULL);
        sb_jw_string(json, "rule", row->option);
        sb_jw_string(json, "value", row->values[w->rules[i]]);
        sb_jw_int(json, "count", w->notes.count[i]);
        sb_jw_string(json, "text", sb_str_text(&text));
        sb_jw_end(json);
    }
    sb_jw_end(json);
    sb_str_release(&text);
}
