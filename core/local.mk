# core/: the engine. To add a file, put its .c and .h into the list below, in the alphabet's order.
# A new library goes into CORE_LIBS, which every program that links libcore.a uses.

noinst_LIBRARIES += core/libcore.a

core_libcore_a_SOURCES = \
	core/arena.c \
	core/arena.h \
	core/buf.c \
	core/buf.h \
	core/calendar.c \
	core/calendar.h \
	core/civil.h \
	core/err.c \
	core/err.h \
	core/limits.h \
	core/text.c \
	core/text.h \
	core/value.c \
	core/value.h \
	core/window.c \
	core/workday.c

CORE_LIBS = core/libcore.a $(LMDB_LIBS) $(SODIUM_LIBS) $(UNISTRING_LIBS)
