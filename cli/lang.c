#include "cli/lang.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif

/* "sv" or "en": --lang, else the environment's; what is neither is sv. */
static const char *choose_language(int argc, char **argv)
{
    const char *lang = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            lang = argv[i] + 7;
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            lang = argv[i + 1];
    }
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; !lang && i < sizeof names / sizeof *names; i++) {
        const char *env = getenv(names[i]);
        if (env && *env)
            lang = env;
    }
    return lang && strncmp(lang, "en", 2) == 0 && !(lang[2] >= 'a' && lang[2] <= 'z') ? "en" : "sv";
}

/* The translations lie in locale/ beside the program as built, else where they were installed. */
static void bind_messages(void)
{
    static char beside[4200];
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *dir = LOCALEDIR;
    if (n > 0) {
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        if (slash) {
            *slash = '\0';
            char catalog[4300];
            struct stat st;
            snprintf(beside, sizeof beside, "%s/locale", self);
            snprintf(catalog, sizeof catalog, "%s/sv/LC_MESSAGES/kadens.mo", beside);
            if (stat(catalog, &st) == 0)
                dir = beside;
        }
    }
    bindtextdomain("kadens", dir);
    bind_textdomain_codeset("kadens", "UTF-8");
    textdomain("kadens");
}

void kad_lang_set(int argc, char **argv)
{
    /* A bare machine has no Swedish locale: C.UTF-8 gives the characters, LANGUAGE the words. */
    const char *lang = choose_language(argc, argv);
    setenv("LANGUAGE", lang, 1);
    if (!setlocale(LC_ALL, "C.UTF-8"))
        setlocale(LC_ALL, "C.utf8");
    setlocale(LC_NUMERIC, "C");
    bind_messages();
    kad_text_set_lang(lang);
}
