/* reports/unit.c: units fit their values, digits round, text ignores the locale. */
#include "reports/unit.h"

#include "tests/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sb_error err;

static const struct {
    enum sb_quantity quantity;
    double largest;
    const char *symbol;
} choices[] = {
    {SB_QUANTITY_TIME, 0, "ns"},         {SB_QUANTITY_TIME, 999, "ns"},
    {SB_QUANTITY_TIME, 1000, "µs"},      {SB_QUANTITY_TIME, 812e6, "ms"},
    {SB_QUANTITY_TIME, 1e12, "s"},       {SB_QUANTITY_BYTES, 1023, "B"},
    {SB_QUANTITY_BYTES, 0x1p32, "GiB"},  {SB_QUANTITY_AMOUNT, 28.5e6, "M"},
    {SB_QUANTITY_AMOUNT, 1.885e12, "G"}, {SB_QUANTITY_TIME, 1.01e9, "ms"},
    {SB_QUANTITY_SHARE, 0.5, "%"},       {SB_QUANTITY_RATE, 1e3, "M"},
    {SB_QUANTITY_COUNT, 1e9, ""},        {SB_QUANTITY_ACCURACY, 0.428, ""},
};

static void test_unit__fits_the_largest_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        const struct sb_unit *u = sb_unit_choose(choices[i].quantity, choices[i].largest);
        assert_string_equal(u->symbol, choices[i].symbol);
    }
}

static void test_unit__is_found_by_symbol(void **state)
{
    (void)state;
    const struct sb_unit *u = NULL;
    assert_ok(sb_unit_find(SB_QUANTITY_TIME, "us", &u, &err), &err);
    assert_true(u->scale == 1e3);
    assert_int_equal(sb_unit_find(SB_QUANTITY_TIME, "MiB", &u, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "'ns', 'µs', 'ms', 's'");
}

static const struct {
    double value;
    int decimals;
    const char *text;
} numbers[] = {
    {12.3456, 2, "12.35"}, {12.3456, 0, "12"},        {1234.5, -2, "1200"}, {-0.001, 2, "0.00"},
    {-1.5, 1, "-1.5"},     {0, 3, "0.000"},           {5, -1, "10"},        {1e20, 1, "1.00e+20"},
    {0.125, 3, "0.125"},   {-1234567, 0, "-1234567"},
};

static void check_numbers(void)
{
    char text[SB_NUMBER_SIZE];
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sb_number_text(numbers[i].value, numbers[i].decimals, text);
        assert_string_equal(text, numbers[i].text);
    }
    sb_exact_text(28.543383, text);
    assert_string_equal(text, "28.543383");
    sb_exact_text(85489671514, text);
    assert_string_equal(text, "85489671514");
    sb_round_trip_text(0.1, text);
    assert_string_equal(text, "0.1");
    sb_round_trip_text(0.8999999999999998, text); /* 15 digits would be 0.9 */
    assert_string_equal(text, "0.8999999999999998");
    sb_round_trip_text(0.1 + 0.2, text);
    assert_string_equal(text, "0.30000000000000004");
    sb_exponent_text(1.234e-9, text);
    assert_string_equal(text, "1.23e-09");
}

static void test_number__rounds_and_shows_no_minus_zero(void **state)
{
    (void)state;
    check_numbers();
}

static void test_number__ignores_the_locale(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof(command), "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8'",
             test_scratch());
    setenv("LOCPATH", test_scratch(), 1);
    if (system(command) != 0 || !setlocale(LC_ALL, "de_DE.UTF-8")) {
        print_message("no locale with a decimal comma: localedef cannot make one\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    check_numbers();
    setlocale(LC_ALL, "C");
}

static void test_number__shows_significant_digits(void **state)
{
    (void)state;
    assert_int_equal(sb_significant_decimals(0, 4), 0);
    assert_int_equal(sb_significant_decimals(85.4, 4), 2);
    assert_int_equal(sb_significant_decimals(1234.5, 4), 0);
    assert_int_equal(sb_significant_decimals(0.0123, 2), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit__fits_the_largest_value),
        cmocka_unit_test(test_unit__is_found_by_symbol),
        cmocka_unit_test(test_number__rounds_and_shows_no_minus_zero),
        cmocka_unit_test(test_number__ignores_the_locale),
        cmocka_unit_test(test_number__shows_significant_digits),
    };
    return cmocka_run_group_tests_name("reports/unit", tests, NULL, NULL);
}
