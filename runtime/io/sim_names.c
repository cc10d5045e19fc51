/* runtime/io/sim_names.c */
#include "runtime/io/sim_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

struct cairn_sim_name {
    char path[CAIRN_SIM_PATH_BYTES];
    struct cairn_sim_file *file; /* held; NULL: a directory */
};

enum change_kind {
    LINK,   /* path is file */
    UNLINK, /* path is gone */
    RENAME, /* path, and all below it, is now to */
};

struct cairn_sim_name_change {
    enum change_kind kind;
    char path[CAIRN_SIM_PATH_BYTES];
    char to[CAIRN_SIM_PATH_BYTES];
    struct cairn_sim_file *file; /* held, for LINK */
    bool dropped;                /* by a crash */
};

/* ---- paths ---- */

static void copy_path(char *target, const char *path)
{
    size_t bytes = strlen(path) + 1;
    cairn_assert(bytes <= CAIRN_SIM_PATH_BYTES);
    memcpy(target, path, bytes);
}

static const char *skip_dot_slash(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

/* One spelling for each path: no "./" before, no "//" within, no "/" behind. */
static int normalise(const char *path, char *normal)
{
    size_t bytes = 0;
    for (path = skip_dot_slash(path); *path != 0; path++) {
        bool repeated = *path == '/' && bytes > 0 && normal[bytes - 1] == '/';
        if (repeated)
            continue;
        if (bytes == CAIRN_SIM_PATH_BYTES - 1)
            return -ENAMETOOLONG;
        normal[bytes++] = *path;
    }
    if (bytes > 1 && normal[bytes - 1] == '/')
        bytes--;
    if (bytes == 0)
        normal[bytes++] = '.';
    normal[bytes] = 0;
    return 0;
}

static void parent_of(const char *path, char *parent)
{
    const char *slash = strrchr(path, '/');
    size_t bytes = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(parent, path, bytes);
    parent[bytes] = 0;
    if (bytes == 0)
        copy_path(parent, slash == NULL ? "." : "/");
}

static bool is_child_of(const char *path, const char *directory)
{
    char parent[CAIRN_SIM_PATH_BYTES];
    parent_of(path, parent);
    return strcmp(parent, directory) == 0;
}

/* ---- one table of names ---- */

static struct cairn_sim_name *find(const struct cairn_sim_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->rows[i].path, path) == 0)
            return &names->rows[i];
    return NULL;
}

static void drop(struct cairn_sim_names *names, struct cairn_sim_name *name)
{
    cairn_assert(names->count > 0);
    cairn_sim_file_release(name->file);
    *name = names->rows[--names->count];
}

static void put(struct cairn_sim_names *names, const char *path, struct cairn_sim_file *file)
{
    cairn_sim_file_hold(file);
    struct cairn_sim_name *name = find(names, path);
    if (name != NULL)
        drop(names, name);
    names->rows =
        cairn_sim_grow(names->rows, names->count, &names->capacity, sizeof(names->rows[0]));
    name = &names->rows[names->count++];
    name->file = file;
    copy_path(name->path, path);
}

static bool is_at_or_below(const char *path, const char *directory)
{
    size_t bytes = strlen(directory);
    return strncmp(path, directory, bytes) == 0 && (path[bytes] == 0 || path[bytes] == '/');
}

/* Give `path` the beginning `to` in place of `from`. A path that becomes too long keeps its name. */
static void move_path(char *path, const char *from, const char *to)
{
    char moved[CAIRN_SIM_PATH_BYTES];
    int bytes = snprintf(moved, sizeof(moved), "%s%s", to, path + strlen(from));
    if (bytes < (int)sizeof(moved))
        copy_path(path, moved);
}

static void move(struct cairn_sim_names *names, const char *from, const char *to)
{
    if (find(names, from) == NULL)
        return; /* its creation was lost */
    struct cairn_sim_name *replaced = find(names, to);
    if (replaced != NULL)
        drop(names, replaced);
    for (size_t i = 0; i < names->count; i++)
        if (is_at_or_below(names->rows[i].path, from))
            move_path(names->rows[i].path, from, to);
}

