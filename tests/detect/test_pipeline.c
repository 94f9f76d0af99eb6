/* spinebench detect over many images as a user runs it: results do not depend on threads, shards or
 * kills; broken images; refusals. */
#include "tests/test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "datasets/image.h"
#include "tests/golden_case.h"
#include "tests/runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGES 12
#define DETECT                                                                                     \
    "spinebench detect \"$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49/model.json\" "  \
    "--weights \"$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49/model.ckpt\" -q "
#define SET "--annotations gt.json --images . "

/* Coloured discs on a gradient, a different size and picture for each index. */
static void write_picture(const char *dir, int index)
{
    struct sb_error err;
    struct sb_image image;
    struct sb_rng rng = sb_rng_seed((uint64_t)index);
    char name[32];
    assert_ok(sb_image_create(&image, 90 + 7 * index, 150 - 6 * index, &err), &err);
    for (int i = 0; i < image.width * image.height * 3; i++)
        image.pixels[i] = (uint8_t)(i / image.width % 200);
    for (int disc = 0; disc < 6; disc++) {
        const int cx = (int)sb_rng_below(&rng, (uint32_t)image.width);
        const int cy = (int)sb_rng_below(&rng, (uint32_t)image.height);
        const int radius = 5 + (int)sb_rng_below(&rng, 40), level = (int)sb_rng_below(&rng, 256);
        for (int y = 0; y < image.height; y++)
            for (int x = 0; x < image.width; x++)
                if ((x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius)
                    image.pixels[(y * image.width + x) * 3 + disc % 3] = (uint8_t)level;
    }
    snprintf(name, sizeof(name), "%d.png", 100 + index);
    char *const path = sb_path_join(dir, name);
    assert_ok(sb_image_save_png(&image, path, &err), &err);
    sb_free(path);
    sb_image_release(&image);
}

/* A fresh folder with IMAGES pictures and gt.json that lists them, not in the order of their ids.
 */
static void make_set(char dir[1024])
{
    snprintf(dir, 1024, "%s", test_fresh_dir());
    struct sb_str text = SB_STR_INIT;
    struct sb_error err;
    sb_str_puts(&text, "{\"categories\": [{\"id\": 1, \"name\": \"disc\"}], \"images\": [");
    for (int i = 0; i < IMAGES; i++) {
        const int index = i * 5 % IMAGES;
        write_picture(dir, index);
        sb_str_printf(&text, "%s{\"id\": %d, \"file_name\": \"%d.png\"}", i ? ", " : "",
                      100 + index, 100 + index);
    }
    sb_str_puts(&text, "]}");
    char *const path = sb_path_join(dir, "gt.json");
    assert_ok(sb_write_file(path, text.data, text.length, &err), &err);
    sb_free(path);
    sb_str_release(&text);
}

/* Runs a command; its output must match the pattern where one is given. */
static void shell(const char *dir, const char *command, int status, const char *err_pattern)
{
    struct test_run run;
    test_run_shell(dir, command, &run);
    if (run.status != status)
        fail_msg("exit code %d instead of %d: %s\n%s%s", run.status, status, command,
                 sb_str_text(&run.out), sb_str_text(&run.err));
    if (err_pattern)
        test_assert_lines(command, err_pattern, sb_str_text(&run.err));
    test_run_release(&run);
}

static void test_detect__gives_the_same_bytes_however_it_runs(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, DETECT SET "-o whole.json", 0, NULL);
    shell(dir, "test $(grep -c image_id whole.json) -gt 50; test ! -e whole.json.journal", 0, NULL);
    shell(dir, DETECT SET "-o again.json -t 1; cmp whole.json again.json", 0, "");
    shell(dir, DETECT SET "-o again.json -t 3 --draw out; cmp whole.json again.json", 0, "");
    shell(dir, "test $(ls out | wc -l) = 12", 0, "");
    shell(dir,
          "for i in 1 2 3 4 5; do " DETECT SET "-o s$i.json --shard $i/5; done\n"
          "spinebench detect --merge -o merged.json s1.json s2.json s3.json s4.json s5.json\n"
          "cmp whole.json merged.json",
          0, "");
    shell(dir,
          DETECT "-o files.json $(tr -d ' \"' <gt.json | tr ',{}' '\\n\\n\\n' | "
                 "sed -n 's/file_name://p')\n cmp whole.json files.json",
          0, "");
    shell(dir,
          DETECT SET "-o head.json --max-images 3; test $(grep -o 'image_id\":[0-9]*' "
                     "head.json | uniq | wc -l) -le 3",
          0, "");
}

