# core/: the engine. To add a file, put its .c and .h into the list below, in the alphabet's order.
# A new library goes into CORE_LIBS, which every program that links libcore.a uses.

noinst_LIBRARIES += core/libcore.a

core_libcore_a_SOURCES = \
	core/arena.c \
	core/arena.h \
	core/attribute.c \
	core/buf.c \
	core/buf.h \
	core/calendar.c \
	core/calendar.h \
	core/civil.h \
	core/clock.h \
	core/derive.c \
	core/derive.h \
	core/derive_priv.h \
	core/engine.h \
	core/err.c \
	core/err.h \
	core/event.h \
	core/expr.c \
	core/instance.c \
	core/judge.c \
	core/ledger.h \
	core/limits.h \
	core/match.c \
	core/policy.c \
	core/policy.h \
	core/story.h \
	core/text.c \
	core/text.h \
	core/value.c \
	core/value.h \
	core/window.c \
	core/workday.c

CORE_LIBS = core/libcore.a $(LMDB_LIBS) $(SODIUM_LIBS) $(UNISTRING_LIBS)
