#include "cli/codes.h"

#include "cli/json.h"
#include "dsl/help.h"

static void put_json(struct kad_buf *b, const struct kad_code *h)
{
    kad_buf_printf(b, "{\"code\":\"K%03d\",\"severity\":\"%s\",\"message\":", h->code,
                   h->severity == KAD_ERROR ? "error" : "warning");
    struct kad_buf message = {0};
    kad_code_put_message(&message, h);
    kad_json_str(b, (struct kad_str){kad_buf_str(&message), message.n});
    kad_buf_done(&message);
    kad_buf_puts(b, ",\"meaning\":");
    kad_json_str(b, kad_str(_(h->meaning)));
    kad_buf_puts(b, ",\"mend\":");
    kad_json_str_or_null(b, kad_str(h->mend ? _(h->mend) : ""));
    kad_buf_puts(b, ",\"example\":");
    kad_json_str_or_null(b, kad_str(h->example ? h->example->text : ""));
    kad_buf_puts(b, ",\"said\":");
    kad_json_str_or_null(b, kad_str(h->example ? h->example->said : ""));
    kad_buf_putc(b, '}');
}

static void put_line(struct kad_out *o, const struct kad_code *h)
{
    struct kad_buf b = {0};
    kad_code_put_message(&b, h);
    kad_out_printf(o, "K%03d  ", h->code);
    kad_out_hang(o, 6, 0, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
}

static void put(struct kad_cli *c, const struct kad_code *h, bool first, bool whole)
{
    if (c->format == KAD_F_JSON) {
        kad_out_puts(&c->out, first ? "\n" : ",\n");
        put_json(&c->out.b, h);
    } else if (whole) {
        kad_out_puts(&c->out, first ? "" : "\n\n");
        kad_code_put(&c->out.b, h);
    } else {
        put_line(&c->out, h);
    }
}

enum kad_err kad_codes_explain(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_code h;
    for (int i = 0; i < c->n_args; i++)
        if (!kad_code_find(c->args[i], &h))
            return kad_fail(reterr, KAD_EINPUT,
                            _("There is no message with the code %s. Codes look like K060."),
                            c->args[i]);
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "[");
    for (int i = 0; i < c->n_args; i++)
        if (kad_code_find(c->args[i], &h))
            put(c, &h, i == 0, true);
    for (size_t i = 0; c->n_args == 0 && i < kad_code_count(); i++) {
        h = kad_code_at(i);
        put(c, &h, i == 0, false);
    }
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "\n]\n");
    return KAD_OK;
}
