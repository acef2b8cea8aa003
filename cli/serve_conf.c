#include "cli/serve_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/mime.h"
#include "cli/transfer.h"

#define FILE_MOST (256u << 10)
#define SECRET_MOST 4096
#define PERSON_MOST 90 /* bytes: its cursor is called "mail/PERSON" */

static const char *const section_words[KAD_SECTION__COUNT] = {
#define X(name, word) word,
    KAD_SECTION_MAP(X)
#undef X
};

enum form { PATH, FOLDER, URL, SERVER, WORD, ADDRESS, NUMBER, TIME, SECURITY, FROM };
#define IN(name) (1u << KAD_SECTION_##name)
enum { REQUIRED = 1 };

/* Every key there is. `low` is also what a number is when it is not said, in `otherwise`. */
static const struct key {
    const char *name;
    unsigned sections;
    enum form form;
    int required;
    size_t at;
    int64_t low, high, otherwise;
} keys[] = {
#define AT(field) offsetof(struct kad_section, field)
    {"folder", IN(SPOOL) | IN(CALENDAR) | IN(CHECKPOINT), FOLDER, REQUIRED, AT(folder), 0, 0, 0},
    {"most", IN(SPOOL), NUMBER, 0, AT(most), 1, 1000000, 10000},
    {"ahead", IN(CALENDAR), NUMBER, 0, AT(ahead), 0, 366, 31},
    {"keep", IN(CALENDAR) | IN(CHECKPOINT), NUMBER, 0, AT(keep), 0, 366, 30},
    {"url", IN(WEBHOOK), URL, REQUIRED, AT(url), 0, 0, 0},
    {"secret", IN(WEBHOOK), PATH, REQUIRED, AT(secret), 0, 0, 0},
    {"ca", IN(WEBHOOK) | IN(MAIL), PATH, 0, AT(ca), 0, 0, 0},
    {"timeout", IN(WEBHOOK) | IN(MAIL), NUMBER, 0, AT(timeout), 1, 600, 30},
    {"from", IN(STREAM) | IN(SPOOL) | IN(WEBHOOK), FROM, 0, AT(start), 0, 0, 0},
    {"server", IN(MAIL), SERVER, REQUIRED, AT(server), 0, 0, 0},
    {"security", IN(MAIL), SECURITY, 0, AT(security), 0, 0, KAD_MAIL_STARTTLS},
    {"user", IN(MAIL), WORD, 0, AT(user), 0, 0, 0},
    {"password", IN(MAIL), PATH, 0, AT(password), 0, 0, 0},
    {"sender", IN(MAIL), ADDRESS, REQUIRED, AT(from), 0, 0, 0},
    {"reply-to", IN(MAIL), ADDRESS, 0, AT(reply_to), 0, 0, 0},
    {"addresses", IN(MAIL), PATH, REQUIRED, AT(addresses), 0, 0, 0},
    {"at", IN(MAIL) | IN(CHECKPOINT), TIME, 0, AT(at), 0, 0, 6 * 60 + 30},
#undef AT
};
#define N_KEYS (sizeof keys / sizeof *keys)

struct reader {
    struct kad_serve_conf *c;
    const char *path;
    int line;
    void (*tell)(void *ctx, const char *mistake);
    void *ctx;
    size_t mistakes;
    struct kad_section *section; /* the open one; NULL: none, or one that is not understood */
    bool lost;                   /* behind a section line that is not understood */
    uint64_t said;               /* bits: which keys the section has */
};

static void KAD_PRINTF(2, 3) mistake(struct reader *r, const char *fmt, ...)
{
    struct kad_buf b = {0}, safe = {0};
    va_list ap;
    kad_buf_printf(&b, "%s:%d: ", r->path, r->line);
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    kad_text_put_safe(&safe, (struct kad_str){b.p, b.n});
    if (r->mistakes++ < KAD_LIMIT_DIAGS)
        r->tell(r->ctx, kad_buf_str(&safe));
    kad_buf_done(&b);
    kad_buf_done(&safe);
}

