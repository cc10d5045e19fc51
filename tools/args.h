/* tools/args.h: command-line options, declared in a table.
 *
 * Options may stand anywhere among the arguments; `--name=value` and `--name value` are the same;
 * `--` ends them.
 *
 * Errors   A message on stderr with "did you mean", and -EINVAL: the caller exits with 2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CAIRN_ARGS_REPEAT_MAX 64

struct cairn_option {
    const char *name;                /* with its dashes; NULL ends the table */
    const char **value;              /* takes a value, the last one given; or */
    bool *flag;                      /* takes none; or */
    struct cairn_repeated *repeated; /* takes values, all are kept */
};

struct cairn_repeated {
    const char *values[CAIRN_ARGS_REPEAT_MAX];
    size_t count;
};

struct cairn_args {
    const char *command; /* for messages */
    char **positional;   /* borrowed from argv */
    int count;
};

/* Takes options out of argv; what is left is positional, at most `positional_max`. */
int cairn_args_parse(struct cairn_args *args, const char *command, int argc, char *argv[],
                     const struct cairn_option *options, int positional_max);
