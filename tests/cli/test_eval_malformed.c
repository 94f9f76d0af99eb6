/*
 * Malformed input of `eval coco`, through the program: every case must end with exit code 2, print
 * nothing on stdout and one message on stderr that names the file, the byte and the value there. In
 * the texts '@' stands in front of the byte that the message must name; \1 becomes a zero byte and
 * \2 is 100,000 opening brackets.
 */
#include "base/str.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 100000

#define IMAGES          "\"images\":[{\"id\":1,\"height\":10,\"width\":10}]"
#define CATEGORIES      "\"categories\":[{\"id\":1,\"name\":\"cat\"}]"
#define GT(annotation)  "{" IMAGES "," CATEGORIES ",\"annotations\":[{" annotation "}]}"
#define GT_IMAGE(image) "{\"images\":[" image "]," CATEGORIES ",\"annotations\":[]}"
#define WHERE           "\"image_id\":1,\"category_id\":1,"
#define ANN             "\"id\":1," WHERE "\"iscrowd\":0,\"area\":9,"
#define KP              "\"bbox\":[0,0,3,3],\"num_keypoints\":1,"
#define BOX             "\"bbox\":[0,0,3,3]"
#define MASK            "\"segmentation\":[[0,0,0,3,3,3]]"
#define GOOD            "{" WHERE BOX ",\"score\":0.5}"

#define FIVE   "0,0,0,0,0,"
#define FIFTY  FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE
#define POINTS "\"keypoints\":[" FIFTY "0]"

/* The other file of a case. */
static const char good_gt[] = GT(ANN MASK "," KP POINTS);
static const char good_dt[] = "[" GOOD "]";

struct malformed {
    const char *text;
    const char *message; /* part of it */
};

