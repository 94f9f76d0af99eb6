/* Tables of `spinebench eval`. See eval_tables.h. */
#include "cli/eval_tables.h"

#include "cli/table_output.h"

#include <math.h>
#include <strings.h>

int sb_eval_format(const char *name, const struct sb_table_format **format, struct sb_error *err)
{
    return sb_cli_format(name ? name : "text", SB_ALL_FORMATS, format, err);
}

bool sb_eval_format_is_text(const struct sb_table_format *format)
{
    return format == sb_table_format("text");
}

void sb_eval_cell(struct sb_table *t, double value)
{
    if (value >= 0) {
        sb_table_number(t, value, 3);
        sb_table_last(t)->exact = true;
    } else {
        sb_table_missing(t, NULL);
    }
}

static int unknown_key(const struct sb_table *t, const char *key, struct sb_error *err)
{
    struct sb_str keys = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++)
        sb_str_printf(&keys, "%s%s", c ? ", " : "", t->columns[c].key);
    sb_error_set(err, SB_EINVAL, "--sort: no column '%s'", key);
    const int rc = sb_error_hint(err, "%s", sb_str_text(&keys));
    sb_str_release(&keys);
    return rc;
}

int sb_eval_sort(struct sb_table *t, const char *key, struct sb_error *err)
{
    if (!key)
        return 0;
    for (size_t c = 0; c < t->num_columns; c++) {
        const struct sb_table_column *const column = &t->columns[c];
        if (strcasecmp(column->key, key) == 0)
            return sb_table_sort(t, c, column->align == SB_RIGHT && strcasecmp(key, "id") != 0,
                                 err);
    }
    return unknown_key(t, key, err);
}

int sb_eval_write(struct sb_table *t, const struct sb_table_format *format, struct sb_str *out,
                  struct sb_error *err)
{
    const int rc = sb_table_finish(t, err);
    if (rc)
        return rc;
    sb_cli_put_table(t, format, out);
    return out->failed ? sb_error_nomem(err, "the table", out->length) : 0;
}
