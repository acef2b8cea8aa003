/* The policies that come with the program: the files of rules/local.mk, byte for byte. */
#ifndef KAD_RULES_SHIPPED_H
#define KAD_RULES_SHIPPED_H

#include <stddef.h>

struct kad_shipped {
    const char *name; /* the file's name without ".rules": "se-hoglandet-2021" */
    const char *text; /* UTF-8, closed by a NUL that is not counted */
    size_t size;      /* bytes */
};

/* In the order of rules/local.mk; the last entry has no name. */
extern const struct kad_shipped kad_shipped[];

#endif
