/* What the scanner does with the pieces it finds (scanner.l only tells them apart). Each takes the
 * piece's place, fills in the value and returns the token. *ret_keep may be lowered: what lies behind
 * those bytes is scanned again. Mistakes become messages, and a token all the same. */
#ifndef KAD_DSL_SCAN_H
#define KAD_DSL_SCAN_H

#include "dsl/script.h"

int kad_scan_word(struct kad_script *u, struct kad_span *span, struct kad_ident *ret,
                  size_t *ret_keep);
/* NUMBER, or with its sign PERCENT or MONEY. */
int kad_scan_number(struct kad_script *u, struct kad_span span, enum kad_type type,
                    struct kad_literal *ret);
int kad_scan_date(struct kad_script *u, struct kad_span span, struct kad_literal *ret);
int kad_scan_time(struct kad_script *u, struct kad_span span, int32_t *ret);
/* Digits and letters without a blank between them. */
int kad_scan_glued(struct kad_script *u, struct kad_span span, struct kad_ident *ret);
/* From an opening quote to the end of the line. */
int kad_scan_text(struct kad_script *u, struct kad_span *span, struct kad_ident *ret,
                  size_t *ret_keep);
int kad_scan_compare(struct kad_script *u, struct kad_span span);
int kad_scan_dash(struct kad_script *u, struct kad_span span);
int kad_scan_key_text(struct kad_script *u, struct kad_span span, struct kad_ident *ret);
void kad_scan_remark(struct kad_script *u, struct kad_span span); /* `//` */
void kad_scan_stray(struct kad_script *u, struct kad_span span);

#endif
