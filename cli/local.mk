# cli/: the program. To add a file, put its .c and .h into kadens_SOURCES, in the alphabet's order;
# a language is one line in each of the three lists at the end.
#
# bin_PROGRAMS += kadens
# kadens_SOURCES = \
# 	cli/main.c
# kadens_LDADD = rules/librules.a $(DSL_LIBS) $(JANSSON_LIBS)
#
# Shell completion: bashcompdir = $(datadir)/bash-completion/completions
#                   dist_bashcomp_DATA = cli/completion/kadens

# The translations lie in the build tree just as they are installed: the program looks for
# locale/ beside itself first, then in LOCALEDIR.
all-local: locale/sv/LC_MESSAGES/kadens.mo

svmodir = $(localedir)/sv/LC_MESSAGES
svmo_DATA = locale/sv/LC_MESSAGES/kadens.mo

locale/sv/LC_MESSAGES/kadens.mo: cli/po/sv.po
	$(AM_V_GEN)$(MKDIR_P) locale/sv/LC_MESSAGES && \
	po=cli/po/sv.po; test -f $$po || po=$(srcdir)/$$po; \
	$(MSGFMT) --check-format -o $@-t $$po && mv $@-t $@

EXTRA_DIST += cli/po/sv.po
CLEANFILES += locale/sv/LC_MESSAGES/kadens.mo