/* Kills the run after a while, again and again, and resumes it each time. */
static void test_detect__resumes_after_kills(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, DETECT SET "-o whole.json", 0, NULL);
    shell(dir,
          "delay=0.02\n"
          "for round in 1 2 3 4 5 6 7 8; do\n"
          "    " DETECT SET "-o killed.json --draw out --resume & pid=$!\n"
          "    sleep $delay; kill -9 $pid 2>/dev/null || :; wait $pid 2>/dev/null || :\n"
          "    delay=0.1$round\n"
          "done\n" DETECT SET "-o killed.json --draw out --resume\n"
          "cmp whole.json killed.json; test ! -e killed.json.journal\n"
          "test $(ls out/*.png | wc -l) = 12",
          0, NULL);
}

/* A result that a bad disk changed within the journal: said, and done again. 104 comes ninth. */
static void test_detect__resumes_after_damage(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, DETECT SET "-o whole.json; mv 104.png away", 0, NULL);
    shell(dir, DETECT SET "-o d.json", 2, "...\n");
    shell(dir, "mv away 104.png; sed -i '3s/score/scorf/' d.json.journal", 0, "");
    shell(dir, DETECT SET "-o d.json --resume >out; grep '12 images (7 from before)' out", 0,
          "spinebench detect: note: d.json.journal:2: damaged; what was lost here is done again\n");
    shell(dir, "cmp d.json whole.json", 0, "");
}

static void test_detect__resume_refuses_other_settings(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, "mv 105.png 105.sav; echo no image >105.png", 0, NULL);
    shell(dir, DETECT SET "-o d.json", 2, "...\n");
    shell(dir, DETECT SET "-o d.json --resume --score-threshold 0.5", 2,
          "spinebench detect: d.json.journal: is the journal of a run with other settings: *\n"
          "hint: give the same options, or leave out --resume to start over\n");
    shell(dir, "sed '1s/exif/exit/' d.json.journal >other; cp d.json.journal own", 0, NULL);
    shell(dir, "mv other d.json.journal; " DETECT SET "-o d.json --resume", 2,
          "spinebench detect: d.json.journal:1: damaged: the settings do not have their checksum\n"
          "hint: leave out --resume to start over\n");
    shell(dir, "mv own d.json.journal; mv 105.sav 105.png", 0, NULL);
    shell(dir, DETECT SET "-o d.json --resume; " DETECT SET "-o whole.json; cmp d.json whole.json",
          0, "");
}

/* In the list 105 comes second. */
static void test_detect__stops_at_a_broken_image(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, DETECT SET "-o first.json --max-images 1", 0, NULL);
    shell(dir, "head -c 700 105.png >cut; mv cut 105.png", 0, NULL);
    shell(dir, DETECT SET "-o d.json", 2,
          "spinebench detect: ./105.png (byte 700): broken PNG: *\n"
          "hint: the 1 image before it is in d.json; --resume goes on from there; --skip-broken "
          "leaves broken images out\n");
    shell(dir, "cmp first.json d.json; test -e d.json.journal", 0, "");
    shell(dir, "rm 107.png", 0, NULL);
    shell(dir, DETECT SET "-o skipped.json --skip-broken >out; grep -q ', 2 broken' out", 0,
          "spinebench detect: skipped: ./105.png (byte 700): broken PNG: *\n"
          "spinebench detect: skipped: ./107.png: cannot open: No such file or directory\n");
    shell(dir,
          "! grep -q 'image_id\":10[57],' skipped.json; grep -q 'image_id\":109,' skipped.json", 0,
          "");
    shell(dir, DETECT SET "-o d.json --resume --skip-broken; cmp d.json skipped.json", 0, NULL);
    shell(dir, "rm 109.png", 0, NULL);
    shell(dir, DETECT SET "-o less.json --skip-broken >out", 0,
          "spinebench detect: 2 of * images are missing: ./10*.png, ./10*.png\n"
          "spinebench detect: skipped: ./105.png*\n"
          "spinebench detect: skipped: ./10*\n"
          "spinebench detect: skipped: ./10*\n");
}

static void test_detect__first_image_broken_writes_nothing(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, "echo no image >100.png", 0, NULL);
    shell(dir, DETECT SET "-o d.json", 2,
          "spinebench detect: ./100.png (byte 0): neither JPEG nor PNG: the file starts with "
          "\"no image\"\nhint: *\n");
    shell(dir, "test ! -e d.json; test ! -e d.json.journal", 0, "");
}

