/* The day's checkpoint as a file in a folder that somebody else copies away from. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/service.h"
#include "core/checkpoint.h"
#include "core/files.h"

#define ENDING ".checkpoint"
#define NAME_LENGTH (32 + 1 + 10 + sizeof ENDING - 1) /* ID-DATE.checkpoint */

static bool is_ours(const char *name, const char *id)
{
    return strlen(name) == NAME_LENGTH && strncmp(name, id, 32) == 0 && name[32] == '-' &&
           strcmp(name + NAME_LENGTH - (sizeof ENDING - 1), ENDING) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names begin with the same id and go on with a date, so the order of names is that of days. */
static void prune(const struct kad_handout *h, const char *id)
{
    struct kad_arena a;
    kad_vec(char *) names = {0};
    DIR *d = h->keep ? opendir(h->folder) : NULL;
    if (!d)
        return;
    kad_arena_init(&a);
    for (const struct dirent *e; (e = readdir(d));)
        if (is_ours(e->d_name, id))
            kad_vec_push(&a, &names, kad_arena_strdup(&a, e->d_name));
    closedir(d);
    if (names.n > h->keep) {
        qsort(names.v, names.n, sizeof *names.v, by_name);
        for (size_t i = 0; i < names.n - h->keep; i++) {
            char *path = kad_path_join(h->folder, names.v[i]);
            if (unlink(path) != 0)
                kad_service_log(KAD_LOG_WARN, "checkpoint not_removed errno=%d", errno);
            free(path);
        }
    }
    kad_arena_done(&a);
}

enum kad_err kad_handout_make(struct kad_ledger *l, const struct kad_handout *h, kad_day day,
                              uint64_t *ret_size, struct kad_error *reterr)
{
    struct kad_buf note = {0}, name = {0};
    struct kad_signed_note signed_note;
    struct kad_checkpoint c;
    const char *id = kad_ledger_info(l)->id;
    char date[KAD_DAY_TEXT];
    bool fresh;
    enum kad_err err = kad_checkpoint_take(l, NULL, NULL, &note, &fresh, reterr);
    if (err == KAD_OK) {
        kad_buf_printf(&name, "%s-%s" ENDING, id, kad_day_text(day, date));
        char *path = kad_path_join(h->folder, name.p);
        int failed = kad_file_put(path, (struct kad_str){note.p, note.n}, 0644);
        if (failed != 0)
            err = kad_fail(reterr, KAD_EINPUT, _("The checkpoint cannot be put into %s: %s."),
                           h->folder, kad_why(failed));
        free(path);
    }
    if (err == KAD_OK) {
        bool read = kad_note_parse((struct kad_str){note.p, note.n}, &signed_note) &&
                    kad_checkpoint_parse(signed_note.text, &c);
        kad_assert(read); /* it was written or checked a moment ago */
        *ret_size = c.size;
        prune(h, id);
    }
    kad_buf_done(&note);
    kad_buf_done(&name);
    return err;
}
