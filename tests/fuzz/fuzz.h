/* A fuzz target is one function over bytes that must do no harm, and its name, which is that of its
 * corpus too. `tests/fuzz/run NAME SECONDS` builds it with clang's libFuzzer and looks for bytes
 * that do; what is found goes into the corpus. `make check` plays the corpus through replay.c. */
#ifndef KAD_TESTS_FUZZ_H
#define KAD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

extern const char kad_fuzz_name[];
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