static const struct malformed box_results[] = {
    /* the document */
    {"@", "the file ends where an array of results was expected: it is cut off or empty"},
    {" \n\t @", "the file ends where an array of results was expected"},
    {"@\xef\xbb\xbf[" GOOD "]", "starts with a byte order mark"},
    {"@\xff\xfe[", "expected an array of results, found ??["},
    {"@{}", "expected an array of results, found {"},
    {"@null", "expected an array of results, found null"},
    {"@[]", "the list of results is empty"},
    {"[@1]", "expected a result (an object), found 1"},
    {"[@\"x\"]", "expected a result (an object), found \"x\""},
    {"[@[]]", "expected a result (an object), found ["},
    {"[" GOOD ",@null]", "expected a result (an object), found null"},
    {"[" GOOD "] @[" GOOD "]", "expected nothing more, found [{\"image_id\":1"},
    {"[" GOOD "]@]", "expected nothing more, found ]"},
    {"[" GOOD "]@\1", "expected nothing more, found ?"},
    {"[" GOOD "@" GOOD "]", "expected ',' or ']', found {\"image_id\":1"},
    {"[" GOOD ",@," GOOD "]", "expected a result (an object), found ,"},
    {"[" GOOD ",@]", "expected a value after ',', found ]"},
    {"[@,]", "expected a result (an object), found ,"},
    {"[" GOOD "@}", "expected ',' or ']', found }"},
    {"[@//none\n]", "expected a result (an object), found //none"},
    /* cut files */
    {"[@", "the file ends where"},
    {"[{@", "the file ends where a member name in quotes was expected"},
    {"[{\"image_id\"@", "the file ends where ':' was expected"},
    {"[{\"image_id\":@", "the file ends where a value was expected"},
    {"[{\"image_id\":1@", "the file ends where ',' or '}' was expected"},
    {"[{\"image_id\":1,@", "the file ends where a member name in quotes was expected"},
    {"[{\"image_id@", "the file ends inside the string that starts at byte 2"},
    {"[{" WHERE "\"bbox\":[0,@", "the file ends where a value was expected"},
    {"[{" WHERE "\"bbox\":[0,0,3@", "the file ends where ',' or ']' was expected"},
    {"[{" WHERE BOX ",\"score\":0.5}@", "the file ends where ',' or ']' was expected"},
    {"[{" WHERE BOX ",\"score\":0.5},@", "the file ends where"},
    {"[{" WHERE BOX ",\"score\":@-", "expected a number, found -"},
    {"[{" WHERE "\"x\":@tru", "expected a value, found tru"},
    /* members */
    {"[{@image_id:1}]", "expected a member name in quotes, found image_id:1"},
    {"[{@'image_id':1}]", "expected a member name in quotes, found 'image_id':1"},
    {"[{@1:1}]", "expected a member name in quotes, found 1:1"},
    {"[{\"image_id\" @1}]", "expected ':', found 1"},
    {"[{\"image_id\":1@;\"category_id\":1}]", "expected ',' or '}', found ;"},
    {"[{" WHERE BOX ",\"score\":1,@}]", "expected a member name in quotes, found }"},
    {"[{\"image_id\":1,@\"image_id\":1}]", "member \"image_id\" occurs twice in one object"},
    {"[{" WHERE BOX ",@" BOX "}]", "member \"bbox\" occurs twice"},
    {"[{" WHERE BOX ",\"score\":1,@\"\\u0073core\":1}]", "member \"score\" occurs twice"},
    {"[@{\"category_id\":1," BOX ",\"score\":1}]", "member \"image_id\" is missing"},
    {"[@{\"image_id\":1," BOX ",\"score\":1}]", "member \"category_id\" is missing"},
    {"[@{" WHERE BOX "}]", "member \"score\" is missing"},
    {"[@{}]", "neither bbox, segmentation nor keypoints"},
    {"[" GOOD ",@{" WHERE "\"score\":1}]", "member \"bbox\" is missing"},
    {"[@{" WHERE "\"caption\":\"a cat\"}]", "captions"},
    {"[@{" WHERE "\"bbox\":[],\"score\":1}]", "neither bbox, segmentation nor keypoints"},
    /* numbers */
    {"[{" WHERE BOX ",\"score\":@1e999}]", "within the range of a double, found 1e999"},
    {"[{" WHERE BOX ",\"score\":@-1e999}]", "within the range of a double, found -1e999"},
    {"[{" WHERE BOX ",\"score\":@01}]", "expected a number, found 01"},
    {"[{" WHERE BOX ",\"score\":@-01}]", "expected a number, found -01"},
    {"[{" WHERE BOX ",\"score\":@+1}]", "expected a value, found +1"},
    {"[{" WHERE BOX ",\"score\":@.5}]", "expected a value, found .5"},
    {"[{" WHERE BOX ",\"score\":@1.}]", "expected a number, found 1."},
    {"[{" WHERE BOX ",\"score\":@1e}]", "expected a number, found 1e"},
    {"[{" WHERE BOX ",\"score\":@1e+}]", "expected a number, found 1e+"},
    {"[{" WHERE BOX ",\"score\":@--1}]", "expected a number, found --1"},
    {"[{" WHERE BOX ",\"score\":0@x10}]", "expected ',' or '}', found x10"},
    {"[{" WHERE BOX ",\"score\":1@_000}]", "expected ',' or '}', found _000"},
    {"[{" WHERE BOX ",\"score\":@nan}]", "expected a value, found nan"},
    {"[{" WHERE BOX ",\"score\":@-NaN}]", "expected a number, found -NaN"},
    {"[{" WHERE BOX ",\"score\":@Inf}]", "expected a number, found Inf"},
    {"[{" WHERE BOX ",\"score\":@\"0.5\"}]", "expected a number, found \"0.5\""},
    {"[{" WHERE BOX ",\"score\":@true}]", "expected a number, found true"},
    {"[{" WHERE BOX ",\"score\":@null}]", "expected a number, found null"},
    {"[{" WHERE BOX ",\"score\":@[1]}]", "expected a number, found [1"},
    {"[{" WHERE BOX ",\"score\":@{}}]", "expected a number, found {"},
    {"[{" WHERE BOX ",\"x\":@1.e5}]", "expected a number, found 1.e5"},
    /* text */
    {"[{\"x\":\"@\xff\"}]", "invalid UTF-8 (byte 0xff)"},
    {"[{\"@\xc3(\":1}]", "invalid UTF-8 (byte 0xc3)"},
    {"[{\"x\":\"@\xc0\xaf\"}]", "invalid UTF-8 (byte 0xc0)"},
    {"[{\"x\":\"@\xed\xa0\x80\"}]", "invalid UTF-8 (byte 0xed)"},
    {"[{\"x\":\"@\xf5\x80\x80\x80\"}]", "invalid UTF-8 (byte 0xf5)"},
    {"[{\"x\":\"@\xe2\x82", "invalid UTF-8 (byte 0xe2)"},
    {"[{\"x\":\"a@\nb\"}]", "control byte 0x0a inside a string"},
    {"[{\"x\":\"a@\1b\"}]", "control byte 0x00 inside a string"},
    {"[{\"x\":\"@\\x41\"}]", "invalid escape in a string"},
    {"[{\"x\":\"@\\u12g4\"}]", "invalid escape in a string"},
    /* ids */
    {"[{" BOX ",\"image_id\":@null}]", "expected an id (a number or a string), found null"},
    {"[{" BOX ",\"image_id\":@[1]}]", "expected an id (a number or a string), found [1"},
    {"[{" BOX ",\"image_id\":@NaN}]", "expected an id (a number or a string), found NaN"},
    {"[{" BOX ",\"image_id\":@-Infinity}]",
     "expected an id (a number or a string), found -Infinity"},
    {"[{" BOX ",\"image_id\":@1e400}]", "within the range of a double, found 1e400"},
    {"[{" BOX ",\"image_id\":1,\"category_id\":@{}}]",
     "expected an id (a number or a string), found {"},
    {"[{\"image_id\":@2,\"category_id\":1," BOX ",\"score\":1}]",
     "1 detection belongs to images that the ground truth does not have: 2"},
    {"[{\"image_id\":@-1,\"category_id\":1," BOX ",\"score\":1}]", "does not have: -1"},
    {"[{\"image_id\":@1.5,\"category_id\":1," BOX ",\"score\":1}]", "does not have: 1.5"},
    {"[{\"image_id\":@\"1\",\"category_id\":1," BOX ",\"score\":1}]", "does not have: \"1\""},
    {"[{\"image_id\":@4294967297,\"category_id\":1," BOX ",\"score\":1}]",
     "does not have: 4294967297"},
    {"[{\"image_id\":@18446744073709551617,\"category_id\":1," BOX ",\"score\":1}]",
     "does not have: 18446744073709551617"},
    /* boxes */
    {"[{" WHERE "\"bbox\":@[0,0,3],\"score\":1}]", "expected 4 numbers, found 3"},
    {"[{" WHERE "\"bbox\":@[0,0,3,3,1],\"score\":1}]", "expected 4 numbers, found 5"},
    {"[{" WHERE "\"bbox\":[0,0,@\"3\",3],\"score\":1}]", "expected a number, found \"3\""},
    {"[{" WHERE "\"bbox\":[0,@null,3,3],\"score\":1}]", "expected a number, found null"},
    {"[{" WHERE "\"bbox\":[@[0,0,3,3]],\"score\":1}]", "expected a number, found [0"},
    {"[{" WHERE "\"bbox\":[0,0,3,@1e309],\"score\":1}]",
     "within the range of a double, found 1e309"},
    {"[{" WHERE "\"bbox\":@{\"x\":1},\"score\":1}]", "expected an array, found {\"x\":1"},
    {"[{" WHERE "\"bbox\":[0 @0 3 3],\"score\":1}]", "expected ',' or ']', found 0 3 3"},
    /* depth */
    {"[{\"x\":\2", "nested deeper than 1000 levels"},
    {"[{" WHERE "\"bbox\":\2", "nested deeper than 1000 levels"},
    {"[@\2", "expected a result (an object), found ["},
};

