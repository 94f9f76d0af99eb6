/* Every command as users call it: tests/cli/cases/NAME.sh (support_cases.h says how). */
#include "tests/cli/support_cases.h"

#include <stddef.h>

int main(void)
{
    static const char *const scripts[] = {"cli/cases/*.sh", NULL};
    return test_cases("cli", scripts);
}
