# cli/: the program. To add a file, put its .c and .h into kadens_SOURCES, in the alphabet's order;
# a language is one line in each of the three lists at the end.
#
# What is told, in every form and by every way (also without the program: its tests link it alone):
noinst_LIBRARIES += cli/libtell.a
cli_libtell_a_SOURCES = \
	cli/csv.c \
	cli/csv.h \
	cli/dates.c \
	cli/file.c \
	cli/folder.c \
	cli/folder.h \
	cli/ics.c \
	cli/ics.h \
	cli/json.c \
	cli/json.h \
	cli/message.c \
	cli/message.h \
	cli/mime.c \
	cli/mime.h \
	cli/morning.c \
	cli/morning.h \
	cli/out.c \
	cli/out.h \
	cli/program.c \
	cli/program.h \
	cli/rows.c \
	cli/rows.h \
	cli/serve_conf.c \
	cli/serve_conf.h \
	cli/sink.c \
	cli/sink.h \
	cli/sink_calendar.c \
	cli/sink_mail.c \
	cli/sink_spool.c \
	cli/sink_stream.c \
	cli/sink_webhook.c \
	cli/sinks.c \
	cli/sinks.h \
	cli/transfer.c \
	cli/transfer.h
TELL_LIBS = cli/libtell.a $(DSL_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) $(ICAL_LIBS)

bin_PROGRAMS += kadens
kadens_SOURCES = \
	cli/args.c \
	cli/backup.h \
	cli/bundle.c \
	cli/bundle.h \
	cli/bundle_readme.c \
	cli/cli.h \
	cli/cmd.def \
	cli/codes.c \
	cli/codes.h \
	cli/cmd_adopt.c \
	cli/cmd_backup.c \
	cli/cmd_checkpoint.c \
	cli/cmd_demo.c \
	cli/cmd_diff.c \
	cli/cmd_doc.c \
	cli/cmd_erase.c \
	cli/cmd_fmt.c \
	cli/cmd_explain.c \
	cli/cmd_import.c \
	cli/cmd_init.c \
	cli/cmd_log.c \
	cli/cmd_policies.c \
	cli/cmd_record.c \
	cli/cmd_replay.c \
	cli/cmd_restore.c \
	cli/cmd_rules.c \
	cli/cmd_serve.c \
	cli/cmd_show.c \
	cli/cmd_status.c \
	cli/cmd_tasks.c \
	cli/cmd_verify.c \
	cli/demo.h \
	cli/demo_life.c \
	cli/diff.h \
	cli/diff_print.c \
	cli/diff_put.c \
	cli/effects.c \
	cli/effects.h \
	cli/explain.c \
	cli/explain.h \
	cli/handout.c \
	cli/help.c \
	cli/help.h \
	cli/json_in.c \
	cli/lang.c \
	cli/lang.h \
	cli/main.c \
	cli/missing.c \
	cli/missing.h \
	cli/open.c \
	cli/opt.def \
	cli/presence.c \
	cli/presence.h \
	cli/passphrase.c \
	cli/passphrase.h \
	cli/prove.c \
	cli/prove.h \
	cli/records.c \
	cli/records.h \
	cli/restore.h \
	cli/restore_tell.c \
	cli/rule_file.c \
	cli/rule_file.h \
	cli/whole.c \
	cli/whole.h \
	cli/sd_notify.c \
	cli/sd_notify.h \
	cli/service.c \
	cli/service.h \
	cli/service_job.c \
	cli/service_log.c \
	cli/service_priv.h \
	cli/words.c \
	cli/words.h \
	cli/write.c \
	cli/write.h
kadens_LDADD = rules/librules.a $(TELL_LIBS) -lm

# A program of its own for whoever checks from outside: it links no LMDB, which a test looks after.
bin_PROGRAMS += kadens-witness
kadens_witness_SOURCES = \
	cli/lang.c \
	cli/lang.h \
	cli/witness.c \
	cli/witness.h \
	cli/witness_record.c
kadens_witness_LDADD = core/libcore.a $(SODIUM_LIBS) $(UNISTRING_LIBS)

# Made by `kadens help --completion`; tests/cli/help.bats holds them together.
bashcompdir = $(datadir)/bash-completion/completions
dist_bashcomp_DATA = cli/completion/kadens

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
