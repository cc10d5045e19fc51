/* tests/support/stderr.h: what a function says on stderr. */
#pragma once

#include <stdio.h>
#include <unistd.h>

#include "tests/support/unit.h"

struct stderr_capture {
    FILE *file;
    int saved;
    char text[1024];
};

static inline void stderr_capture_begin(struct stderr_capture *capture)
{
    fflush(stderr);
    capture->file = tmpfile();
    assert_non_null(capture->file);
    capture->saved = dup(2);
    assert_true(capture->saved >= 0 && dup2(fileno(capture->file), 2) == 2);
}

/* Good until the next begin. */
static inline const char *stderr_capture_end(struct stderr_capture *capture)
{
    fflush(stderr);
    assert_int_equal(dup2(capture->saved, 2), 2);
    close(capture->saved);
    rewind(capture->file);
    size_t bytes = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
    capture->text[bytes] = '\0';
    fclose(capture->file);
    return capture->text;
}