static const struct malformed mask_results[] = {
#define RLE(size, counts)                                                                          \
    "[{" WHERE "\"segmentation\":{\"size\":" size ",\"counts\":" counts "},\"score\":1}]"
    {"[{" WHERE "\"segmentation\":@[[0,0,0,3,3,3]],\"score\":1}]",
     "expected a compressed run-length code, found [[0"},
    {"[{" WHERE "\"segmentation\":@\"abc\",\"score\":1}]",
     "expected a compressed run-length code, found \"abc\""},
    {"[{" WHERE "\"segmentation\":@null,\"score\":1}]",
     "expected a compressed run-length code, found null"},
    {"[{" WHERE "\"segmentation\":@{\"counts\":\"0\"},\"score\":1}]", "member \"size\" is missing"},
    {"[{" WHERE "\"segmentation\":@{\"size\":[1,1]},\"score\":1}]", "member \"counts\" is missing"},
    {RLE("[10,10]", "@[50,50]"), "results need compressed counts, found a list"},
    {RLE("[10,10]", "@5"), "expected an array, found 5"},
    {RLE("[10,10]", "@null"), "expected an array, found null"},
    {RLE("@[10]", "\"0\""), "expected the size [height, width], found 1 numbers"},
    {RLE("@[10,10,3]", "\"0\""), "expected the size [height, width], found 3 numbers"},
    {RLE("@10", "\"0\""), "expected an array, found 10"},
    {RLE("[@-1,10]", "\"0\""), "expected a whole number from 0 to 4294967295, found -1"},
    {RLE("[@1.5,10]", "\"0\""), "expected a whole number from 0 to 4294967295, found 1.5"},
    {RLE("[@4294967296,1]", "\"0\""),
     "expected a whole number from 0 to 4294967295, found 4294967296"},
    {RLE("[@\"10\",10]", "\"0\""), "expected a number, found \"10\""},
    {RLE("[65536,65536]", "@\"0\""), "a mask of 65536 x 65536 pixels is too large"},
    {RLE("[4294967295,4294967295]", "@\"0\""), "is too large"},
    {RLE("[10,10]", "@\"T\""), "the counts of a mask have its end inside a number at character 1"},
    {RLE("[10,10]", "@\"05!\""),
     "a byte that is no part of a run-length code at character 2 ('!')"},
    {RLE("[10,10]", "@\"5p\""), "a byte that is no part of a run-length code at character 1 ('p')"},
    {RLE("[10,10]", "@\"\\u0001\""), "a byte that is no part of a run-length code at character 0"},
    {RLE("[10,10]", "@\"OOOO\""), "a negative run at character 0"},
    {RLE("[10,10]", "@\"oooooooooo0\""), "a number that is too long"},
    {RLE("[10,10]", "@\"ooooooo3\""), "a run beyond the mask at character 0"},
    {RLE("[10,10]", "@\"55\""), "the runs of a mask sum to 10 pixels, expected 10 x 10 = 100"},
    {RLE("[10,10]", "@\"T4T4\""), "the runs of a mask sum to "},
    {RLE("[10,10]", "@\"\""), "the runs of a mask sum to 0 pixels, expected 10 x 10 = 100"},
    {RLE("[0,0]", "@\"5\""), "the runs of a mask sum to 5 pixels, expected 0 x 0 = 0"},
    {"[{" WHERE "\"segmentation\":{\"size\":[1,1],\"counts\":\"01\",@\"counts\":\"01\"}}]",
     "member \"counts\" occurs twice"},
    {"[@{" WHERE "\"bbox\":[0,1e9,3,3],\"score\":1}]", "polygon point (0, 1e+09) is out of range"},
    {"[@{" WHERE "\"bbox\":[0,0,NaN,3],\"score\":1}]", "is out of range"},
    {"[{" WHERE BOX ",\"segmentation\":[@[1,2,3,4]],\"score\":1}]",
     "the first polygon has 4 numbers, expected more than 4"},
    {"[{" WHERE BOX ",\"segmentation\":@[],\"score\":1}]", "the segmentation is an empty list"},
    {"[{" WHERE BOX ",\"segmentation\":[@5],\"score\":1}]", "expected an array, found 5"},
};