static struct kad_str trim(struct kad_str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (struct kad_str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static const char *copy(struct reader *r, struct kad_str s)
{
    return kad_arena_strndup(&r->c->arena, s.p, s.n);
}

/* --- values --- */

static bool has_blank(struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool begins(struct kad_str s, const char *with)
{
    size_t n = strlen(with);
    return s.n > n && memcmp(s.p, with, n) == 0;
}

/* https, or http to this very machine: what is told goes over no wire in the clear. */
static bool good_url(struct reader *r, struct kad_str v)
{
    bool https = begins(v, "https://"), http = begins(v, "http://");
    struct kad_str rest = {v.p + (https ? 8 : 7), v.n - (https ? 8 : 7)};
    size_t host = 0;
    while ((https || http) && host < rest.n && !strchr("/?#", rest.p[host]))
        host++;
    if ((!https && !http) || host == 0 || has_blank(v) || memchr(rest.p, '@', host))
        mistake(r, _("“url” is an address that begins with https://, without a user in it."));
    else if (http && !kad_host_is_here(rest.p, host))
        mistake(r, _("“url” must begin with https:// unless it is on this machine (localhost)."));
    else
        return true;
    return false;
}

static bool good_server(struct reader *r, struct kad_str v)
{
    size_t i = 0;
    unsigned long port = 0;
    bool six = v.p[0] == '[';
    while (i < v.n && (six || v.p[i] != ':') && (!i || v.p[i - 1] != ']')) {
        char c = v.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              strchr(six ? "[]:." : ".-", c)))
            break;
        i++;
    }
    bool good = i > 0 && (i == v.n || (v.p[i] == ':' && i + 1 < v.n));
    for (size_t k = i + 1; good && k < v.n; k++) {
        good = v.p[k] >= '0' && v.p[k] <= '9' && port < 65536;
        port = port * 10 + (unsigned long)(v.p[k] - '0');
    }
    if (!good || port > 65535)
        mistake(r, _("“server” is a host, or HOST:PORT, such as mail.example.org:587."));
    return good && port <= 65535;
}

static bool read_number(struct reader *r, const struct key *k, struct kad_str v, int64_t *ret)
{
    int64_t n = 0;
    bool good = v.n > 0 && v.n < 10;
    for (size_t i = 0; good && i < v.n; i++) {
        good = v.p[i] >= '0' && v.p[i] <= '9';
        n = n * 10 + (v.p[i] - '0');
    }
    if (!good || n < k->low || n > k->high)
        mistake(r, _("“%s” is a whole number from %lld to %lld."), k->name, (long long)k->low,
                (long long)k->high);
    *ret = n;
    return good && n >= k->low && n <= k->high;
}

static bool read_time(struct reader *r, const struct key *k, struct kad_str v, int64_t *ret)
{
    bool good = v.n == 5 && v.p[2] == ':';
    for (size_t i = 0; good && i < 5; i++)
        good = i == 2 || (v.p[i] >= '0' && v.p[i] <= '9');
    int hour = good ? (v.p[0] - '0') * 10 + v.p[1] - '0' : 0;
    int minute = good ? (v.p[3] - '0') * 10 + v.p[4] - '0' : 0;
    if (!good || hour > 23 || minute > 59)
        mistake(r, _("“%s” is a time of day such as 06:30."), k->name);
    *ret = hour * 60 + minute;
    return good && hour < 24 && minute < 60;
}

static bool read_word(struct reader *r, const struct key *k, struct kad_str v,
                      const char *const *words, int64_t *ret)
{
    for (int64_t i = 0; words[i]; i++)
        if (kad_str_eq(v, kad_str(words[i]))) {
            *ret = i;
            return true;
        }
    struct kad_buf list = {0};
    for (size_t i = 0; words[i]; i++)
        kad_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    mistake(r, _("“%s” is one of: %s."), k->name, kad_buf_str(&list));
    kad_buf_done(&list);
    return false;
}

static void set_value(struct reader *r, const struct key *k, struct kad_str v)
{
    static const char *const securities[] = {
        [KAD_MAIL_STARTTLS] = "starttls", [KAD_MAIL_TLS] = "tls", [KAD_MAIL_NONE] = "none", NULL};
    static const char *const starts[] = {"now", "start", NULL};
    char *at = (char *)r->section + k->at;
    int64_t n = 0;
    switch (k->form) {
    case PATH:
    case FOLDER:
        if (v.p[0] != '/')
            mistake(r, _("“%s” is a whole path: it begins with /."), k->name);
        break;
    case URL:
        if (!good_url(r, v))
            return;
        break;
    case SERVER:
        if (!good_server(r, v))
            return;
        break;
    case ADDRESS:
        if (!kad_mail_address(v)) {
            mistake(r, _("“%s” is a mail address such as kadens@example.org."), k->name);
            return;
        }
        break;
    case WORD:
        break;
    case NUMBER:
        if (read_number(r, k, v, &n))
            memcpy(at, &n, sizeof n);
        return;
    case TIME:
        if (read_time(r, k, v, &n))
            memcpy(at, &n, sizeof n);
        return;
    case SECURITY:
    case FROM:
        if (read_word(r, k, v, k->form == FROM ? starts : securities, &n))
            memcpy(at, &n, sizeof n);
        return;
    }
    const char *text = copy(r, v);
    memcpy(at, &text, sizeof text);
}

/* --- files that it names --- */

/* One secret: its own file, of an owner's eyes only, without the line break at its end. */
static bool read_secret(struct reader *r, const char *key, const char *path, struct kad_buf *ret)
{
    struct stat st;
    char part[SECRET_MOST + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = -1;
    if (fd < 0 || fstat(fd, &st) != 0) {
        mistake(r, _("“%s”: %s cannot be read: %s."), key, path, kad_why(errno));
    } else if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0 ||
               (st.st_uid != geteuid() && st.st_uid != 0)) {
        mistake(r, _("“%s”: %s must be a file that nobody but its owner may read: chmod 600 %s"),
                key, path, path);
    } else if ((n = read(fd, part, sizeof part)) < 0 || n > SECRET_MOST) {
        mistake(r, _("“%s”: %s is no secret of at most %d bytes."), key, path, SECRET_MOST);
        n = -1;
    }
    if (fd >= 0)
        close(fd);
    while (n > 0 && (part[n - 1] == '\n' || part[n - 1] == '\r'))
        n--;
    if (n == 0)
        mistake(r, _("“%s”: %s is empty."), key, path);
    if (n > 0)
        kad_buf_put(ret, part, (size_t)n);
    sodium_memzero(part, sizeof part);
    return n > 0;
}

static void wipe(struct kad_buf *b)
{
    if (b->p)
        sodium_memzero(b->p, b->cap);
    kad_buf_done(b);
}

/* "whsec_" and the base64 of 24 to 64 bytes. Source: Standard Webhooks 1.0.0. */
static void read_key(struct reader *r, struct kad_section *s)
{
    struct kad_buf b = {0};
    uint8_t key[64];
    size_t n = 0;
    if (!read_secret(r, "secret", s->secret, &b))
        return;
    const char *text = kad_buf_str(&b);
    if (strncmp(text, "whsec_", 6) != 0 ||
        sodium_base642bin(key, sizeof key, text + 6, b.n - 6, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n < 24) {
        mistake(r,
                _("“secret”: %s must hold whsec_ and the base64 of 24 to 64 random bytes, such as "
                  "this makes: echo whsec_$(head -c 32 /dev/urandom | base64)"),
                s->secret);
    } else {
        s->key = kad_arena_memdup(&r->c->arena, key, n);
        s->n_key = n;
    }
    sodium_memzero(key, sizeof key);
    wipe(&b);
}

static void read_password(struct reader *r, struct kad_section *s)
{
    struct kad_buf b = {0};
    if (read_secret(r, "password", s->password, &b)) {
        if (memchr(b.p, '\0', b.n) || memchr(b.p, '\n', b.n) || memchr(b.p, '\r', b.n))
            mistake(r, _("“%s”: %s holds more than one line."), "password", s->password);
        else
            s->password_text = kad_arena_strndup(&r->c->arena, b.p, b.n);
    }
    wipe(&b);
}

/* Calls fn for each line but empty ones and comments; false: no UTF-8. */
static bool each_line(struct reader *r, struct kad_str text, void *ctx,
                      void (*fn)(struct reader *r, void *ctx, struct kad_str line))
{
    size_t bad;
    r->line = 1;
    if (kad_utf8_valid(text, &bad))
        bad = kad_utf8_bidi(text);
    if (bad < text.n) {
        for (size_t i = 0; i < bad; i++)
            r->line += text.p[i] == '\n';
        mistake(r, _("the file is not UTF-8 text, or has signs in it that cannot be seen."));
        return false;
    }
    for (size_t i = 0; i <= text.n; r->line++) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t n = end ? (size_t)(end - (text.p + i)) : text.n - i;
        struct kad_str line = trim((struct kad_str){text.p + i, n});
        if (line.n && line.p[0] != '#' && line.p[0] != ';')
            fn(r, ctx, line);
        i += n + 1;
    }
    return true;
}

struct recipients {
    kad_vec(struct kad_recipient) v;
};
static void recipient_line(struct reader *r, void *ctx, struct kad_str line)
{
    struct recipients *x = ctx;
    const char *eq = NULL; /* the last: a name may have one, an address not */
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '=')
            eq = line.p + i;
    struct kad_str person = {line.p, eq ? (size_t)(eq - line.p) : 0};
    struct kad_str address = {eq ? eq + 1 : line.p, eq ? line.n - person.n - 1 : 0};
    person = kad_text_nfc(&r->c->arena, trim(person));
    address = trim(address);
    if (!person.n || person.n > PERSON_MOST || !kad_mail_address(address)) {
        mistake(r, _("a line of addresses is PERSON = ADDRESS, such as anna = anna@example.org "
                     "(or role:NAME = ADDRESS)."));
        return;
    }
    for (size_t i = 0; i < x->v.n; i++)
        if (kad_str_eq(x->v.v[i].person, person)) {
            mistake(r, _("“%.*s” has an address already, on line %d."), KAD_STR_FMT(person),
                    x->v.v[i].line);
            return;
        }
    struct kad_recipient one = {
        .person = kad_str_dup(&r->c->arena, person), .address = copy(r, address), .line = r->line};
    kad_vec_push(&r->c->arena, &x->v, one);
}

