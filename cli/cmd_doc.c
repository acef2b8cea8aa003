/* rules doc: a rule file as a page for those who decide. */
#include "cli/rule_file.h"
#include "dsl/doc.h"

enum kad_err kad_cmd_rules_doc(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_rule_file f;
    enum kad_err err = kad_rule_file_load(c->args[0], &f, reterr);
    if (err == KAD_OK)
        err = kad_rule_file_holds(&f);
    if (err == KAD_OK)
        kad_doc_put(&c->out.b, f.policy, c->format == KAD_F_HTML ? KAD_DOC_HTML : KAD_DOC_TEXT);
    kad_rule_file_done(&f);
    return err;
}