static const struct malformed keypoint_results[] = {
    {"[{" WHERE "\"keypoints\":@[1,2,2],\"score\":1}]",
     "expected 51 numbers (x, y, v of 17 keypoints), found 3"},
    {"[{" WHERE "\"keypoints\":@[],\"score\":1}]", "found 0"},
    {"[{" WHERE "\"keypoints\":@null,\"score\":1}]", "expected an array, found null"},
    {"[{" WHERE "\"keypoints\":[1,@\"2\",2],\"score\":1}]", "expected a number, found \"2\""},
    {"[{" WHERE "\"keypoints\":[@[1,2,2]],\"score\":1}]", "expected a number, found [1"},
    {"[{" WHERE "\"keypoints\":[1,2,@2e999],\"score\":1}]", "range of a double, found 2e999"},
    {"[@{" WHERE BOX ",\"score\":1}]", "member \"keypoints\" is missing"},
};

static const struct malformed box_annotations[] = {
    {"@", "the file ends where an object was expected"},
    {"@[]", "expected an object, found ["},
    {"@5", "expected an object, found 5"},
    {"@\xef\xbb\xbf{}", "starts with a byte order mark"},
    {"@{" IMAGES "," CATEGORIES "}", "member \"annotations\" is missing"},
    {"@{" CATEGORIES ",\"annotations\":[]}", "member \"images\" is missing"},
    {"@{" IMAGES ",\"annotations\":[]}", "member \"categories\" is missing"},
    {"{" IMAGES ",@" IMAGES "," CATEGORIES ",\"annotations\":[]}",
     "member \"images\" occurs twice"},
    {"{\"images\":@null}", "expected an array, found null"},
    {"{\"images\":@{}}", "expected an array, found {"},
    {"{\"annotations\":@\"none\"}", "expected an array, found \"none\""},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[]}@}", "expected nothing more, found }"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[]@",
     "the file ends where ',' or '}' was expected"},
    {"{\"info\":\2", "nested deeper than 1000 levels"},
    {GT_IMAGE("@1"), "expected an object, found 1"},
    {GT_IMAGE("@{\"height\":1}"), "member \"id\" is missing"},
    {GT_IMAGE("{\"id\":@null}"), "expected an id (a number or a string), found null"},
    {GT_IMAGE("{\"id\":1,@\"id\":2}"), "member \"id\" occurs twice"},
    {"{\"categories\":[@{\"name\":\"cat\"}]}", "member \"id\" is missing"},
    {"{\"categories\":[{\"id\":1,\"name\":\"@\xff\"}]}", "invalid UTF-8 (byte 0xff)"},
    {"{\"annotations\":[@7]}", "expected an object, found 7"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{" WHERE BOX ",\"area\":9,\"iscrowd\":0}]}",
     "member \"id\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{\"id\":1,\"category_id\":1," BOX "}]}",
     "member \"image_id\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{\"id\":1,\"image_id\":1," BOX "}]}",
     "member \"category_id\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{" ANN "\"x\":1}]}",
     "member \"bbox\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{\"id\":1," WHERE BOX ",\"area\":9}]}",
     "member \"iscrowd\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{\"id\":1," WHERE BOX ",\"iscrowd\":0}]}",
     "member \"area\" is missing"},
    {GT("\"id\":1," WHERE BOX ",\"area\":9,\"iscrowd\":@\"no\""),
     "expected a number, found \"no\""},
    {GT("\"id\":1," WHERE BOX ",\"area\":9,\"iscrowd\":@null"), "expected a number, found null"},
    {GT("\"id\":1," WHERE BOX ",\"area\":9,\"iscrowd\":@256"), "expected 0 or 1, found 256"},
    {GT("\"id\":1," WHERE BOX ",\"area\":9,\"iscrowd\":@-1"), "expected 0 or 1, found -1"},
    {GT("\"id\":1," WHERE BOX ",\"iscrowd\":0,\"area\":@\"9\""), "expected a number, found \"9\""},
    {GT("\"id\":1," WHERE BOX ",\"iscrowd\":0,\"area\":@1e999"), "range of a double, found 1e999"},
    {GT("\"id\":@[],"), "expected an id (a number or a string), found ["},
    {GT(ANN "\"bbox\":@[1,2,3,4,5]"), "expected 4 numbers, found 5"},
    {GT(ANN "\"bbox\":[1,2,@true,4]"), "expected a number, found true"},
};