static void read_addresses(struct reader *r, struct kad_section *s)
{
    struct kad_buf b = {0};
    struct kad_error error = {0};
    struct recipients x = {0};
    const char *path = r->path;
    int line = r->line;
    if (kad_file_read(s->addresses, FILE_MOST, &b, &error) != KAD_OK) {
        mistake(r, "%s", error.text);
    } else {
        r->path = s->addresses;
        each_line(r, (struct kad_str){kad_buf_str(&b), b.n}, &x, recipient_line);
    }
    r->path = path;
    r->line = line;
    s->recipients = x.v.v;
    s->n_recipients = x.v.n;
    kad_buf_done(&b);
}

/* --- sections --- */

static void close_section(struct reader *r)
{
    struct kad_section *s = r->section;
    int line = r->line;
    if (!s)
        return;
    r->line = s->line;
    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].required && keys[i].sections & 1u << s->kind && !(r->said & UINT64_C(1) << i))
            mistake(r, _("[%s] lacks “%s”."), s->name, keys[i].name);
    if (s->secret)
        read_key(r, s);
    if (s->password)
        read_password(r, s);
    if (s->kind == KAD_SECTION_MAIL) {
        if (s->security == KAD_MAIL_NONE && s->server &&
            !kad_host_is_here(s->server, strlen(s->server)))
            mistake(r, _("“security = none” is only for a mail server on this machine "
                         "(localhost)."));
        if (!s->user != !s->password)
            mistake(r, _("“user” and “password” go together."));
        if (s->addresses)
            read_addresses(r, s);
    }
    r->section = NULL;
    r->line = line;
}

