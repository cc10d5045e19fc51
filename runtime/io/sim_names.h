/* runtime/io/sim_names.h: the names of the simulated disk: as seen, as sure, and the changes
 * between.
 *
 * A name is a path; a directory is a name without a file. "." and "/" are always there.
 *
 * Ownership   Names and journal hold references to the files.
 * Context     One thread.
 * Errors      As from the system calls: -ENOENT, -EEXIST, -EISDIR, -ENOTDIR, -ENAMETOOLONG.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/io/sim_file.h"

#define CAIRN_SIM_PATH_BYTES 256

struct cairn_sim_name;
struct cairn_sim_name_change;

struct cairn_sim_names {
    struct cairn_sim_name *rows;
    size_t count;
    size_t capacity;
};

struct cairn_sim_tree {
    struct cairn_sim_names current;
    struct cairn_sim_names durable;
    struct cairn_sim_name_change *journal; /* oldest first */
    size_t journal_count;
    size_t journal_capacity;
};

void cairn_sim_tree_deinit(struct cairn_sim_tree *tree);
/* The file of that name, borrowed. `create`: make it when it is not there. */
int cairn_sim_tree_open(struct cairn_sim_tree *tree, const char *path, bool create, bool exclusive,
                        struct cairn_sim_file **file);
int cairn_sim_tree_rename(struct cairn_sim_tree *tree, const char *from, const char *to);
int cairn_sim_tree_unlink(struct cairn_sim_tree *tree, const char *path);
int cairn_sim_tree_make_directory(struct cairn_sim_tree *tree, const char *path);
int cairn_sim_tree_sync_directory(struct cairn_sim_tree *tree, const char *path);
int cairn_sim_tree_list(struct cairn_sim_tree *tree, const char *path,
                        int (*entry)(void *context, const char *name), void *context,
                        struct cairn_random *random);
/* Of the changes that are not sure, each directory keeps its first ones. Files crash as well. */
void cairn_sim_tree_crash(struct cairn_sim_tree *tree, const struct cairn_sim_fate *fate);
/* What all named files hold. */
uint64_t cairn_sim_tree_bytes(const struct cairn_sim_tree *tree);
