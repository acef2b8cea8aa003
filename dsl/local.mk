# dsl/: the rules language. To add a file, put its .c and .h into the list below, in the alphabet's
# order. The grammar and the scanner are dsl/parser.y and dsl/scanner.l in the same list; then also
#   BUILT_SOURCES += dsl/parser.h
# and, because BUILT_SOURCES counts only for all, check and install, one line for each file that
# includes the generated header:
#   dsl/scanner.$(OBJEXT) dsl/x.$(OBJEXT): dsl/parser.h
# The scanner must say %option outfile="lex.yy.c" beside its prefix, or ylwrap loses its output.

noinst_LIBRARIES += dsl/libdsl.a

dsl_libdsl_a_SOURCES =

DSL_LIBS = dsl/libdsl.a $(CORE_LIBS)
