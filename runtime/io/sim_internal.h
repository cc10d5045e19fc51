/* runtime/io/sim_internal.h: the simulated world, seen by the modules that make it up.
 *
 * sim.c is the world (time, faults, descriptors, the crash), sim_queue.c what its instances do in a
 * poll, sim_calls.c what is done on return; sim_file, sim_names and sim_net are plain models that
 * know no instance. */
#pragma once

#include "runtime/base/random.h"
#include "runtime/io/buffers.h"
#include "runtime/io/io_internal.h"
#include "runtime/io/sim.h"
#include "runtime/io/sim_names.h"
#include "runtime/io/sim_net.h"

#define CAIRN_SIM_DIRECT_BYTES 4096u /* alignment that O_DIRECT asks for */

/* Exactly one of file, listener and socket is set; none: free. */
struct cairn_sim_descriptor {
    struct cairn_sim_file *file; /* held */
    struct cairn_sim_listener *listener;
    struct cairn_sim_socket *socket;
    bool writable;
    bool direct;
    bool outside; /* a client's: it survives the process */
};

struct cairn_sim_instance {
    struct cairn_io io;
    struct cairn_sim *sim;
    struct cairn_sim_instance *next;
    struct cairn_io_op_list scheduled; /* FLYING: by due_ns, then by submission */
    struct cairn_io_op_list blocked;   /* QUEUED: until its socket is ready */
    struct cairn_io_buffers buffers;
    struct cairn_random random; /* the program's; the world's choices have their own */
    bool woken;
    bool dead; /* its process has ended */
};

struct cairn_sim {
    struct cairn_sim_options options;
    uint64_t now_ns;
    struct cairn_random random;
    uint64_t fingerprint;
    struct cairn_sim_instance *instances;
    struct cairn_sim_tree tree;
    struct cairn_sim_net net;
    struct cairn_sim_descriptor *descriptors; /* by number */
    size_t descriptor_count;
    size_t descriptor_capacity;

    uint32_t fail_operations; /* the plan of cairn_sim_fail */
    uint64_t fail_skip;
    uint64_t fail_count;
    int fail_error;
    uint64_t failures;
};

/* ---- sim.c ---- */

/* The error that the plan has for an operation of that kind now, or 0. */
int cairn_sim_fault(struct cairn_sim *sim, uint32_t operation);
void cairn_sim_note(struct cairn_sim *sim, uint64_t code, int64_t result);
struct cairn_sim_fate cairn_sim_fate(struct cairn_sim *sim);

int cairn_sim_descriptor_add(struct cairn_sim *sim, const struct cairn_sim_descriptor *descriptor);
struct cairn_sim_descriptor *cairn_sim_descriptor(struct cairn_sim *sim, int fd); /* or NULL */
void cairn_sim_descriptor_close(struct cairn_sim *sim, int fd, bool with_reset);

/* File access as both halves of the seam see it: faults, room on the disk, O_DIRECT, and -EBADF. */
int64_t cairn_sim_read(struct cairn_sim *sim, int fd, void *buffer, size_t bytes, uint64_t offset);
int64_t cairn_sim_write(struct cairn_sim *sim, int fd, const void *buffer, size_t bytes,
                        uint64_t offset, bool durable);
int cairn_sim_sync(struct cairn_sim *sim, int fd);

/* ---- sim_queue.c ---- */

/* Every operation that waits for a socket and now need not. */
void cairn_sim_schedule_ready(struct cairn_sim_instance *instance);
/* The process has ended: all operations fail at the next poll. */
void cairn_sim_instance_end(struct cairn_sim_instance *instance);

/* ---- sim_calls.c ---- */

extern const struct cairn_io_clock cairn_sim_clock;
extern const struct cairn_io_files cairn_sim_files;
extern const struct cairn_io_sockets cairn_sim_sockets;
