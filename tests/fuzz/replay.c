/* Plays a target's corpus, each file one test. Files named on the command line are played instead
 * of it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define FILE_MAX (1 << 20)

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int play(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0 || st.st_size > FILE_MAX) {
        if (f)
            fclose(f);
        return -1;
    }
    /* Memory of exactly that size, so that a read beyond it is seen. */
    size_t n = (size_t)st.st_size;
    uint8_t *data = malloc(n ? n : 1);
    int bad = !data || fread(data, 1, n, f) != n;
    if (!bad)
        LLVMFuzzerTestOneInput(data, n);
    free(data);
    fclose(f);
    return bad ? -1 : 0;
}

static int report(int number, const char *name, int bad)
{
    printf("%sok %d - %s\n", bad ? "not " : "", number, name);
    fflush(stdout);
    return bad != 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1) {
        printf("1..%d\n", argc - 1);
        for (int i = 1; i < argc; i++)
            failed += report(i, argv[i], play(argv[i]));
        return failed != 0;
    }
    char dir[4096], path[4400];
    struct dirent **list;
    const char *data = getenv("KAD_DATA");
    snprintf(dir, sizeof dir, "%s/fuzz/corpus/%s", data ? data : "tests", kad_fuzz_name);
    int n = scandir(dir, &list, not_hidden, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - there is no corpus in %s\n", dir);
        return 1;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, list[i]->d_name);
        failed += report(i + 1, list[i]->d_name, play(path));
        free(list[i]);
    }
    free(list);
    return failed != 0;
}
