/* A small policy put together by hand, for tests of core, which cannot read rule text. Its "text" is
 * a line of words: the name and what is to be different from the usual.
 *
 *   toy                        the usual: participants (begin with referral), municipalities eksjo and
 *                              nassjo, the programme; events referral, motivation, enrollment, step,
 *                              employment, discharge, visit; certificate, requisition; meeting
 *   zone=Europe/Helsinki       another zone
 *   question=X                 an open question; may come twice
 *   extent=number              employment.extent is a number, no percent
 *   member=aneby               one more municipality
 *   only=meeting               nothing but the programme and its meeting; may be followed by
 *   task=X                     and a task of that name
 *   free=visit                 visit is an event of municipalities
 *   no=guards                  without guards
 *   broken                     does not compile
 */
#ifndef KAD_TESTS_TOY_POLICY_H
#define KAD_TESTS_TOY_POLICY_H

#include "core/policy.h"

enum kad_err toy_compile(struct kad_str text, const char *name, struct kad_policy **ret,
                         struct kad_error *reterr);

#endif
