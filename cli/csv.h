/* CSV after RFC 4180: commas, CR LF, quotes where a cell needs them. A cell that a spreadsheet would
 * run as a formula (= + - @, tab, CR in front) gets an apostrophe before it; line breaks inside a
 * cell become blanks, other control characters visible. */
#ifndef KAD_CLI_CSV_H
#define KAD_CLI_CSV_H

#include "core/text.h"

/* Appends one cell, with a comma before it unless it is the first of its line. */
void kad_csv_cell(struct kad_buf *b, struct kad_str s, bool first);
/* The same for what is ours: numbers and dates, which may begin with a minus sign. */
void kad_csv_plain(struct kad_buf *b, const char *s, bool first);
void kad_csv_end(struct kad_buf *b);

#endif
