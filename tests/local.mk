# tests/: to add
# - a unit test of core: tests/unit/test_X.c and one line in CORE_TESTS;
# - a unit test of dsl: the same, one line in DSL_TESTS, and
#     tests_unit_test_X_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
#   (a test links its own layer's archive and those below: a call upward is a link error);
# - a test of the program: tests/cli/X.bats and one line in BATS_TESTS;
# - data that a test reads: its file or folder in EXTRA_DIST, or distcheck fails.
# - a fuzz target: tests/fuzz/fuzz_X.c, seeds in tests/fuzz/corpus/X, and three lines as those of
#   replay_event below.
# A test program has one cmocka group, and neither skips nor prints lines that look like TAP.
# The environment of all tests is AM_TESTS_ENVIRONMENT below.

CORE_TESTS = \
	tests/sim/sim \
	tests/unit/test_backups \
	tests/unit/test_base \
	tests/unit/test_calendar \
	tests/unit/test_checkpoint \
	tests/unit/test_clock \
	tests/unit/test_copy \
	tests/unit/test_disk \
	tests/unit/test_due \
	tests/unit/test_engine \
	tests/unit/test_engine_amend \
	tests/unit/test_engine_batch \
	tests/unit/test_engine_carry \
	tests/unit/test_engine_event \
	tests/unit/test_engine_policy \
	tests/unit/test_event \
	tests/unit/test_explain_any \
	tests/unit/test_identity \
	tests/unit/test_keys \
	tests/unit/test_ledger \
	tests/unit/test_loop \
	tests/unit/test_merkle \
	tests/unit/test_note \
	tests/unit/test_pages \
	tests/unit/test_policy \
	tests/unit/test_property \
	tests/unit/test_replay \
	tests/unit/test_store \
	tests/unit/test_story \
	tests/unit/test_text \
	tests/unit/test_tree \
	tests/unit/test_value \
	tests/unit/test_vault \
	tests/unit/test_verify \
	tests/unit/test_view \
	tests/unit/test_window \
	tests/unit/test_workday

DSL_TESTS = \
	tests/unit/test_diff \
	tests/unit/test_dsl_compile \
	tests/unit/test_dsl_condition \
	tests/unit/test_dsl_cover \
	tests/unit/test_dsl_diag \
	tests/unit/test_dsl_doc \
	tests/unit/test_dsl_example \
	tests/unit/test_dsl_mistakes \
	tests/unit/test_dsl_words \
	tests/unit/test_engine_dsl \
	tests/unit/test_explain \
	tests/unit/test_fineprint \
	tests/unit/test_fineprint_times \
	tests/unit/test_format \
	tests/unit/test_notice \
	tests/unit/test_prove \
	tests/unit/test_scheduler \
	tests/unit/test_shipped \
	tests/unit/test_sketches

# What is told, and by every way: these link cli/libtell.a.
TELL_TESTS = \
	tests/unit/test_calendar \
	tests/unit/test_mail \
	tests/unit/test_serve_conf \
	tests/unit/test_sinks \
	tests/unit/test_webhook