static const struct malformed mask_annotations[] = {
    {GT_IMAGE("@{\"id\":1,\"width\":10}"), "member \"height\" is missing"},
    {GT_IMAGE("@{\"id\":1,\"height\":10}"), "member \"width\" is missing"},
    {GT_IMAGE("{\"id\":1,\"height\":@-1,\"width\":10}"),
     "expected a whole number from 0 to 2147483647, found -1"},
    {GT_IMAGE("{\"id\":1,\"height\":@2147483648,\"width\":10}"),
     "expected a whole number from 0 to 2147483647, found 2147483648"},
    {GT_IMAGE("{\"id\":1,\"height\":10,\"width\":@0.5}"),
     "a whole number from 0 to 2147483647, found 0.5"},
    {GT_IMAGE("{\"id\":1,\"height\":@\"10\",\"width\":10}"), "expected a number, found \"10\""},
    {GT_IMAGE("@{\"id\":1,\"height\":65536,\"width\":65536}"),
     "an image of 65536 x 65536 pixels is too large for masks"},
    {GT(ANN "\"segmentation\":@null"),
     "expected a segmentation (polygons or a run-length code), found null"},
    {GT(ANN "\"segmentation\":@\"x\""), "found \"x\""},
    {GT(ANN "\"segmentation\":@[]"), "the segmentation is an empty list"},
    {GT(ANN "\"segmentation\":[@[]]"), "the first polygon has 0 numbers"},
    {GT(ANN "\"segmentation\":[@[0,0,3,3]]"), "the first polygon has 4 numbers"},
    {GT(ANN "\"segmentation\":[@1,2,3,4,5,6]"), "expected an array, found 1"},
    {GT(ANN "\"segmentation\":[[0,0,0,@\"3\",3,3]]"), "expected a number, found \"3\""},
    {GT(ANN "\"segmentation\":[@[0,0,0,3,1e10,3]]"), "polygon point (1e+10, 3) is out of range"},
    {GT(ANN "\"segmentation\":[[0,0,0,3,3,3],@[0,0,NaN,3]]"), "is out of range"},
    {GT(ANN "\"segmentation\":{\"size\":[10,10],\"counts\":@[50,49]}"),
     "the runs of a mask sum to 99 pixels, expected 10 x 10 = 100"},
    {GT(ANN "\"segmentation\":{\"size\":[10,10],\"counts\":[50,@-50]}"),
     "expected a whole number from 0 to 4294967295, found -50"},
    {GT(ANN "\"segmentation\":{\"size\":[10,10],\"counts\":[@4294967296,100]}"),
     "found 4294967296"},
    {GT(ANN "\"segmentation\":{\"size\":[10,10],\"counts\":@[4294967295,101]}"),
     "the runs of a mask sum to 4294967396 pixels"},
    {GT(ANN "\"segmentation\":{\"size\":[10,10],\"counts\":@\"55\"}"),
     "the runs of a mask sum to 10 pixels"},
    {GT(ANN "\"segmentation\":@{\"size\":[10,10]}"), "member \"counts\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{" ANN BOX "}]}",
     "member \"segmentation\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{" ANN "\"segmentation\":\2",
     "expected a number, found ["},
};

