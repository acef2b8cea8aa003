# core/: the engine. To add a file, put its .c and .h into the list below, in the alphabet's order.
# A new library goes into CORE_LIBS, which every program that links libcore.a uses.

noinst_LIBRARIES += core/libcore.a

core_libcore_a_SOURCES = \
	core/arena.c \
	core/arena.h \
	core/attribute.c \
	core/backup.c \
	core/backup.h \
	core/backups.c \
	core/backups.h \
	core/batch.c \
	core/buf.c \
	core/buf.h \
	core/calendar.c \
	core/calendar.h \
	core/civil.h \
	core/child.c \
	core/child.h \
	core/clock.c \
	core/clock.h \
	core/copy.c \
	core/copy.h \
	core/derive.c \
	core/derive.h \
	core/derive_priv.h \
	core/diff.c \
	core/diff.h \
	core/digest.c \
	core/digest.h \
	core/draft_amend.c \
	core/draft_event.c \
	core/draft_policy.c \
	core/draft_read.c \
	core/draft_same.c \
	core/draft_story.c \
	core/engine.c \
	core/engine.h \
	core/engine_ask.c \
	core/engine_priv.h \
	core/err.c \
	core/err.h \
	core/event.c \
	core/event.h \
	core/explain.c \
	core/explain.h \
	core/explain_absent.c \
	core/explain_event.c \
	core/explain_priv.h \
	core/explain_task.c \
	core/explain_would.c \
	core/expr.c \
	core/files.c \
	core/files.h \
	core/instance.c \
	core/instant.c \
	core/judge.c \
	core/keys.c \
	core/keys.h \
	core/ledger.h \
	core/ledger_create.c \
	core/ledger_due.c \
	core/ledger_lmdb.c \
	core/ledger_open.c \
	core/ledger_priv.h \
	core/ledger_read.c \
	core/ledger_tree.c \
	core/ledger_txn.c \
	core/limits.h \
	core/loop.h \
	core/loop_uv.c \
	core/match.c \
	core/merkle.c \
	core/merkle.h \
	core/note.c \
	core/note.h \
	core/pages.c \
	core/pages.h \
	core/notice.c \
	core/notice.h \
	core/policy.c \
	core/policy.h \
	core/policy_clash.c \
	core/story.c \
	core/story.h \
	core/text.c \
	core/text.h \
	core/tiles.c \
	core/tiles.h \
	core/value.c \
	core/value.h \
	core/view.c \
	core/window.c \
	core/workday.c

CORE_LIBS = core/libcore.a $(LMDB_LIBS) $(SODIUM_LIBS) $(UV_LIBS) $(UNISTRING_LIBS)