TOLD_SOURCES = tests/unit/told.c tests/unit/told.h
SERVER_SOURCES = tests/unit/server.c tests/unit/server.h
tests_unit_test_calendar_SOURCES = tests/unit/test_calendar.c $(TOLD_SOURCES)
tests_unit_test_calendar_LDADD = $(TELL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_mail_SOURCES = tests/unit/test_mail.c $(TOLD_SOURCES) $(SERVER_SOURCES)
tests_unit_test_mail_LDADD = $(TELL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_serve_conf_LDADD = $(TELL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_sinks_SOURCES = tests/unit/test_sinks.c $(TOLD_SOURCES)
tests_unit_test_sinks_LDADD = $(TELL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_webhook_SOURCES = tests/unit/test_webhook.c $(TOLD_SOURCES) $(SERVER_SOURCES)
tests_unit_test_webhook_LDADD = $(TELL_LIBS) $(CMOCKA_LIBS)

BATS_TESTS = \
	tests/cli/backup.bats \
	tests/cli/badinput.bats \
	tests/cli/bundle.bats \
	tests/cli/change.bats \
	tests/cli/checkpoint.bats \
	tests/cli/demo.bats \
	tests/cli/doc.bats \
	tests/cli/diff.bats \
	tests/cli/explain.bats \
	tests/cli/editors.bats \
	tests/cli/erase.bats \
	tests/cli/fines.bats \
	tests/cli/fmt.bats \
	tests/cli/help.bats \
	tests/cli/hostile.bats \
	tests/cli/import.bats \
	tests/cli/issued.bats \
	tests/cli/ledger2.bats \
	tests/cli/operations.bats \
	tests/cli/record.bats \
	tests/cli/replay.bats \
	tests/cli/restore.bats \
	tests/cli/rules.bats \
	tests/cli/serve.bats \
	tests/cli/tasks.bats \
	tests/cli/verify.bats \
	tests/cli/walk.bats \
	tests/cli/witness.bats

EXTRA_DIST += tests/cli/common.bash tests/cli/pages.bash

# A policy by hand, and a ledger of its own for each test.
TOY_SOURCES = \
	tests/unit/toy_policy.c \
	tests/unit/toy_policy.h \
	tests/unit/toy_store.c \
	tests/unit/toy_store.h
tests_unit_test_diff_SOURCES = tests/unit/test_diff.c $(TOY_SOURCES)
tests_unit_test_diff_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_compile_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_condition_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_cover_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_diag_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_doc_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_example_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_mistakes_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dsl_words_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_prove_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_engine_SOURCES = tests/unit/test_engine.c $(TOY_SOURCES)
tests_unit_test_engine_amend_SOURCES = tests/unit/test_engine_amend.c $(TOY_SOURCES)
tests_unit_test_engine_batch_SOURCES = tests/unit/test_engine_batch.c $(TOY_SOURCES)
tests_unit_test_engine_carry_SOURCES = tests/unit/test_engine_carry.c $(TOY_SOURCES)
tests_unit_test_engine_dsl_SOURCES = tests/unit/test_engine_dsl.c $(TOY_SOURCES)
tests_unit_test_engine_dsl_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_verify_SOURCES = tests/unit/test_verify.c $(TOY_SOURCES)
tests_unit_test_scheduler_SOURCES = tests/unit/test_scheduler.c $(TOY_SOURCES)
tests_unit_test_scheduler_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_engine_event_SOURCES = tests/unit/test_engine_event.c $(TOY_SOURCES)
tests_unit_test_engine_policy_SOURCES = tests/unit/test_engine_policy.c $(TOY_SOURCES)

# The plain derivation, and policies and histories made at random.
RANDOM_SOURCES = \
	tests/unit/random_compile.c \
	tests/unit/random_history.c \
	tests/unit/random_history.h \
	tests/unit/random_policy.c \
	tests/unit/random_policy.h
PLAIN_SOURCES = \
	tests/unit/plain.c \
	tests/unit/plain.h \
	tests/unit/plain_instances.c \
	tests/unit/plain_parts.h
STORY_SOURCES = tests/unit/story_text.c tests/unit/story_text.h tests/unit/fineprint.h
tests_unit_test_explain_any_SOURCES = tests/unit/test_explain_any.c $(RANDOM_SOURCES) \
	$(PLAIN_SOURCES)
tests_unit_test_explain_SOURCES = tests/unit/test_explain.c $(STORY_SOURCES)
tests_unit_test_explain_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_notice_SOURCES = tests/unit/test_notice.c $(STORY_SOURCES)
tests_unit_test_notice_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_fineprint_SOURCES = tests/unit/test_fineprint.c $(STORY_SOURCES)
tests_unit_test_fineprint_times_SOURCES = tests/unit/test_fineprint_times.c $(STORY_SOURCES) \
	$(TOY_SOURCES)
tests_unit_test_fineprint_times_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_fineprint_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_format_SOURCES = tests/unit/test_format.c \
	tests/unit/dump.h tests/unit/dump_policy.c tests/unit/dump_tree.c \
	tests/unit/random_policy.c tests/unit/random_policy.h \
	tests/unit/random_text.c tests/unit/random_text.h
tests_unit_test_format_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_identity_SOURCES = tests/unit/test_identity.c $(RANDOM_SOURCES) $(PLAIN_SOURCES)
# The loop sees clocks that the test can set.
tests_unit_test_vault_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=rename,--wrap=unlink,--wrap=write \
	-Wl,--wrap=pwrite,--wrap=fsync
tests_unit_test_loop_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime,--wrap=read \
	-Wl,--wrap=timerfd_settime
tests_unit_test_property_SOURCES = tests/unit/test_property.c $(RANDOM_SOURCES) $(PLAIN_SOURCES)
tests_unit_test_replay_SOURCES = tests/unit/test_replay.c $(RANDOM_SOURCES) $(PLAIN_SOURCES) \
	$(TOY_SOURCES)
tests_sim_sim_SOURCES = tests/sim/sim.c tests/sim/sim.h tests/sim/sim_check.c tests/sim/sim_world.c \
	$(RANDOM_SOURCES) $(PLAIN_SOURCES) $(TOY_SOURCES)
tests_unit_test_shipped_SOURCES = tests/unit/test_shipped.c $(RANDOM_SOURCES) $(PLAIN_SOURCES)
tests_unit_test_shipped_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_sketches_SOURCES = tests/unit/test_sketches.c $(RANDOM_SOURCES) $(PLAIN_SOURCES)
tests_unit_test_sketches_LDADD = $(DSL_LIBS) $(CMOCKA_LIBS)

# Fuzz targets: each plays its corpus here; tests/fuzz/run looks for more with clang.
FUZZ_TESTS = \
	tests/fuzz/replay_dsl \
	tests/fuzz/replay_event \
	tests/fuzz/replay_format \
	tests/fuzz/replay_note \
	tests/fuzz/replay_vault
tests_fuzz_replay_dsl_SOURCES = tests/fuzz/fuzz_dsl.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_replay_dsl_LDADD = $(DSL_LIBS)
tests_fuzz_replay_event_SOURCES = tests/fuzz/fuzz_event.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_replay_event_LDADD = $(CORE_LIBS)
tests_fuzz_replay_format_SOURCES = tests/fuzz/fuzz_format.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_replay_format_LDADD = $(DSL_LIBS)
tests_fuzz_replay_note_SOURCES = tests/fuzz/fuzz_note.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_replay_note_LDADD = $(CORE_LIBS)
tests_fuzz_replay_vault_SOURCES = tests/fuzz/fuzz_vault.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_replay_vault_LDADD = $(CORE_LIBS)
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus

# --- crashes and faults: `make crash`; a short run of each is among the tests ---

# Libraries that are loaded before the program; plain rules, as nothing of them is installed.
SIM_LOADED = tests/sim/fail.so tests/sim/record.so
SIM_MAKE = $(AM_V_CC)$(MKDIR_P) tests/sim && $(CC) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) $(STD_CFLAGS) \
	$(WARN_CFLAGS) $(CFLAGS) -U_FORTIFY_SOURCE -fPIC -shared $(LDFLAGS)
tests/sim/fail.so: tests/sim/fail.c
	$(SIM_MAKE) -o $@ $(srcdir)/tests/sim/fail.c
tests/sim/record.so: tests/sim/record.c tests/sim/trace.h
	$(SIM_MAKE) -o $@ $(srcdir)/tests/sim/record.c

SIM_COMMON = tests/sim/script.c tests/sim/script.h tests/sim/tree.c tests/sim/tree.h \
	tests/sim/whole.c tests/sim/whole.h
check_PROGRAMS += tests/sim/crash tests/sim/faults
tests_sim_crash_SOURCES = tests/sim/crash.c tests/sim/disk.c tests/sim/disk.h tests/sim/trace.h \
	$(SIM_COMMON)
tests_sim_crash_LDADD = $(DSL_LIBS)
tests_sim_faults_SOURCES = tests/sim/faults.c $(SIM_COMMON)
tests_sim_faults_LDADD = $(DSL_LIBS)
check_DATA += $(SIM_LOADED)
CLEANFILES += $(SIM_LOADED)
EXTRA_DIST += tests/sim/fail.c tests/sim/record.c tests/sim/crash.rules
# Nothing can be loaded before a sanitizer, and it has its own malloc.
PRELOAD_TESTS = tests/cli/trouble.bats tests/sim/crash.bats tests/sim/faults.bats
EXTRA_DIST += $(PRELOAD_TESTS)
if !SANITIZED
BATS_TESTS += $(PRELOAD_TESTS)
endif

# Every byte of a small ledger changed: `make tamper`; a sample is among the tests.
check_PROGRAMS += tests/sim/tamper
tests_sim_tamper_SOURCES = tests/sim/tamper.c tests/sim/tamper.h tests/sim/tamper_dump.c \
	tests/sim/tamper_insider.c
tests_sim_tamper_LDADD = $(DSL_LIBS) $(LMDB_LIBS)
BATS_TESTS += tests/sim/tamper.bats
EXTRA_DIST += tests/sim/small_ledger.sh tests/data/ledger-2
.PHONY: tamper
tamper: kadens$(EXEEXT) tests/sim/tamper$(EXEEXT)
	@root=$$(mktemp -d) && \
	bash $(srcdir)/tests/sim/small_ledger.sh ./kadens$(EXEEXT) $(srcdir)/tests/sim/crash.rules \
	  "$$root" tests/sim/tamper$(EXEEXT) && \
	for what in bytes pages insider; do \
	  echo "$$what:"; tests/sim/tamper$(EXEEXT) $$what "$$root" || exit 1; \
	done; rm -rf "$$root"

# Thousands of runs of the scheduler; a short run is among the tests.
SIM_SEEDS = 5000
.PHONY: crash sim
sim: tests/sim/sim$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) ./tests/sim/sim --seeds $(SIM_SEEDS)
crash: kadens$(EXEEXT) tests/sim/crash$(EXEEXT) tests/sim/faults$(EXEEXT) $(SIM_LOADED)
	@$(AM_TESTS_ENVIRONMENT) ./tests/sim/crash --images 10000 --seconds 1200 && \
	./tests/sim/faults --short --seconds 1200

# --- how they are built and run ---

UNIT_TESTS = $(CORE_TESTS) $(DSL_TESTS) $(TELL_TESTS) $(FUZZ_TESTS)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(BATS_TESTS)
EXTRA_DIST += $(BATS_TESTS) tests/unit/days.h tests/unit/records.h tests/unit/store.h \
	tests/unit/unit.h
EXTRA_DIST += tests/data/check-bundle.pl
EXTRA_DIST += tests/data/diag tests/data/dsl tests/data/mistakes tests/unit/dsl.h
EXTRA_DIST += tests/data/fines-excerpt.jsonl tests/data/fines-excerpt.expected.json \
	tests/rules/road-fines.rules

# Each program's source is the .c of its own name; core's tests link this.
AM_DEFAULT_SOURCE_EXT = .c
LDADD = $(CORE_LIBS) $(CMOCKA_LIBS)

TEST_EXTENSIONS = .bats
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_LOG_DRIVER_FLAGS = --comments
BATS_LOG_DRIVER = $(LOG_DRIVER)
AM_BATS_LOG_DRIVER_FLAGS = --comments
BATS_LOG_COMPILER = $(BATS)
AM_BATS_LOG_FLAGS = --tap

AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	KADENS='$(abs_top_builddir)/kadens$(EXEEXT)'; export KADENS; \
	WITNESS='$(abs_top_builddir)/kadens-witness$(EXEEXT)'; export WITNESS; \
	KAD_DATA='$(abs_top_srcdir)/tests'; export KAD_DATA; \
	KAD_SRC='$(abs_top_srcdir)'; export KAD_SRC; \
	KADENS_KEYS='$(abs_top_builddir)/tests/keys'; export KADENS_KEYS; \
	LC_ALL=C.UTF-8; export LC_ALL; \
	TZ=UTC; export TZ; \
	unset LANGUAGE LANG KADENS_STORE KADENS_MAP;

# Each test has a key folder of its own; this one is for what forgot.
.PHONY: clean-keys
clean-keys:
	rm -rf tests/keys
clean-local: clean-keys

# --- the unit tests under valgrind: `make check-valgrind`, some minutes; not part of the tests ---

# The window tests try every start day of 400 years, and the children that test_store makes end without
# freeing anything, so those are not asked for leaks.
.PHONY: check-valgrind
check-valgrind: $(UNIT_TESTS) kadens$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) KADENS_MAP=16G; export KADENS_MAP; \
	KADENS_SEEDS=100; export KADENS_SEEDS; failed=0; \
	for t in $(UNIT_TESTS); do \
	  case $$t in *test_store) leaks=no ;; *) leaks=full ;; esac; \
	  if valgrind -q --error-exitcode=99 --leak-check=$$leaks --child-silent-after-fork=yes \
	    ./$$t >$$t.valgrind 2>&1; then echo "clean: $$t"; \
	  else echo "NOT clean: $$t (see $$t.valgrind)"; failed=1; fi; \
	done; exit $$failed
CLEANFILES += tests/unit/*.valgrind

# --- what it costs: `make bench`, not part of the tests ---

EXTRA_PROGRAMS += tests/bench/plain_import tests/bench/midnight
tests_bench_midnight_SOURCES = tests/bench/midnight.c
tests_bench_midnight_LDADD = $(DSL_LIBS)
tests_bench_plain_import_LDADD = $(LMDB_LIBS)
EXTRA_DIST += tests/bench/bench.sh
CLEANFILES += $(EXTRA_PROGRAMS)

.PHONY: bench
bench: kadens$(EXEEXT) tests/bench/plain_import$(EXEEXT)
	KADENS='$(abs_top_builddir)/kadens$(EXEEXT)' KAD_SRC='$(abs_top_srcdir)' \
	FLOOR='$(abs_top_builddir)/tests/bench/plain_import$(EXEEXT)' LC_ALL=C.UTF-8 \
	bash $(srcdir)/tests/bench/bench.sh
