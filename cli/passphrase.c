#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/vault.h"

/* --- from a file --- */

/* Its first line. */
static enum kad_err from_file(const char *path, struct kad_buf *ret, struct kad_error *reterr)
{
    char bytes[KAD_LIMIT_PASSPHRASE + 2];
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 0, got = 0;
    while (fd >= 0 && n < (ssize_t)sizeof bytes &&
           (got = read(fd, bytes + n, sizeof bytes - (size_t)n)) > 0)
        n += got;
    int failed = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0 || got < 0)
        return kad_fail(reterr, KAD_ESTORE, _("The passphrase's file %s cannot be read: %s."), path,
                        kad_why(failed));
    const char *end = n > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;
    size_t line = end ? (size_t)(end - bytes) : (size_t)n;
    kad_buf_put(ret, bytes, line > 0 && bytes[line - 1] == '\r' ? line - 1 : line);
    sodium_memzero(bytes, sizeof bytes);
    return KAD_OK;
}

/* --- at the terminal --- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* One line, one byte at a time: what is typed ahead belongs to whoever reads next. */
static bool read_line(int fd, struct kad_buf *ret)
{
    char c;
    ssize_t n = 0;
    while (!interrupted && ret->n <= KAD_LIMIT_PASSPHRASE && (n = read(fd, &c, 1)) == 1 && c != '\n')
        kad_buf_putc(ret, c);
    return !interrupted && n == 1;
}

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        errno = 0; /* nobody there: reading will show it */
}

/* Echo is off for the time of the question, and on again also when it is broken off. */
static bool ask_hidden(int fd, const char *question, struct kad_buf *ret)
{
    struct termios was, quiet;
    struct sigaction sa = {.sa_handler = on_interrupt}, old;
    if (tcgetattr(fd, &was) != 0)
        return false;
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    interrupted = 0;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, &old);
    say(fd, question);
    tcsetattr(fd, TCSAFLUSH, &quiet);
    bool good = read_line(fd, ret);
    tcsetattr(fd, TCSAFLUSH, &was);
    say(fd, "\n");
    sigaction(SIGINT, &old, NULL);
    if (interrupted)
        raise(SIGINT); /* as it would have been without us */
    return good;
}

static enum kad_err at_terminal(enum kad_passphrase_ask ask, int fd, struct kad_buf *ret,
                                struct kad_error *reterr)
{
    const char *question = ask == KAD_ASK_NEW     ? _("New passphrase for the private fields: ")
                           : ask == KAD_ASK_AGAIN ? _("That was not it. Passphrase: ")
                                                  : _("Passphrase for the private fields: ");
    bool good = ask_hidden(fd, question, ret);
    if (good && ask == KAD_ASK_NEW) {
        struct kad_buf again = {0};
        good = ask_hidden(fd, _("The same again: "), &again);
        bool same = again.n == ret->n && (ret->n == 0 || sodium_memcmp(again.p, ret->p, ret->n) == 0);
        if (again.p)
            sodium_memzero(again.p, again.cap);
        kad_buf_done(&again);
        if (good && !same)
            return kad_fail(reterr, KAD_ESTORE, _("The two passphrases differ."));
    }
    return good ? KAD_OK : kad_fail(reterr, KAD_ESTORE, _("No passphrase was given."));
}

/* --- which of the two --- */

static enum kad_err asked(void *ctx, enum kad_passphrase_ask ask, struct kad_buf *ret,
                          struct kad_error *reterr)
{
    const struct kad_cli *c = ctx;
    /* A new one is in the same file only when the ledger is being made. */
    enum kad_opt_id file = ask == KAD_ASK_NEW && !c->opt[KAD_O_PASSPHRASE]
                               ? KAD_O_NEW_PASSPHRASE_FILE
                               : KAD_O_PASSPHRASE_FILE;
    const char *path = c->opt[file];
    if (path && ask == KAD_ASK_AGAIN)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The passphrase in %s is not that of this ledger's vault."), path);
    if (path)
        return from_file(path, ret, reterr);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && ask == KAD_ASK_NEW)
        return kad_fail(reterr, KAD_ESTORE,
                        _("A new passphrase is needed, and there is no terminal to ask for it at. "
                          "kadens erase takes it from --new-passphrase-file."));
    if (fd < 0)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault is locked with a passphrase, and there is no terminal to ask for "
                          "it at. --passphrase-file names a file that holds it."));
    enum kad_err err = at_terminal(ask, fd, ret, reterr);
    close(fd);
    return err;
}

static void tell(void *ctx, const char *sentence)
{
    (void)ctx;
    kad_tell("%s", sentence);
}

void kad_passphrase_use(struct kad_cli *c)
{
    struct kad_vault_access access = {.passphrase = asked, .tell = tell, .ctx = c};
    kad_vault_set_access(&access);
}
