#include "tests/support/corpus.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *corpus_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("CAIRN_TEST_DATA");
    snprintf(path, sizeof(path), "%s/%s", root == NULL ? "../shared/data" : root, name);
    if (access(path, R_OK) == 0)
        return path;
    printf("left out: %s is not there (set CAIRN_TEST_DATA)\n", path);
    return NULL;
}

bool corpus_read(const char *path, struct cairn_buffer *content)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    char block[65536];
    size_t bytes;
    while ((bytes = fread(block, 1, sizeof(block), file)) > 0)
        cairn_buffer_append(content, block, bytes);
    bool is_read = ferror(file) == 0 && !content->failed;
    fclose(file);
    return is_read;
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t name_bytes = strlen(name);
    size_t suffix_bytes = strlen(suffix);
    return name_bytes >= suffix_bytes && strcmp(name + name_bytes - suffix_bytes, suffix) == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

int corpus_each(const char *directory, const char *suffix,
                void (*visit)(const char *path, void *context), void *context)
{
    char root[4096];
    snprintf(root, sizeof(root), "%s", directory);
    char *roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL)
        return 0;
    int count = 0;
    FTSENT *entry;
    while ((entry = fts_read(walk)) != NULL) {
        if (entry->fts_info != FTS_F || !ends_in(entry->fts_name, suffix))
            continue;
        visit(entry->fts_path, context);
        count++;
    }
    fts_close(walk);
    return count;
}