static void put_sections(struct kad_buf *b)
{
    for (int i = 0; i < KAD_SECTION__COUNT; i++)
        kad_buf_printf(b, "%s[%s]", i ? " " : "", section_words[i]);
}

static bool good_name(struct kad_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return name.n <= 40;
}

static void open_section(struct reader *r, struct kad_str line)
{
    struct kad_serve_conf *c = r->c;
    close_section(r);
    r->said = 0;
    r->lost = true;
    struct kad_str inside = {line.p + 1, line.n - 1};
    if (inside.n && inside.p[inside.n - 1] == ']')
        inside = trim((struct kad_str){inside.p, inside.n - 1});
    const char *blank = inside.n ? memchr(inside.p, ' ', inside.n) : NULL;
    struct kad_str word = {inside.p, blank ? (size_t)(blank - inside.p) : inside.n};
    struct kad_str name =
        blank ? trim((struct kad_str){blank, inside.n - word.n}) : (struct kad_str){0};
    int kind = -1;
    for (int i = 0; i < KAD_SECTION__COUNT; i++)
        if (kad_str_eq(word, kad_str(section_words[i])))
            kind = i;
    if (kind < 0 || line.p[line.n - 1] != ']' || !good_name(name)) {
        struct kad_buf list = {0};
        put_sections(&list);
        mistake(r,
                _("there is no section %.*s. There are: %s; a name may follow: [webhook hr], in "
                  "small letters, digits, - and _."),
                KAD_STR_FMT(line), kad_buf_str(&list));
        kad_buf_done(&list);
        return;
    }
    const char *full =
        name.n ? kad_arena_printf(&c->arena, "%.*s %.*s", KAD_STR_FMT(word), KAD_STR_FMT(name))
               : copy(r, word);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->v[i].name, full) == 0) {
            mistake(r,
                    _("[%s] is there already, on line %d. Another of its kind needs a name: "
                      "[%.*s NAME]."),
                    full, c->v[i].line, KAD_STR_FMT(word));
            return;
        }
    c->v = kad_xrealloc(c->v, (c->n + 1) * sizeof *c->v);
    r->section = &c->v[c->n++];
    *r->section = (struct kad_section){.kind = (enum kad_section_kind)kind, .line = r->line};
    r->section->name = kad_arena_strdup(&c->arena, full);
    r->lost = false;
    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].form >= NUMBER && keys[i].sections & 1u << kind)
            memcpy((char *)r->section + keys[i].at, &keys[i].otherwise, sizeof(int64_t));
}

