# rules/: the policies that come with the program. To ship one, put its file into SHIPPED_RULES:
# its text is compiled in byte for byte (rules/shipped.h), and it is installed.

SHIPPED_RULES = \
	rules/efterstod-jonkoping-2018.rules \
	rules/se-hoglandet-2014.rules \
	rules/se-hoglandet-2021.rules

noinst_LIBRARIES += rules/librules.a
rules_librules_a_SOURCES = rules/shipped.h
nodist_rules_librules_a_SOURCES = rules/shipped.c

rulesdir = $(pkgdatadir)/rules
dist_rules_DATA = $(SHIPPED_RULES)

# The same policies in Swedish keywords, made from them: `make translations` after an edit, which
# works in the source tree; tests/cli/fmt.bats holds the two together.
SWEDISH_RULES = \
	rules/sv/efterstod-jonkoping-2018.rules \
	rules/sv/se-hoglandet-2014.rules \
	rules/sv/se-hoglandet-2021.rules
rulessvdir = $(rulesdir)/sv
dist_rulessv_DATA = $(SWEDISH_RULES)

.PHONY: translations
translations: kadens$(EXEEXT)
	@$(MKDIR_P) $(srcdir)/rules/sv && for f in $(SHIPPED_RULES); do \
	  sv=$(srcdir)/rules/sv/`basename $$f`; \
	  ./kadens$(EXEEXT) rules fmt --language sv $(srcdir)/$$f > $$sv-t && mv $$sv-t $$sv || exit 1; \
	done

EXTRA_DIST += rules/README.md rules/embed.awk
CLEANFILES += rules/shipped.c

# Each file becomes one line "file NAME" and then its bytes in decimal, which awk turns into C.
rules/shipped.c: $(SHIPPED_RULES) rules/embed.awk Makefile
	$(AM_V_GEN)$(MKDIR_P) rules && { \
	  for f in $(SHIPPED_RULES); do \
	    test -f "$$f" || f=$(srcdir)/$$f; \
	    echo "file `basename $$f .rules`"; od -An -v -t u1 "$$f" || exit 1; \
	  done; \
	} | LC_ALL=C $(AWK) -f $(srcdir)/rules/embed.awk > $@-t && mv $@-t $@
