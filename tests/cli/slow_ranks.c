/* Commands over several ranks, under each MPI library that is installed: tests/cli/ranks/NAME.sh.
 */
#include "tests/cli/support_cases.h"

#include <stddef.h>

int main(void)
{
    static const char *const scripts[] = {"cli/ranks/*.sh", NULL};
    return test_cases("ranks", scripts);
}
