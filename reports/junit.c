/* Writing JUnit XML. See junit.h. */
#include "reports/junit.h"

/* Text with what XML gives a meaning escaped, for attributes and content alike. */
static void put_text(struct sb_str *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '<')
            sb_str_puts(out, "&lt;");
        else if (c == '>')
            sb_str_puts(out, "&gt;");
        else if (c == '&')
            sb_str_puts(out, "&amp;");
        else if (c == '"')
            sb_str_puts(out, "&quot;");
        else if (c < 0x20 && c != '\n' && c != '\t')
            sb_str_puts(out, "?");
        else
            sb_str_append(out, text, 1);
    }
}

static void put_attribute(struct sb_str *out, const char *name, const char *value)
{
    sb_str_printf(out, " %s=\"", name);
    put_text(out, value);
    sb_str_puts(out, "\"");
}

static void put_outcome(struct sb_str *out, const struct sb_junit_case *c)
{
    const char *element = c->status == SB_JUNIT_FAILED ? "failure" : "skipped";
    sb_str_printf(out, "    <%s", element);
    put_attribute(out, "message", c->message ? c->message : "");
    if (c->details) {
        sb_str_puts(out, ">");
        put_text(out, c->details);
        sb_str_printf(out, "</%s>\n", element);
    } else {
        sb_str_puts(out, "/>\n");
    }
}

void sb_junit_write(const char *suite, const struct sb_junit_case *cases, size_t count,
                    struct sb_str *out)
{
    size_t failed = 0, skipped = 0;
    for (size_t i = 0; i < count; i++) {
        failed += cases[i].status == SB_JUNIT_FAILED;
        skipped += cases[i].status == SB_JUNIT_SKIPPED;
    }
    sb_str_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    put_attribute(out, "name", suite);
    sb_str_printf(out, " tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", count, failed,
                  skipped);
    for (size_t i = 0; i < count; i++) {
        sb_str_puts(out, "  <testcase");
        put_attribute(out, "classname", cases[i].group);
        put_attribute(out, "name", cases[i].name);
        if (cases[i].status == SB_JUNIT_PASSED) {
            sb_str_puts(out, "/>\n");
            continue;
        }
        sb_str_puts(out, ">\n");
        put_outcome(out, &cases[i]);
        sb_str_puts(out, "  </testcase>\n");
    }
    sb_str_puts(out, "</testsuite>\n");
}
