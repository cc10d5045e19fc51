/* tests/support/corpus.h: files that tests read, and where the shared test data lies. */
#pragma once

#include "runtime/base/bytes.h"

/* The path of `name` in the shared data: $CAIRN_TEST_DATA or ../shared/data. NULL, with a line that
 * says what is left out, when it is not there. Good until the next call. */
const char *corpus_path(const char *name);

/* A whole file, appended. False when it cannot be read. */
bool corpus_read(const char *path, struct cairn_buffer *content);

/* Call `visit` for each regular file at or below `directory` whose name ends in `suffix`, in order
 * of their paths. Returns how many there were. */
int corpus_each(const char *directory, const char *suffix,
                void (*visit)(const char *path, void *context), void *context);
