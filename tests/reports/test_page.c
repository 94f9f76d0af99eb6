/* reports/page*.c, table_html.c, figure_svg.c: the page is well-formed HTML of known elements with
 * unique ids, every link inside it has a target, and it loads nothing. */
#include "reports/page.h"

#include "base/mem.h"
#include "reports/figures.h"
#include "reports/html.h"
#include "reports/report.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sb_error err;

/* Elements that the page may use; void ones have no end tag. */
static const char *const elements[] = {
    "html", "head",   "title", "style", "body",   "header", "main",    "nav",        "ul",
    "li",   "a",      "h1",    "h2",    "h3",     "p",      "section", "div",        "span",
    "sup",  "code",   "svg",   "table", "thead",  "tbody",  "tr",      "th",         "td",
    "rect", "circle", "path",  "text",  "strong", "figure", "script",  "figcaption", NULL};
static const char *const void_elements[] = {"meta", "br", "img", NULL};

static bool is_in(const char *const *list, const char *name)
{
    for (; *list; list++) {
        if (strcmp(*list, name) == 0)
            return true;
    }
    return false;
}

struct checker {
    const char *p;
    char open[64][16];
    int depth;
    char *ids[5000], *links[5000];
    size_t num_ids, num_links;
};

static void check_entity(const struct checker *c)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", NULL};
    for (const char *const *k = known; *k; k++) {
        if (strncmp(c->p, *k, strlen(*k)) == 0)
            return;
    }
    fail_msg("unescaped & at '%.40s'", c->p);
}

/* One attribute: NAME="VALUE"; remembers ids and links. */
static void check_attribute(struct checker *c)
{
    char name[32];
    const size_t n =
        strspn(c->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789");
    assert_in_range(n, 1, sizeof(name) - 1);
    memcpy(name, c->p, n);
    name[n] = '\0';
    assert_memory_equal(c->p + n, "=\"", 2);
    const char *value = c->p + n + 2;
    const char *end = strchr(value, '"');
    assert_non_null(end);
    for (c->p = value; c->p < end; c->p++) {
        assert_true(*c->p != '<');
        if (*c->p == '&')
            check_entity(c);
    }
    char *copy = strndup(value, (size_t)(end - value));
    if (strcmp(name, "id") == 0)
        c->ids[c->num_ids++] = copy;
    else if (strcmp(name, "href") == 0 && copy[0] == '#')
        c->links[c->num_links++] = copy;
    else if (strcmp(name, "src") == 0 && strncmp(copy, "data:image/", 11) == 0)
        free(copy);
    else if (strcmp(name, "href") == 0 || strcmp(name, "src") == 0)
        fail_msg("the page refers to '%s'", copy);
    else
        free(copy);
    c->p = end + 1;
}

/* The name behind < or </. */
static void read_name(struct checker *c, char name[16])
{
    size_t n = 0;
    while (isalnum((unsigned char)c->p[n]) && n < 15)
        n++;
    memcpy(name, c->p, n);
    name[n] = '\0';
    c->p += n;
}

/* No two headings are the same: links of the contents would look alike. */
static void check_headings(const char *page)
{
    for (const char *a = strstr(page, "<h2>"); a; a = strstr(a + 1, "<h2>")) {
        const size_t n = (size_t)(strstr(a, "</h2>") + 5 - a);
        for (const char *b = strstr(a + 1, "<h2>"); b; b = strstr(b + 1, "<h2>"))
            assert_true(strncmp(a, b, n) != 0);
    }
}

static void check_end_tag(struct checker *c)
{
    char name[16];
    c->p += 2;
    read_name(c, name);
    assert_true(c->depth > 0);
    assert_string_equal(name, c->open[--c->depth]);
    assert_int_equal(*c->p, '>');
}

static void check_start_tag(struct checker *c)
{
    char name[16];
    c->p++;
    read_name(c, name);
    const bool is_void = is_in(void_elements, name);
    if (!is_void && !is_in(elements, name))
        fail_msg("unknown element <%s>", name);
    while (*c->p == ' ') {
        c->p++;
        check_attribute(c);
    }
    const bool closed = *c->p == '/'; /* of SVG elements */
    c->p += closed;
    assert_int_equal(*c->p, '>');
    if (is_void || closed)
        return;
    assert_true(c->depth < 64);
    memcpy(c->open[c->depth++], name, 16);
    if (strcmp(name, "style") == 0 || strcmp(name, "script") == 0) {
        char end[20];
        snprintf(end, sizeof(end), "</%s>", name);
        c->p = strstr(c->p, end);
        assert_non_null(c->p);
        c->p--; /* the caller moves on */
    }
}

static void check_page(const char *text)
{
    static struct checker c;
    memset(&c, 0, sizeof(c));
    assert_memory_equal(text, "<!DOCTYPE html>\n", 16);
    for (c.p = text + 16; *c.p; c.p++) {
        if (*c.p == '<' && c.p[1] == '/')
            check_end_tag(&c);
        else if (*c.p == '<')
            check_start_tag(&c);
        else if (*c.p == '&')
            check_entity(&c);
        else
            assert_true((unsigned char)*c.p >= ' ' || *c.p == '\n');
    }
    assert_int_equal(c.depth, 0);
    for (size_t i = 0; i < c.num_ids; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(c.ids[i], c.ids[k]);
    }
    for (size_t i = 0; i < c.num_links; i++) {
        bool found = false;
        for (size_t k = 0; k < c.num_ids; k++)
            found = found || strcmp(c.links[i] + 1, c.ids[k]) == 0;
        if (!found)
            fail_msg("no target for %s", c.links[i]);
    }
    check_headings(text);
    for (size_t i = 0; i < c.num_ids; i++)
        free(c.ids[i]);
    for (size_t i = 0; i < c.num_links; i++)
        free(c.links[i]);
}

static void write_report(const char *records_path, struct sb_str *page)
{
    struct sb_records records;
    struct sb_report_result result;
    char dir[600];
    const char *const inputs[] = {"mini.jsonl"};
    snprintf(dir, sizeof(dir), "%s/report", test_scratch());
    const struct sb_report_options options = {.dir = dir, .inputs = inputs, .num_inputs = 1};
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, records_path, NULL, NULL, &err), &err);
    assert_ok(sb_report_write(&records, &options, &result, &err), &err);
    sb_records_release(&records);
    strcat(dir, "/report.html");
    assert_true(test_read_file(dir, page));
}

