/* The pictures of the page: objects beside detections. See page.h. */
#include "reports/page.h"

#include "reports/html.h"

#include <string.h>

/* Only what a browser shows and base64 can hold. */
static bool is_safe(const struct sb_picture_record *p)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    return (strcmp(p->type, "image/jpeg") == 0 || strcmp(p->type, "image/png") == 0) &&
           p->base64[strspn(p->base64, digits)] == '\0';
}

static void put_picture(const struct sb_picture_record *p, struct sb_str *out)
{
    sb_str_printf(out,
                  "<figure class=\"picture\"><img width=\"%lld\" height=\"%lld\" "
                  "src=\"data:%s;base64,%s\" alt=\"",
                  (long long)p->width, (long long)p->height, p->type, p->base64);
    sb_html_text(out, p->title);
    sb_str_puts(out, ": ");
    sb_html_text(out, p->caption);
    sb_str_puts(out, "\">\n<figcaption><strong>");
    sb_html_text(out, p->title);
    sb_str_puts(out, "</strong> ");
    sb_html_text(out, p->caption);
    sb_str_puts(out, "</figcaption></figure>\n");
}

size_t sb_page_count_pictures(const struct sb_records *records)
{
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++)
        count +=
            records->items[i].kind == SB_RECORD_PICTURE && is_safe(&records->items[i].u.picture);
    return count;
}

void sb_page_pictures(const struct sb_records *records, struct sb_str *out)
{
    size_t bytes = 0, left_out = 0;
    if (sb_page_count_pictures(records) == 0)
        return;
    sb_str_puts(out,
                "<section id=\"pictures\">\n<h2>Worst images</h2>\n<p class=\"note\">Left: "
                "objects, found (blue, solid) or missed (yellow, dotted); grey: does not count. "
                "Right: detections at the best threshold of their class, right (blue, solid) or "
                "wrong (red, dashed), with score.</p>\n<div class=\"pictures\">\n");
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_picture_record *const p = &records->items[i].u.picture;
        if (records->items[i].kind != SB_RECORD_PICTURE || !is_safe(p))
            continue;
        bytes += strlen(p->base64);
        if (bytes <= SB_PAGE_PICTURE_BYTES)
            put_picture(p, out);
        else
            left_out++;
    }
    sb_str_puts(out, "</div>\n");
    if (left_out)
        sb_str_printf(out,
                      "<p class=\"note\">%zu more pictures are in the records; they would make "
                      "this page too large.</p>\n",
                      left_out);
    sb_str_puts(out, "</section>\n");
}
