/* Every command as users call it: tests/cli/cases/NAME.sh (support_cases.h says how). With
 * arguments only those scripts: test_cli 'cli/cases/eval_*.sh'. */
#include "tests/cli/support_cases.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    static const char *const scripts[] = {"cli/cases/*.sh", NULL};
    return test_cases("cli", argc > 1 ? (const char *const *)(argv + 1) : scripts);
}
