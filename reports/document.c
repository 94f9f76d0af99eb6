/* Collecting tables and figures. See document.h. */
#include "reports/document.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_document_init(struct sb_document *d, const char *title)
{
    memset(d, 0, sizeof(*d));
    d->title = sb_texts_keep(&d->texts, title);
    d->no_plots = "";
}

void sb_document_release(struct sb_document *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->exhibits[i].is_table)
            sb_table_release(&d->exhibits[i].table);
        else
            sb_figure_release(&d->exhibits[i].figure);
    }
    sb_free(d->exhibits);
    sb_texts_release(&d->texts);
    memset(d, 0, sizeof(*d));
}

static struct sb_exhibit *add_exhibit(struct sb_document *d)
{
    if (sb_grow(&d->exhibits, &d->capacity, d->count + 1, sizeof(*d->exhibits), TAG))
        return NULL;
    struct sb_exhibit *e = &d->exhibits[d->count];
    memset(e, 0, sizeof(*e));
    d->count++;
    return e;
}

int sb_document_add_table(struct sb_document *d, struct sb_table *table, bool in_text,
                          struct sb_error *err)
{
    struct sb_exhibit *e = add_exhibit(d);
    if (!e) {
        sb_table_release(table);
        return sb_error_nomem(err, "a report", sizeof(*e));
    }
    e->is_table = true;
    e->in_text = in_text;
    e->table = *table;
    return 0;
}

int sb_document_add_figure(struct sb_document *d, struct sb_figure *figure, struct sb_error *err)
{
    struct sb_exhibit *e = add_exhibit(d);
    if (!e) {
        sb_figure_release(figure);
        return sb_error_nomem(err, "a report", sizeof(*e));
    }
    e->in_text = true;
    e->figure = *figure;
    return 0;
}