static const struct malformed keypoint_annotations[] = {
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{" ANN KP "\"x\":1}]}",
     "member \"keypoints\" is missing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[@{" ANN BOX "," POINTS "}]}",
     "member \"num_keypoints\" is missing"},
    {GT(ANN KP "\"keypoints\":@[1,2,2]"), "expected 51 numbers, found 3"},
    {GT(ANN KP "\"keypoints\":[@\"a\"]"), "expected a number, found \"a\""},
    {GT(ANN BOX ",\"num_keypoints\":@\"1\""), "expected a number, found \"1\""},
};

/* Input that only looks wrong. */
static const char *const accepted[] = {
    "[{" WHERE BOX ",\"score\":-0}]",
    "[{" WHERE BOX ",\"score\":1e-999}]",
    "[{" WHERE BOX ",\"score\":NaN}," GOOD "]",
    "[{" WHERE BOX ",\"score\":-Infinity}," GOOD "]",
    "[{\"image_id\":1.0,\"category_id\":1e0," BOX ",\"score\":1}]",
    "[{\"\\u0069mage_id\":1,\"category_id\":1," BOX ",\"score\":1}]",
    "[{" WHERE BOX ",\"score\":1,\"x\":1,\"x\":2}]",
    "[{" WHERE "\"bbox\":[-1,-0,0,-5e-324],\"score\":123456789012345678901234567890}]",
    " [ { \"image_id\" : 1 , \"category_id\" : 1 , \"bbox\" : [ 0 , 0 , 1 , 1 ] , \"score\" : 1 } "
    "]\r\n",
    "[{" WHERE BOX ",\"score\":1,\"x\":\"\xf0\x9f\x90\xb1 \\ud83d\"}]",
};

