# dsl/: the rules language. To add a file, put its .c and .h into the list below, in the alphabet's
# order. A file that includes the generated header dsl/parser.h also goes into the list at the end,
# because BUILT_SOURCES counts only for all, check and install.
# The scanner says %option outfile="lex.yy.c" beside its prefix, or ylwrap loses its output.

noinst_LIBRARIES += dsl/libdsl.a

dsl_libdsl_a_SOURCES = \
	dsl/ast.h \
	dsl/attributes.c \
	dsl/build.c \
	dsl/build.h \
	dsl/build_rule.c \
	dsl/certain.c \
	dsl/certain.h \
	dsl/check.c \
	dsl/condition.c \
	dsl/cover.c \
	dsl/cover.h \
	dsl/cover_where.c \
	dsl/declare.c \
	dsl/diag.c \
	dsl/diag.def \
	dsl/diag.h \
	dsl/doc.c \
	dsl/doc.h \
	dsl/doc_condition.c \
	dsl/doc_facts.c \
	dsl/doc_html.c \
	dsl/doc_page.c \
	dsl/doc_page.h \
	dsl/doc_rules.c \
	dsl/doc_text.c \
	dsl/doc_words.c \
	dsl/dsl.c \
	dsl/dsl.h \
	dsl/example.c \
	dsl/example.h \
	dsl/format.c \
	dsl/format.h \
	dsl/format_doc.c \
	dsl/format_doc.h \
	dsl/format_lines.c \
	dsl/format_rows.c \
	dsl/help.c \
	dsl/help.def \
	dsl/help.h \
	dsl/lex.c \
	dsl/lower.c \
	dsl/lower.h \
	dsl/names.c \
	dsl/parser.y \
	dsl/phases.c \
	dsl/prove.c \
	dsl/prove.h \
	dsl/rules.c \
	dsl/run.c \
	dsl/scan.c \
	dsl/scan.h \
	dsl/scanner.l \
	dsl/script.h \
	dsl/source.c \
	dsl/source.h \
	dsl/syntax.c \
	dsl/syntax.h \
	dsl/typing.c \
	dsl/warn.c \
	dsl/warn_notice.c \
	dsl/words.c \
	dsl/words.def \
	dsl/words.h

nodist_dsl_libdsl_a_SOURCES = dsl/cases.c
CLEANFILES += dsl/cases.c
EXTRA_DIST += dsl/cases.awk

BUILT_SOURCES += dsl/parser.h

# The first is the policy that most cases stand behind.
DIAG_CASES = \
	tests/data/diag/base.rules \
	tests/data/diag/examples.cases \
	tests/data/diag/file.cases \
	tests/data/diag/names.cases \
	tests/data/diag/rules.cases \
	tests/data/diag/signs.cases \
	tests/data/diag/syntax.cases \
	tests/data/diag/types.cases \
	tests/data/diag/warn.cases
dsl/cases.c: $(DIAG_CASES) dsl/cases.awk
	$(AM_V_GEN)$(MKDIR_P) dsl && LC_ALL=C $(AWK) -f $(srcdir)/dsl/cases.awk \
	  `for f in $(DIAG_CASES); do test -f "$$f" || f=$(srcdir)/$$f; echo "$$f"; done` >$@-t && \
	  mv $@-t $@

DSL_LIBS = dsl/libdsl.a $(CORE_LIBS)

dsl/attributes.$(OBJEXT) dsl/check.$(OBJEXT) dsl/condition.$(OBJEXT) dsl/declare.$(OBJEXT) \
dsl/example.$(OBJEXT) dsl/format_doc.$(OBJEXT) dsl/format_rows.$(OBJEXT) dsl/lex.$(OBJEXT) dsl/lower.$(OBJEXT) dsl/names.$(OBJEXT) \
dsl/phases.$(OBJEXT) dsl/rules.$(OBJEXT) dsl/scan.$(OBJEXT) dsl/scanner.$(OBJEXT) \
dsl/syntax.$(OBJEXT) dsl/typing.$(OBJEXT) dsl/warn.$(OBJEXT) dsl/words.$(OBJEXT): dsl/parser.h