static void test_detect__json_summary_counts(void **state)
{
    (void)state;
    struct sb_error err;
    struct test_run run;
    int64_t images = 0, broken = -1, resumed = -1, detections = 0;
    char dir[1024];
    make_set(dir);
    test_run_shell(dir, DETECT SET "-o d.json --json", &run);
    assert_int_equal(run.status, 0);
    cJSON *doc = NULL;
    assert_ok(sb_json_parse(run.out.data, run.out.length, "summary", &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, "summary");
    assert_ok(sb_json_get_int(&root, "images", 0, 1000, &images, &err), &err);
    assert_ok(sb_json_get_int(&root, "broken", 0, 1000, &broken, &err), &err);
    assert_ok(sb_json_get_int(&root, "resumed", 0, 1000, &resumed, &err), &err);
    assert_ok(sb_json_get_int(&root, "detections", 0, 100000, &detections, &err), &err);
    assert_int_equal(images, IMAGES);
    assert_int_equal(broken, 0);
    assert_int_equal(resumed, 0);
    assert_true(detections > 50);
    cJSON_Delete(doc);
    test_run_release(&run);
}

static void test_detect__refuses_with_exit_code_2(void **state)
{
    (void)state;
    static const struct {
        const char *options, *message;
    } cases[] = {
        {"", "*-o FILE is missing*"},
        {"-o d.json", "*no images: give IMAGE files*"},
        {"-o d.json --annotations gt.json", "*--annotations means nothing without --images*"},
        {"-o d.json " SET "100.png", "*IMAGE arguments beside --annotations*"},
        {"-o d.json " SET "--weights-seed 1", "*exclude each other*"},
        {"-o d.json --annotations absent.json --images .", "*absent.json: cannot open*"},
        {"-o d.json " SET "--size 0", "*--size*from 1*"},
        {"-o d.json " SET "--shard 3/2", "*shard '3/2'*"},
        {"-o d.json " SET "--engine none", "*none*"},
        {"-o absent/d.json " SET, "*absent/d.json: cannot create*"},
        {"-o d.json " SET "--score-threshold 2", "*score-threshold*"},
    };
    char dir[1024];
    make_set(dir);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char command[1024], pattern[256];
        snprintf(command, sizeof(command), DETECT "%s", cases[i].options);
        snprintf(pattern, sizeof(pattern), "%s\n...\n", cases[i].message);
        shell(dir, command, 2, pattern);
    }
    shell(dir, "test ! -e d.json; test ! -e d.json.journal", 0, "");
}

/* Peak resident memory of a command in kB; it must succeed. */
static long peak_of(const char *dir, const char *command)
{
    struct rusage usage;
    struct test_run run;
    int status = -1;
    test_run_shell(dir, "command -v spinebench", &run); /* where the runner's PATH finds it */
    run.out.data[strcspn(run.out.data, "\n")] = '\0';
    const pid_t pid = fork();
    if (pid == 0) {
        if (chdir(dir) == 0 && setenv("PROGRAM", run.out.data, 1) == 0)
            execl("/bin/sh", "sh", "-eu", "-c", command, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(wait4(pid, &status, 0, &usage), pid);
    assert_int_equal(status, 0);
    test_run_release(&run);
    return usage.ru_maxrss;
}

/* 480 images take no more than 12 do, up to what allocators vary by. */
static void test_detect__memory_does_not_grow_with_images(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    const char *const few =
        "exec \"$PROGRAM\" detect tiny-retinanet-resnet-fpn -q -o few.json *.png "
        ">few.txt";
    const char *const many =
        "i=0; set --; while [ $i -lt 40 ]; do set -- \"$@\" *.png; i=$((i + 1)); done; "
        "exec \"$PROGRAM\" detect tiny-retinanet-resnet-fpn -q -o many.json \"$@\" >many.txt";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* freed memory is kept for a while, to find its use */
#endif
    const long first = peak_of(dir, few), second = peak_of(dir, many);
    if (second > first + 3000)
        fail_msg("peak of %ld kB for 12 images, of %ld kB for 480", first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect__gives_the_same_bytes_however_it_runs),
        cmocka_unit_test(test_detect__resumes_after_kills),
        cmocka_unit_test(test_detect__resumes_after_damage),
        cmocka_unit_test(test_detect__resume_refuses_other_settings),
        cmocka_unit_test(test_detect__stops_at_a_broken_image),
        cmocka_unit_test(test_detect__first_image_broken_writes_nothing),
        cmocka_unit_test(test_detect__json_summary_counts),
        cmocka_unit_test(test_detect__memory_does_not_grow_with_images),
        cmocka_unit_test(test_detect__refuses_with_exit_code_2),
    };
    return cmocka_run_group_tests_name("detect/pipeline", tests, NULL, NULL);
}