/* The text without its marks; returns where '@' was, -1 if nowhere. */
static int64_t expand(const char *text, struct sb_str *out)
{
    int64_t place = -1;
    for (const char *p = text; *p; p++) {
        if (*p == '@')
            place = (int64_t)out->length;
        else if (*p == '\1')
            sb_str_append(out, "", 1);
        else if (*p != '\2')
            sb_str_append(out, p, 1);
        else
            for (int i = 0; i < DEPTH; i++)
                sb_str_puts(out, "[");
    }
    assert_false(out->failed);
    return place;
}

static void write_pair(const char *gt, size_t gt_size, const char *dt, size_t dt_size)
{
    test_write("gt.json", gt, gt_size);
    test_write("dt.json", dt, dt_size);
}

static void evaluate(const char *type, int threads, struct test_run *run)
{
    char command[200];
    snprintf(command, sizeof(command),
             "spinebench eval coco gt.json dt.json --iou-type %s --threads %d", type, threads);
    test_run_shell(test_scratch(), command, run);
}

/* 1 when the case is not refused as it should be, which is told. */
static int check_case(const struct malformed *c, const char *type, bool is_gt, int threads)
{
    struct sb_str text = SB_STR_INIT;
    struct test_run run;
    char place[64];
    const int64_t offset = expand(c->text, &text);
    if (is_gt)
        write_pair(sb_str_text(&text), text.length, good_dt, strlen(good_dt));
    else
        write_pair(good_gt, strlen(good_gt), sb_str_text(&text), text.length);
    evaluate(type, threads, &run);
    snprintf(place, sizeof(place), "%s (byte %lld): ", is_gt ? "gt.json" : "dt.json",
             (long long)offset);
    if (offset < 0) /* deep inside of \2 */
        snprintf(place, sizeof(place), "%s (byte ", is_gt ? "gt.json" : "dt.json");
    const bool good = run.status == 2 && run.out.length == 0 &&
                      strstr(sb_str_text(&run.err), place) &&
                      strstr(sb_str_text(&run.err), c->message);
    if (!good)
        print_error("%s: %.200s: exit code %d, expected %s%s, got:\n%s", type, c->text, run.status,
                    place, c->message, sb_str_text(&run.err));
    test_run_release(&run);
    sb_str_release(&text);
    return !good;
}

