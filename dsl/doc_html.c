/* The page as one HTML file: nothing from elsewhere, nothing that runs; readable on a telephone, by a
 * screen reader and on paper. */
#include "dsl/doc_page.h"

static const char style[] =
    ":root{color-scheme:light}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:66rem;padding:2rem 1.5rem 4rem;background:#fff;color:#1c1c1c;"
    "font:1.0625rem/1.55 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",sans-serif;"
    "overflow-wrap:break-word}\n"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 .75rem;text-wrap:balance}\n"
    "h2{font-size:1.5rem;line-height:1.25;margin:3.25rem 0 .75rem;padding-top:.75rem;"
    "border-top:3px solid #1b4a6b}\n"
    "h3{font-size:1.15rem;line-height:1.3;margin:2rem 0 .5rem}\n"
    "p{margin:0 0 .6rem;max-width:44rem}\n"
    "p.lead{color:#3d3d3d}\n"
    "p.small{font-size:.875rem;color:#555}\n"
    "em{font-style:normal;font-weight:600}\n"
    "a{color:#17507a}\n"
    "a:focus-visible{outline:3px solid #17507a;outline-offset:2px}\n"
    "nav ul{columns:2;column-gap:2rem;list-style:none;padding:0;margin:.5rem 0 0}\n"
    "nav li{margin:0 0 .35rem;break-inside:avoid}\n"
    "ul,ol{margin:0 0 .8rem;padding-left:1.4rem}\n"
    "li{margin:0 0 .35rem;max-width:44rem}\n"
    "ol.numbered>li{margin:0 0 .9rem;padding-left:.4rem}\n"
    "ol.numbered .about{display:block;font-size:.875rem}\n"
    "dl{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.45rem 1.25rem;margin:0 0 1rem}\n"
    "dt{font-weight:600}\n"
    "dd{margin:0}\n"
    ".rule{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,17rem);gap:0 2rem;"
    "padding:.8rem 1.1rem .3rem;margin:0 0 .6rem;background:#f5f7f9;border-left:4px solid #1b4a6b}\n"
    ".rests{font-size:.9375rem}\n"
    ".rests .label{font-size:.8125rem;font-weight:600;color:#444;margin:0 0 .15rem}\n"
    ".rests ul{list-style:none;padding:0;font-size:.875rem}\n"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;background:#fff}\n"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .7rem;border:1px solid #c3ccd3;"
    "overflow-wrap:break-word}\n"
    "thead th{background:#e6ecf1}\n"
    "tbody th{font-weight:600}\ntable.two th{width:36%}\n"
    "footer{margin-top:3rem;font-size:.875rem;color:#555}\n"
    "@media (max-width:46rem){body{padding:1rem 1rem 3rem;font-size:1rem}h1{font-size:1.6rem}"
    "nav ul{columns:1}.rule{grid-template-columns:1fr;padding:.8rem .9rem .4rem}"
    ".rests{margin-top:.4rem;padding-top:.5rem;border-top:1px solid #b5c0c8}"
    "dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .6rem}th,td{padding:.35rem .45rem;"
    "font-size:.9375rem;hyphens:auto}}\n"
    "@page{size:A4;margin:18mm 16mm}\n"
    "@media print{html{font-size:9.5pt}body{max-width:none;padding:0;font-size:1rem;line-height:1.4}"
    "h2{margin-top:8mm}h3{margin-top:5mm}h2,h3{break-after:avoid}p{max-width:none;margin-bottom:.35rem}"
    "th,td{padding:.25rem .5rem}.rule{break-inside:avoid;"
    "grid-template-columns:minmax(0,1fr) 52mm;print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}tr,li,dt,dd{break-inside:avoid}thead{display:table-header-group}"
    "a{color:inherit;text-decoration:none}p{orphans:3;widows:3}}\n";

/* A text, with markup made harmless. */
static void put_plain(struct kad_buf *b, const char *s)
{
    kad_text_put_html(b, kad_str(s));
}

/* The same in the body of the page: names stand out, and lines may break. */
static void put_text(struct kad_buf *b, const char *s)
{
    for (; *s; s++)
        if (*s == KAD_DOC_NAME_SIGN)
            kad_buf_puts(b, "<em>");
        else if (*s == KAD_DOC_NAME_END_SIGN)
            kad_buf_puts(b, "</em>");
        else if (*s == '\n')
            kad_buf_puts(b, "<br>");
        else if (*s == '/')
            kad_buf_puts(b, "/<wbr>");
        else
            put_plain(b, (const char[]){*s, '\0'});
}

static void put_element(struct kad_buf *b, const char *open, const char *text, const char *close)
{
    kad_buf_puts(b, open);
    put_text(b, text);
    kad_buf_puts(b, close);
}

/* The ids of the page are our own words and figures. */
static void put_link(struct kad_buf *b, const char *link, const char *text)
{
    if (*link)
        kad_buf_printf(b, "<a href=\"#%s\">", link);
    put_text(b, text);
    if (*link)
        kad_buf_puts(b, "</a>");
}

static void put_head(struct kad_buf *b, const struct kad_block *k)
{
    kad_buf_printf(b, "<h%d", k->level);
    if (*k->id)
        kad_buf_printf(b, " id=\"%s\"", k->id);
    kad_buf_puts(b, ">");
    put_text(b, k->text);
    kad_buf_printf(b, "</h%d>\n", k->level);
}

static void put_item(struct kad_buf *b, const struct kad_block *k)
{
    kad_buf_puts(b, "<li>");
    if (*k->lead)
        put_link(b, k->link, k->lead);
    if (*k->lead && *k->text)
        kad_buf_puts(b, " – ");
    put_text(b, k->text);
    kad_buf_puts(b, "</li>\n");
}