static void apply(struct cairn_sim_names *names, const struct cairn_sim_name_change *change)
{
    struct cairn_sim_name *name = find(names, change->path);
    switch (change->kind) {
    case LINK:
        put(names, change->path, change->file);
        break;
    case UNLINK:
        if (name != NULL)
            drop(names, name);
        break;
    case RENAME:
        move(names, change->path, change->to);
        break;
    }
}

static void names_deinit(struct cairn_sim_names *names)
{
    while (names->count > 0)
        drop(names, &names->rows[names->count - 1]);
    free(names->rows);
    *names = (struct cairn_sim_names){0};
}

static void names_copy(struct cairn_sim_names *target, const struct cairn_sim_names *source)
{
    names_deinit(target);
    for (size_t i = 0; i < source->count; i++)
        put(target, source->rows[i].path, source->rows[i].file);
}

/* ---- the tree ---- */

static bool is_directory(const struct cairn_sim_tree *tree, const char *path)
{
    if (strcmp(path, ".") == 0 || strcmp(path, "/") == 0)
        return true;
    const struct cairn_sim_name *name = find(&tree->current, path);
    return name != NULL && name->file == NULL;
}

static int check_parent(const struct cairn_sim_tree *tree, const char *path)
{
    char parent[CAIRN_SIM_PATH_BYTES];
    parent_of(path, parent);
    if (is_directory(tree, parent))
        return 0;
    return find(&tree->current, parent) == NULL ? -ENOENT : -ENOTDIR;
}

/* The change is seen now; it is sure once its directory is flushed. */
static void change_names(struct cairn_sim_tree *tree, enum change_kind kind, const char *path,
                         const char *to, struct cairn_sim_file *file)
{
    tree->journal = cairn_sim_grow(tree->journal, tree->journal_count, &tree->journal_capacity,
                                   sizeof(tree->journal[0]));
    struct cairn_sim_name_change *change = &tree->journal[tree->journal_count++];
    *change = (struct cairn_sim_name_change){.kind = kind, .file = file};
    copy_path(change->path, path);
    copy_path(change->to, to);
    cairn_sim_file_hold(file);
    apply(&tree->current, change);
}

static const char *directory_entry(const struct cairn_sim_name_change *change)
{
    return change->kind == RENAME ? change->to : change->path;
}

void cairn_sim_tree_deinit(struct cairn_sim_tree *tree)
{
    for (size_t i = 0; i < tree->journal_count; i++)
        cairn_sim_file_release(tree->journal[i].file);
    free(tree->journal);
    names_deinit(&tree->current);
    names_deinit(&tree->durable);
    *tree = (struct cairn_sim_tree){0};
}

int cairn_sim_tree_open(struct cairn_sim_tree *tree, const char *path, bool create, bool exclusive,
                        struct cairn_sim_file **file)
{
    char normal[CAIRN_SIM_PATH_BYTES];
    int result = normalise(path, normal);
    if (result == 0)
        result = check_parent(tree, normal);
    if (result < 0)
        return result;
    if (is_directory(tree, normal))
        return -EISDIR;

    const struct cairn_sim_name *name = find(&tree->current, normal);
    if (name == NULL && !create)
        return -ENOENT;
    if (name != NULL && create && exclusive)
        return -EEXIST;
    if (name != NULL) {
        *file = name->file;
        return 0;
    }
    *file = cairn_sim_file_create();
    change_names(tree, LINK, normal, "", *file);
    cairn_sim_file_release(*file); /* the names hold it */
    return 0;
}

int cairn_sim_tree_rename(struct cairn_sim_tree *tree, const char *from, const char *to)
{
    char old[CAIRN_SIM_PATH_BYTES];
    char new[CAIRN_SIM_PATH_BYTES];
    int result = normalise(from, old);
    if (result == 0)
        result = normalise(to, new);
    if (result == 0)
        result = check_parent(tree, new);
    if (result < 0)
        return result;
    if (find(&tree->current, old) == NULL)
        return -ENOENT;
    if (is_directory(tree, new))
        return is_directory(tree, old) ? -ENOTEMPTY : -EISDIR;
    if (strcmp(old, new) != 0)
        change_names(tree, RENAME, old, new, NULL);
    return 0;
}

