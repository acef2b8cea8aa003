/* Prints docs/errors.md: `make errors`. Not part of the program. */
#include <stdio.h>

#include "dsl/help.h"

int main(void)
{
    struct kad_buf b = {0};
    kad_code_put_page(&b);
    bool good = fputs(kad_buf_str(&b), stdout) >= 0 && fflush(stdout) == 0;
    kad_buf_done(&b);
    return good ? 0 : 1;
}
