#include "cli/program.h"

static const char *program = "kadens";

void kad_program_set(const char *argv0)
{
    if (argv0 && strchr(argv0, '/') && kad_utf8_valid(kad_str(argv0), NULL))
        program = argv0;
}

static bool begins_command(struct kad_str s, size_t i)
{
    static const char name[] = "kadens ";
    size_t n = sizeof name - 1;
    if (s.n - i <= n || memcmp(s.p + i, name, n) != 0)
        return false;
    char before = i ? s.p[i - 1] : ' ', after = s.p[i + n];
    bool word = (before >= 'a' && before <= 'z') || before == '/' || before == '_';
    return !word && after >= 'a' && after <= 'z';
}

void kad_program_put(struct kad_buf *b, struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!begins_command(s, i)) {
            kad_buf_putc(b, s.p[i]);
            continue;
        }
        kad_text_put_safe(b, kad_str(program));
        i += strlen("kadens") - 1;
    }
}