#define CHECK_ALL(table, type, is_gt)                                                              \
    check_all(table, sizeof(table) / sizeof((table)[0]), type, is_gt)

static void check_all(const struct malformed *table, size_t count, const char *type, bool is_gt)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad += check_case(&table[i], type, is_gt, 1 + (int)(i % 2));
    assert_int_equal(bad, 0);
}

static void test_eval_malformed__box_results(void **state)
{
    (void)state;
    CHECK_ALL(box_results, "bbox", false);
}

static void test_eval_malformed__mask_results(void **state)
{
    (void)state;
    CHECK_ALL(mask_results, "segm", false);
}

static void test_eval_malformed__keypoint_results(void **state)
{
    (void)state;
    CHECK_ALL(keypoint_results, "keypoints", false);
}

static void test_eval_malformed__box_annotations(void **state)
{
    (void)state;
    CHECK_ALL(box_annotations, "bbox", true);
}

static void test_eval_malformed__mask_annotations(void **state)
{
    (void)state;
    CHECK_ALL(mask_annotations, "boundary", true);
}

static void test_eval_malformed__keypoint_annotations(void **state)
{
    (void)state;
    CHECK_ALL(keypoint_annotations, "keypoints", true);
}

static void test_eval_malformed__up_to_ten_unknown_images_are_named(void **state)
{
    (void)state;
    struct sb_str text = SB_STR_INIT;
    struct test_run run;
    for (int i = 0; i < 30; i++) /* each of 15 twice */
        sb_str_printf(&text, "%c{\"image_id\":%d,\"category_id\":1," BOX ",\"score\":1}",
                      i ? ',' : '[', 100 + i % 15);
    sb_str_puts(&text, "]");
    write_pair(good_gt, strlen(good_gt), sb_str_text(&text), text.length);
    evaluate("bbox", 2, &run);
    assert_int_equal(run.status, 2);
    test_assert_lines(
        "stderr",
        "spinebench eval coco: dt.json (byte 13): 30 detections belong to images that"
        " the ground truth does not have: 100, 101, 102, 103, 104, 105, 106, 107, 108,"
        " 109, ...\n"
        "hint: do the results belong to gt.json?\n",
        sb_str_text(&run.err));
    test_run_release(&run);
    sb_str_release(&text);
}

static void test_eval_malformed__what_only_looks_wrong_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        struct test_run run;
        write_pair(good_gt, strlen(good_gt), accepted[i], strlen(accepted[i]));
        evaluate("bbox", 2, &run);
        if (run.status != 0)
            fail_msg("%s: %s", accepted[i], sb_str_text(&run.err));
        test_run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval_malformed__box_results),
        cmocka_unit_test(test_eval_malformed__mask_results),
        cmocka_unit_test(test_eval_malformed__keypoint_results),
        cmocka_unit_test(test_eval_malformed__box_annotations),
        cmocka_unit_test(test_eval_malformed__mask_annotations),
        cmocka_unit_test(test_eval_malformed__keypoint_annotations),
        cmocka_unit_test(test_eval_malformed__up_to_ten_unknown_images_are_named),
        cmocka_unit_test(test_eval_malformed__what_only_looks_wrong_is_taken),
    };
    return cmocka_run_group_tests_name("cli/eval_malformed", tests, NULL, NULL);
}