static void no_key(struct reader *r, struct kad_str name)
{
    struct kad_buf list = {0};
    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].sections & 1u << r->section->kind)
            kad_buf_printf(&list, "%s%s", list.n ? ", " : "", keys[i].name);
    if (list.n)
        mistake(r, _("[%s] has no “%.*s”. It has: %s."), r->section->name, KAD_STR_FMT(name),
                kad_buf_str(&list));
    else
        mistake(r, _("[%s] has nothing to be said."), r->section->name);
    kad_buf_done(&list);
}

static void conf_line(struct reader *r, void *ctx, struct kad_str line)
{
    (void)ctx;
    if (line.p[0] == '[') {
        open_section(r, line);
        return;
    }
    const char *eq = memchr(line.p, '=', line.n);
    struct kad_str name = trim((struct kad_str){line.p, eq ? (size_t)(eq - line.p) : line.n});
    struct kad_str value = eq ? trim((struct kad_str){eq + 1, line.n - (size_t)(eq + 1 - line.p)})
                              : (struct kad_str){0};
    if (!r->section) {
        if (!r->lost)
            mistake(r, _("this stands before the first [section]."));
        return;
    }
    if (!eq || name.n == 0 || value.n == 0) {
        mistake(r, _("a line is KEY = VALUE, [section], or a comment after #."));
        return;
    }
    for (size_t i = 0; i < N_KEYS; i++) {
        if (!kad_str_eq(name, kad_str(keys[i].name)) ||
            !(keys[i].sections & 1u << r->section->kind))
            continue;
        if (r->said & UINT64_C(1) << i)
            mistake(r, _("“%s” is said twice in [%s]."), keys[i].name, r->section->name);
        else
            set_value(r, &keys[i], value);
        r->said |= UINT64_C(1) << i;
        return;
    }
    no_key(r, name);
}

enum kad_err kad_serve_conf_read(const char *path, void (*tell)(void *ctx, const char *mistake),
                                 void *ctx, struct kad_serve_conf *ret, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    struct reader r = {.c = ret, .path = path, .tell = tell, .ctx = ctx};
    *ret = (struct kad_serve_conf){0};
    kad_arena_init(&ret->arena);
    if (kad_file_read(path, FILE_MOST, &b, reterr) == KAD_OK) {
        each_line(&r, (struct kad_str){kad_buf_str(&b), b.n}, NULL, conf_line);
        close_section(&r);
    }
    kad_buf_done(&b);
    if (r.mistakes)
        reterr->code = KAD_EINPUT;
    return reterr->code;
}

void kad_serve_conf_done(struct kad_serve_conf *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].key)
            sodium_memzero(c->v[i].key, c->v[i].n_key);
        if (c->v[i].password_text) {
            char *p = NULL;
            memcpy(&p, &c->v[i].password_text, sizeof p);
            sodium_memzero(p, strlen(p));
        }
    }
    free(c->v);
    kad_arena_done(&c->arena);
}

const struct kad_section *kad_serve_conf_find(const struct kad_serve_conf *c,
                                              enum kad_section_kind kind)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].kind == kind)
            return &c->v[i];
    return NULL;
}
