/* What people call things, taken for their names: labels of events, fields and units, in any case of
 * letters; and lists of what there is, for those who have to guess. */
#ifndef KAD_CLI_WORDS_H
#define KAD_CLI_WORDS_H

#include "cli/cli.h"

/* Equal but for capital and small letters. */
bool kad_same_word(struct kad_str a, struct kad_str b);
/* The policies in force on the day asked about (or the first to come), one for each name. Fills up
 * to `most`, and says how many. */
size_t kad_policies_now(const struct kad_cli *c, const struct kad_policy **ret, size_t most);

/* The event of this name or label. A stranger stays as it is: the engine says what is wrong. Two
 * events of one label are KAD_EINPUT. */
enum kad_err kad_word_type(const struct kad_cli *c, struct kad_str said, struct kad_str *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;
/* There is no such event: KAD_EINPUT with the one that was probably meant. */
enum kad_err kad_word_no_type(const struct kad_cli *c, struct kad_str said,
                              struct kad_error *reterr);
/* The field of the event that has this name or label; else as said. */
struct kad_str kad_word_field(const struct kad_cli *c, struct kad_str type, struct kad_str said);
/* The unit of this name or label; KAD_EINPUT with those there are for a stranger. */
enum kad_err kad_word_unit(const struct kad_cli *c, struct kad_str said, struct kad_str *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;

/* Was the person ever named in the ledger? If not, *ret_near is who was probably meant, of those who
 * have tasks (empty: nobody is near). In the command's arena. */
enum kad_err kad_word_person(struct kad_cli *c, struct kad_str who, bool *ret_known,
                             struct kad_str *ret_near, struct kad_error *reterr) KAD_MUST_CHECK;
/* A choice's value or a `one of` subject by its label, in any case of letters; else as said. */
struct kad_str kad_word_value(const struct kad_cli *c, struct kad_str type, struct kad_str field,
                              struct kad_str said);

/* All events by kind, or one event's fields, to stderr. */
void kad_tell_events(const struct kad_cli *c);
void kad_tell_fields(const struct kad_cli *c, struct kad_str type);

#endif
