#include "tools/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/suggest.h"

#define OPTIONS_MAX 32

static const struct cairn_option *find(const struct cairn_option *options, const char *text,
                                       size_t bytes)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == bytes && memcmp(options->name, text, bytes) == 0)
            return options;
    }
    return NULL;
}

static int tell_unknown(const char *command, const struct cairn_option *options, const char *text,
                        size_t bytes)
{
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (; options->name != NULL && count < OPTIONS_MAX; options++)
        names[count++] = options->name;
    const char *nearest = cairn_suggest(cairn_slice(text, bytes), names, count);
    fprintf(stderr, "cairn %s: unknown option %.*s", command, (int)bytes, text);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fprintf(stderr, " (cairn %s --help)\n", command);
    return -EINVAL;
}

static int store(const char *command, const struct cairn_option *option, const char *value)
{
    if (option->value != NULL) {
        *option->value = value;
        return 0;
    }
    if (option->repeated->count == CAIRN_ARGS_REPEAT_MAX) {
        fprintf(stderr, "cairn %s: %s is given more than %d times\n", command, option->name,
                CAIRN_ARGS_REPEAT_MAX);
        return -EINVAL;
    }
    option->repeated->values[option->repeated->count++] = value;
    return 0;
}

/* One option at argv[*i]; moves *i past its value. */
static int take(const char *command, const struct cairn_option *options, int argc, char *argv[],
                int *i)
{
    const char *text = argv[*i];
    const char *equals = strchr(text, '=');
    size_t bytes = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct cairn_option *option = find(options, text, bytes);
    if (option == NULL)
        return tell_unknown(command, options, text, bytes);
    if (option->flag != NULL) {
        if (equals != NULL) {
            fprintf(stderr, "cairn %s: %s takes no value\n", command, option->name);
            return -EINVAL;
        }
        *option->flag = true;
        return 0;
    }
    if (equals != NULL)
        return store(command, option, equals + 1);
    if (*i + 1 >= argc) {
        fprintf(stderr, "cairn %s: %s needs a value\n", command, option->name);
        return -EINVAL;
    }
    return store(command, option, argv[++*i]);
}

int cairn_args_parse(struct cairn_args *args, const char *command, int argc, char *argv[],
                     const struct cairn_option *options, int positional_max)
{
    int count = 0;
    bool is_over = false;
    for (int i = 0; i < argc; i++) {
        if (!is_over && strcmp(argv[i], "--") == 0) {
            is_over = true;
        } else if (!is_over && argv[i][0] == '-' && argv[i][1] != '\0') {
            int result = take(command, options, argc, argv, &i);
            if (result < 0)
                return result;
        } else {
            argv[count++] = argv[i];
        }
    }
    if (count > positional_max) {
        fprintf(stderr, "cairn %s: one argument too many: %s (cairn %s --help)\n", command,
                argv[positional_max], command);
        return -EINVAL;
    }
    *args = (struct cairn_args){.command = command, .positional = argv, .count = count};
    return 0;
}