static void put_number(struct kad_buf *b, const struct kad_block *k)
{
    kad_buf_printf(b, "<li id=\"%s\" value=\"%d\">", k->id, k->number);
    put_text(b, k->text);
    kad_buf_puts(b, " <span class=\"about\">");
    put_link(b, k->link, k->lead);
    kad_buf_puts(b, "</span></li>\n");
}

static void put_see(struct kad_buf *b, const struct kad_block *k)
{
    put_element(b, "<p class=\"small\">",
                ngettext_("Reading:", "Readings:", (unsigned long)(k->last - k->number + 1)), "");
    for (int i = k->number; i <= k->last; i++)
        kad_buf_printf(b, "%s <a href=\"#reading-%d\">%d</a>", i > k->number ? "," : "", i, i);
    kad_buf_puts(b, "</p>\n");
}

static void put_table(struct kad_buf *b, const struct kad_block *k)
{
    kad_buf_puts(b,
                 k->columns == 2 ? "<table class=\"two\">\n<thead><tr>" : "<table>\n<thead><tr>");
    for (size_t i = 0; i < k->columns; i++)
        put_element(b, "<th scope=\"col\">", k->cells.v[i], "</th>");
    kad_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (size_t i = k->columns; i < k->cells.n; i += k->columns) {
        put_element(b, "<tr><th scope=\"row\">", k->cells.v[i], "</th>");
        for (size_t c = 1; c < k->columns; c++)
            put_element(b, "<td>", k->cells.v[i + c], "</td>");
        kad_buf_puts(b, "</tr>\n");
    }
    kad_buf_puts(b, "</tbody>\n</table>\n");
}

static void put_block(struct kad_buf *b, const struct kad_block *k)
{
    switch (k->kind) {
    case KAD_B_HEAD:
        put_head(b, k);
        break;
    case KAD_B_PARA:
        put_element(b, "<p>", k->text, "</p>\n");
        break;
    case KAD_B_NOTE:
        put_element(b, "<p class=\"small\">", k->text, "</p>\n");
        break;
    case KAD_B_ITEM:
        put_item(b, k);
        break;
    case KAD_B_NUMBER:
        put_number(b, k);
        break;
    case KAD_B_TERM:
        put_element(b, "<dt>", k->lead, "</dt>");
        put_element(b, "<dd>", k->text, "</dd>\n");
        break;
    case KAD_B_SEE:
        put_see(b, k);
        break;
    case KAD_B_TABLE:
        put_table(b, k);
        break;
    case KAD_B_RULE:
        kad_buf_puts(b, "<div class=\"rule\"><div class=\"says\">\n");
        break;
    case KAD_B_SOURCE:
        put_element(b, "</div>\n<div class=\"rests\"><p class=\"label\">", _("Source"), "</p>\n");
        put_element(b, "<p>", k->text, "</p>\n");
        break;
    case KAD_B_END:
        kad_buf_puts(b, "</div></div>\n");
        break;
    }
}

static void put_contents(struct kad_buf *b, const struct kad_page *g)
{
    kad_buf_puts(b, "<nav aria-label=\"");
    put_plain(b, _("Contents"));
    kad_buf_puts(b, "\">\n<ul>\n");
    for (size_t i = 0; i < g->blocks.n; i++) {
        const struct kad_block *k = &g->blocks.v[i];
        if (k->kind != KAD_B_HEAD || k->level != 2)
            continue;
        kad_buf_puts(b, "<li>");
        put_link(b, k->id, k->text);
        kad_buf_puts(b, "</li>\n");
    }
    kad_buf_puts(b, "</ul>\n</nav>\n");
}

/* What stands around blocks of a kind that follow each other. */
static const struct around {
    const char *open, *close;
} around[] = {
    [KAD_B_ITEM] = {"<ul>\n", "</ul>\n"},
    [KAD_B_NUMBER] = {"<ol class=\"numbered\">\n", "</ol>\n"},
    [KAD_B_TERM] = {"<dl>\n", "</dl>\n"},
    [KAD_B_END] = {NULL, NULL},
};

void kad_page_put_html(struct kad_buf *b, const struct kad_page *g, const char *title)
{
    kad_buf_printf(b, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                   strcmp(kad_text_lang(), "sv") == 0 ? "sv" : "en");
    kad_buf_puts(b, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" "
                    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    kad_buf_puts(b, "<title>");
    put_plain(b, title);
    kad_buf_puts(b, "</title>\n");
    kad_buf_printf(b, "<style>\n%s</style>\n</head>\n<body>\n<header>\n", style);
    put_element(b, "<h1>", title, "</h1>\n");
    put_element(
        b, "<p class=\"lead\">",
        _("This page is made from the rules that the program works by. It says what they ask "
          "for in plain words, and beside each rule where in the document it comes from."),
        "</p>\n");
    put_contents(b, g);
    kad_buf_puts(b, "</header>\n<main>\n");
    for (size_t i = 0; i < g->blocks.n; i++) {
        const struct kad_block *k = &g->blocks.v[i];
        const struct around *r = &around[k->kind];
        if (r->open && (i == 0 || k[-1].kind != k->kind))
            kad_buf_puts(b, r->open);
        put_block(b, k);
        if (r->close && (i + 1 == g->blocks.n || k[1].kind != k->kind))
            kad_buf_puts(b, r->close);
    }
    kad_buf_puts(b, "</main>\n</body>\n</html>\n");
}
