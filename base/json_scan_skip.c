/* JSON scanner: passing over values without converting them. Not recursive: a bit per open
 * container says whether it is an object. */
#include "base/json_scan.h"
#include "base/json_scan_impl.h"

struct nesting {
    uint64_t is_object[(SB_SCAN_MAX_DEPTH + 63) / 64];
    int depth; /* containers opened by this skip */
};

static bool top_is_object(const struct nesting *n)
{
    const unsigned i = (unsigned)n->depth - 1;
    return n->is_object[i / 64] >> (i % 64) & 1;
}

static int push(struct sb_scan *s, struct nesting *n, bool object)
{
    if (s->depth + n->depth >= SB_SCAN_MAX_DEPTH)
        return sb_scan_fail(s, s->pos, "nested deeper than %d levels", SB_SCAN_MAX_DEPTH);
    const unsigned i = (unsigned)n->depth++;
    const uint64_t bit = (uint64_t)1 << (i % 64);
    n->is_object[i / 64] = object ? n->is_object[i / 64] | bit : n->is_object[i / 64] & ~bit;
    return 0;
}

static int skip_string(struct sb_scan *s)
{
    const char *end;
    bool escaped;
    const int rc = sb_scan_string_body(s, s->pos + 1, &end, &escaped);
    if (rc == 0)
        s->pos = end + 1;
    return rc;
}

static int skip_literal(struct sb_scan *s, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(s->pos, word, n) != 0)
        return sb_scan_expected(s, "a value");
    s->pos += n;
    return 0;
}

static int skip_number(struct sb_scan *s)
{
    const char *const end = sb_scan_number_end(s, s->pos);
    if (!end)
        return SB_EFORMAT;
    s->pos = end;
    return 0;
}

static int skip_scalar(struct sb_scan *s)
{
    switch (sb_scan_peek(s)) {
    case SB_SCAN_STRING:
        return skip_string(s);
    case SB_SCAN_NUMBER:
        return skip_number(s);
    case SB_SCAN_BOOL:
        return skip_literal(s, *s->pos == 't' ? "true" : "false");
    case SB_SCAN_NULL:
        return skip_literal(s, "null");
    default:
        return sb_scan_expected(s, "a value");
    }
}

/* pos is where a member of an object starts: passes its name and the colon. */
static int skip_name(struct sb_scan *s)
{
    if (*s->pos != '"')
        return sb_scan_expected(s, "a member name in quotes");
    const int rc = skip_string(s);
    if (rc)
        return rc;
    s->pos = sb_scan_blanks(s->pos);
    if (*s->pos != ':')
        return sb_scan_expected(s, "':'");
    s->pos = sb_scan_blanks(s->pos + 1);
    return 0;
}

/* Behind a value: closes containers that end here and moves to the next value, or ends with depth
 * 0. */
static int skip_to_next(struct sb_scan *s, struct nesting *n)
{
    while (n->depth > 0) {
        const bool object = top_is_object(n);
        s->pos = sb_scan_blanks(s->pos);
        if (*s->pos == ',') {
            s->pos = sb_scan_blanks(s->pos + 1);
            return object ? skip_name(s) : 0;
        }
        if (*s->pos != (object ? '}' : ']'))
            return sb_scan_expected(s, object ? "',' or '}'" : "',' or ']'");
        s->pos++;
        n->depth--;
    }
    return 0;
}

/* Numbers of an array, up to the first other thing: most of what is skipped in annotation files. */
static int skip_numbers(struct sb_scan *s)
{
    while (sb_scan_is_digit(*s->pos) || *s->pos == '-') {
        const int rc = skip_number(s);
        if (rc)
            return rc;
        if (*s->pos != ',')
            return 1;
        s->pos = sb_scan_blanks(s->pos + 1);
    }
    return 0;
}

/* pos is at a value: enters a container or passes a scalar. 1 when a value still has to be read. */
static int skip_step(struct sb_scan *s, struct nesting *n)
{
    const bool object = *s->pos == '{';
    if (!object && *s->pos != '[')
        return skip_scalar(s);
    int rc = push(s, n, object);
    if (rc)
        return rc;
    s->pos = sb_scan_blanks(s->pos + 1);
    if (*s->pos == (object ? '}' : ']')) {
        s->pos++;
        n->depth--;
        return 0;
    }
    if (object) {
        rc = skip_name(s);
        return rc ? rc : 1;
    }
    rc = skip_numbers(s); /* 1: behind a number, 0: at a value */
    return rc < 0 ? rc : !rc;
}

int sb_scan_skip(struct sb_scan *s)
{
    struct nesting n = {.depth = 0};
    do {
        int rc;
        while ((rc = skip_step(s, &n)) == 1) {
        }
        if (rc == 0)
            rc = skip_to_next(s, &n);
        if (rc < 0)
            return rc;
    } while (n.depth > 0);
    return 0;
}