int cairn_sim_tree_unlink(struct cairn_sim_tree *tree, const char *path)
{
    char normal[CAIRN_SIM_PATH_BYTES];
    int result = normalise(path, normal);
    if (result < 0)
        return result;
    if (is_directory(tree, normal))
        return -EISDIR;
    if (find(&tree->current, normal) == NULL)
        return -ENOENT;
    change_names(tree, UNLINK, normal, "", NULL);
    return 0;
}

int cairn_sim_tree_make_directory(struct cairn_sim_tree *tree, const char *path)
{
    char normal[CAIRN_SIM_PATH_BYTES];
    int result = normalise(path, normal);
    if (result < 0)
        return result;
    if (is_directory(tree, normal))
        return 0;
    if (find(&tree->current, normal) != NULL)
        return -EEXIST;
    result = check_parent(tree, normal);
    if (result == 0)
        change_names(tree, LINK, normal, "", NULL);
    return result;
}

int cairn_sim_tree_sync_directory(struct cairn_sim_tree *tree, const char *path)
{
    char normal[CAIRN_SIM_PATH_BYTES];
    int result = normalise(path, normal);
    if (result < 0)
        return result;
    if (!is_directory(tree, normal))
        return find(&tree->current, normal) == NULL ? -ENOENT : -ENOTDIR;

    size_t kept = 0;
    for (size_t i = 0; i < tree->journal_count; i++) {
        struct cairn_sim_name_change *change = &tree->journal[i];
        if (is_child_of(directory_entry(change), normal)) {
            apply(&tree->durable, change);
            cairn_sim_file_release(change->file);
        } else if (kept++ != i) {
            tree->journal[kept - 1] = *change;
        }
    }
    tree->journal_count = kept;
    return 0;
}

/* Names are copied first: `entry` may remove what it is told of. The order begins anywhere, so that
 * nobody comes to rely on it. */
int cairn_sim_tree_list(struct cairn_sim_tree *tree, const char *path,
                        int (*entry)(void *context, const char *name), void *context,
                        struct cairn_random *random)
{
    char normal[CAIRN_SIM_PATH_BYTES];
    int result = normalise(path, normal);
    if (result < 0)
        return result;
    if (!is_directory(tree, normal))
        return find(&tree->current, normal) == NULL ? -ENOENT : -ENOTDIR;

    size_t count = tree->current.count;
    struct cairn_sim_name *rows = cairn_sim_allocate(count * sizeof(*rows));
    if (count > 0)
        memcpy(rows, tree->current.rows, count * sizeof(*rows));
    size_t start = count > 0 ? (size_t)cairn_random_below(random, count) : 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const char *name = rows[(start + i) % count].path;
        const char *slash = strrchr(name, '/');
        if (is_child_of(name, normal))
            result = entry(context, slash != NULL ? slash + 1 : name);
    }
    free(rows);
    return result;
}

/* Once a directory loses a change it loses all that follow: a file system's journal has an order.
 */
static bool follows_a_loss(const struct cairn_sim_tree *tree, size_t index)
{
    char parent[CAIRN_SIM_PATH_BYTES];
    parent_of(directory_entry(&tree->journal[index]), parent);
    for (size_t i = 0; i < index; i++)
        if (tree->journal[i].dropped && is_child_of(directory_entry(&tree->journal[i]), parent))
            return true;
    return false;
}

void cairn_sim_tree_crash(struct cairn_sim_tree *tree, const struct cairn_sim_fate *fate)
{
    for (size_t i = 0; i < tree->journal_count; i++) {
        struct cairn_sim_name_change *change = &tree->journal[i];
        bool kept = cairn_random_below(fate->random, 8) < fate->keep_in_8;
        change->dropped = !kept || follows_a_loss(tree, i);
        if (!change->dropped)
            apply(&tree->durable, change);
    }
    for (size_t i = 0; i < tree->journal_count; i++)
        cairn_sim_file_release(tree->journal[i].file);
    tree->journal_count = 0;

    for (size_t i = 0; i < tree->durable.count; i++)
        if (tree->durable.rows[i].file != NULL)
            cairn_sim_file_crash(tree->durable.rows[i].file, fate);
    names_copy(&tree->current, &tree->durable);
}

uint64_t cairn_sim_tree_bytes(const struct cairn_sim_tree *tree)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < tree->current.count; i++)
        if (tree->current.rows[i].file != NULL)
            bytes += tree->current.rows[i].file->current.bytes;
    return bytes;
}