static void test_page__is_well_formed_and_complete(void **state)
{
    (void)state;
    struct sb_str page = SB_STR_INIT;
    write_report(test_source("golden/reports/mini.jsonl"), &page);
    check_page(page.data);
    assert_non_null(strstr(page.data, "id=\"table-models\""));
    assert_non_null(strstr(page.data, "id=\"figure-levels\""));
    assert_non_null(strstr(page.data, "id=\"model-view\""));
    assert_non_null(strstr(page.data, "prefers-color-scheme: dark"));
    assert_null(strstr(page.data, "http"));
    sb_str_release(&page);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* Every kind of figure: its title, note and origin stand beside it once, not in the drawing too. */
static void test_page__tells_of_each_figure_once(void **state)
{
    (void)state;
    static const char more[] = "{\"schema\": 1, \"kind\": \"verdict\", \"run\": \"r\", \"model\": "
                               "\"tiny-a\", \"size\": 64, "
                               "\"batch\": 1, \"threads\": 1, \"engine\": \"native\", \"metric\": "
                               "\"latency\", \"verdict\": "
                               "\"IMPROVED\", \"base\": \"a\", \"head\": \"b\", \"ratio\": 0.93, "
                               "\"low\": 0.92, \"high\": 0.94, "
                               "\"p_value\": 0.001, \"rounds\": 21}\n"
                               "{\"schema\": 1, \"kind\": \"history\", \"run\": \"r\", \"model\": "
                               "\"tiny-a\", \"size\": 64, "
                               "\"batch\": 1, \"threads\": 1, \"engine\": \"native\", \"metric\": "
                               "\"latency\", \"machine\": "
                               "\"0a\", \"commit\": \"c0ffee\", \"started\": "
                               "\"2026-01-01T00:00:00Z\", \"point\": 0, \"value\": "
                               "158, \"low\": 156, \"high\": 162, \"level\": 159, \"change\": "
                               "null, \"counts\": false, \"why\": "
                               "{\"change\": \"no segment before\"}}\n";
    struct sb_str text = SB_STR_INIT, page = SB_STR_INIT;
    assert_true(test_read_file(test_source("golden/reports/mini.jsonl"), &text));
    assert_true(test_read_file(test_source("golden/reports/diagnosis.jsonl"), &text));
    sb_str_puts(&text, more);
    write_report(test_write("all.jsonl", text.data, text.length), &page);
    check_page(page.data);
    for (size_t i = 0; sb_figure_maker_at(i); i++) {
        char id[64];
        snprintf(id, sizeof(id), "<section id=\"figure-%s\"", sb_figure_maker_at(i)->name);
        if (strcmp(sb_figure_maker_at(i)->name, "paper") != 0) /* of the paper's models */
            assert_int_equal(count_of(page.data, id), 1);
    }
    const char *const figure = strstr(page.data, "<section id=\"figure-verdicts\"");
    assert_non_null(figure);
    char *const end = strstr(figure, "</section>");
    assert_non_null(end);
    *end = '\0';
    assert_int_equal(count_of(figure, ">Head against base<"), 1);
    assert_int_equal(count_of(figure, "n: rounds;"), 1);
    assert_int_equal(count_of(figure, "Made by"), 1);
    sb_str_release(&text);
    sb_str_release(&page);
}

static void test_page__names_from_records_are_escaped(void **state)
{
    (void)state;
    struct sb_str text = SB_STR_INIT, page = SB_STR_INIT;
    assert_true(test_read_file(test_source("golden/reports/mini.jsonl"), &text));
    for (char *at = text.data; (at = strstr(at, "tiny-a")) != NULL; at += 6)
        memcpy(at, "<&'>\\\"", 6);
    write_report(test_write("names.jsonl", text.data, text.length), &page);
    check_page(page.data);
    assert_non_null(strstr(page.data, "&lt;&amp;'&gt;&quot;"));
    sb_str_release(&text);
    sb_str_release(&page);
}

static void test_page__shows_pictures_that_are_safe(void **state)
{
    (void)state;
    static const char records[] =
        "{\"schema\":1,\"kind\":\"picture\",\"run\":\"r\",\"title\":\"a<b\",\"caption\":\"c\","
        "\"type\":\"image/png\",\"width\":3,\"height\":2,\"base64\":\"AAAA\"}\n"
        "{\"schema\":1,\"kind\":\"picture\",\"run\":\"r\",\"title\":\"t\",\"caption\":\"c\","
        "\"type\":\"image/png\",\"width\":3,\"height\":2,\"base64\":\"AA\\\">\"}\n"
        "{\"schema\":1,\"kind\":\"picture\",\"run\":\"r\",\"title\":\"t\",\"caption\":\"c\","
        "\"type\":\"text/html\",\"width\":3,\"height\":2,\"base64\":\"AAAA\"}\n";
    struct sb_str page = SB_STR_INIT;
    write_report(test_write_text("pictures.jsonl", records), &page);
    check_page(page.data);
    const char *first = strstr(page.data, "<img ");
    assert_non_null(first);
    assert_null(strstr(first + 1, "<img "));
    assert_non_null(strstr(first, "src=\"data:image/png;base64,AAAA\" alt=\"a&lt;b: c\""));
    sb_str_release(&page);
}

static void test_html__text_has_no_markup_left(void **state)
{
    (void)state;
    struct sb_str out = SB_STR_INIT;
    sb_html_text(&out, "a<b>&\"c\"\x01\x7f µ");
    assert_string_equal(sb_str_text(&out), "a&lt;b&gt;&amp;&quot;c&quot; µ");
    sb_str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page__is_well_formed_and_complete),
        cmocka_unit_test(test_page__tells_of_each_figure_once),
        cmocka_unit_test(test_page__names_from_records_are_escaped),
        cmocka_unit_test(test_page__shows_pictures_that_are_safe),
        cmocka_unit_test(test_html__text_has_no_markup_left),
    };
    return cmocka_run_group_tests_name("reports/page", tests, NULL, NULL);
}
