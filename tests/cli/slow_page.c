/* The page in headless Chromium: tests/cli/page/NAME.sh (support_cases.h says how). Skipped where
 * Chromium is not installed. */
#include "tests/cli/support_cases.h"

#include <stddef.h>

int main(void)
{
    static const char *const scripts[] = {"cli/page/*.sh", NULL};
    return test_cases("page", scripts);
}
