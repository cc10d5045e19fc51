/* The simulated world: what a crash may leave and what it may not, planned faults, and that a run is
 * a function of its seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "runtime/io/sim.h"
#include "tests/support/unit.h"

#define SECTOR  512
#define SECTORS 16
#define SEEDS   200 /* enough for each fate of a sector to be seen many times */
#define CREATE  (CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE)

struct world {
    struct cairn_sim *sim;
    struct cairn_io *io;
};

static struct cairn_io *enter(struct cairn_sim *sim)
{
    struct cairn_io_options options = {
        .queue_entries = 8, .receive_buffer_count = 4, .receive_buffer_bytes = 256, .sim = sim};
    struct cairn_io *io;
    assert_int_equal(cairn_io_create(CAIRN_IO_SIM, &options, &io), 0);
    return io;
}

static struct world world_with(const struct cairn_sim_options *options)
{
    struct world world;
    assert_int_equal(cairn_sim_create(options, &world.sim), 0);
    world.io = enter(world.sim);
    return world;
}

static struct world world_of(uint64_t seed)
{
    return world_with(&(struct cairn_sim_options){.seed = seed});
}

static void leave(struct world *world)
{
    cairn_io_destroy(world->io);
    cairn_sim_destroy(world->sim);
}

/* The power is cut, and the program starts again. */
static void crash(struct world *world)
{
    cairn_sim_crash(world->sim);
    cairn_io_destroy(world->io);
    world->io = enter(world->sim);
}

struct outcome {
    struct cairn_io_op op;
    int result;
    int completions;
};

static void on_complete(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct outcome *outcome = op->context;
    outcome->result = completion->result;
    outcome->completions++;
}

static void outcome_init(struct outcome *outcome)
{
    *outcome = (struct outcome){.op = {.complete = on_complete, .context = outcome}};
}

static int write_durably(struct world *world, int fd, const void *data, uint32_t bytes,
                         uint64_t offset)
{
    struct outcome outcome;
    outcome_init(&outcome);
    cairn_io_write(world->io, &outcome.op, fd, data, bytes, offset, true);
    while (outcome.completions == 0)
        cairn_io_poll(world->io, UINT64_MAX);
    return outcome.result;
}

/* A file whose name is sure. */
static int create_file(struct world *world, const char *name)
{
    int fd = cairn_io_open(world->io, name, CREATE);
    assert_true(fd >= 0);
    assert_int_equal(cairn_io_sync_directory(world->io, "."), 0);
    return fd;
}

static void fill(char *sectors, uint32_t count, char value)
{
    memset(sectors, value, (size_t)count * SECTOR);
}

/* ---- what a crash leaves ---- */

static void what_was_flushed_survives_every_crash(void **state)
{
    (void)state;
    char data[4 * SECTOR];
    char found[8 * SECTOR];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        int fd = create_file(&world, "file");
        fill(data, 4, 'a');
        assert_int_equal(cairn_io_write_now(world.io, fd, data, sizeof(data), 0), 0);
        assert_int_equal(cairn_io_sync_now(world.io, fd), 0);
        fill(data, 4, 'b');
        assert_int_equal(write_durably(&world, fd, data, sizeof(data), sizeof(data)), sizeof(data));
        crash(&world);

        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        assert_true(fd >= 0);
        assert_int_equal(cairn_io_read_now(world.io, fd, found, sizeof(found), 0), sizeof(found));
        assert_int_equal(found[0], 'a');
        assert_int_equal(found[4 * SECTOR - 1], 'a');
        assert_memory_equal(found + 4 * SECTOR, data, sizeof(data));
        leave(&world);
    }
}

/* Returns how many of the sectors are new; each must be wholly old or wholly new. */
static uint32_t count_new(const char *found, char old, char new)
{
    uint32_t count = 0;
    for (uint32_t sector = 0; sector < SECTORS; sector++) {
        const char *start = found + (size_t)sector * SECTOR;
        assert_true(start[0] == old || start[0] == new);
        for (uint32_t i = 1; i < SECTOR; i++)
            assert_int_equal(start[i], start[0]);
        count += start[0] == new;
    }
    return count;
}

static void what_was_not_flushed_is_kept_lost_or_torn_between_sectors(void **state)
{
    (void)state;
    char data[SECTORS * SECTOR];
    int kept = 0;
    int lost = 0;
    int torn = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        int fd = create_file(&world, "file");
        fill(data, SECTORS, 'o');
        assert_int_equal(write_durably(&world, fd, data, sizeof(data), 0), sizeof(data));
        fill(data, SECTORS, 'n');
        assert_int_equal(cairn_io_write_now(world.io, fd, data, sizeof(data), 0), 0);
        crash(&world);

        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        assert_int_equal(cairn_io_read_now(world.io, fd, data, sizeof(data), 0), sizeof(data));
        uint32_t new = count_new(data, 'o', 'n');
        kept += new == SECTORS;
        lost += new == 0;
        torn += new > 0 && new < SECTORS;
        leave(&world);
    }
    assert_true(kept > 0);
    assert_true(lost > 0);
    assert_true(torn > 0);
}

/* What each sector may hold after a crash: what is sure, or anything written since. */
struct sector_model {
    char allowed[64];
    uint32_t count;
    char current;
};

static void model_write(struct sector_model *model, char value, bool durable)
{
    if (durable)
        model->count = 0;
    assert_true(model->count < sizeof(model->allowed));
    model->allowed[model->count++] = value;
    model->current = value;
}

static void model_sync(struct sector_model *models)
{
    for (uint32_t i = 0; i < SECTORS; i++)
        model_write(&models[i], models[i].current, true);
}

static void random_step(struct world *world, struct cairn_random *random, int fd,
                        struct sector_model *models, char value)
{
    char data[SECTORS * SECTOR];
    uint32_t first = (uint32_t)cairn_random_below(random, SECTORS);
    uint32_t count = 1 + (uint32_t)cairn_random_below(random, SECTORS - first);
    uint64_t what = cairn_random_below(random, 8);
    if (what == 0) {
        assert_int_equal(cairn_io_sync_now(world->io, fd), 0);
        model_sync(models);
        return;
    }
    bool durable = what <= 2;
    fill(data, count, value);
    if (durable)
        assert_int_equal(write_durably(world, fd, data, count * SECTOR, first * SECTOR),
                         count * SECTOR);
    else
        assert_int_equal(cairn_io_write_now(world->io, fd, data, count * SECTOR, first * SECTOR),
                         0);
    for (uint32_t i = first; i < first + count; i++)
        model_write(&models[i], value, durable);
}

static void a_crash_leaves_only_what_a_simple_model_allows(void **state)
{
    (void)state;
    char data[SECTORS * SECTOR];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        struct cairn_random random;
        cairn_random_init(&random, seed);
        struct sector_model models[SECTORS] = {0};
        int fd = create_file(&world, "file");
        fill(data, SECTORS, 0);
        assert_int_equal(write_durably(&world, fd, data, sizeof(data), 0), sizeof(data));
        model_sync(models);
        for (char value = 1; value < 40; value++)
            random_step(&world, &random, fd, models, value);
        crash(&world);

        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        assert_int_equal(cairn_io_read_now(world.io, fd, data, sizeof(data), 0), sizeof(data));
        for (uint32_t i = 0; i < SECTORS; i++) {
            bool allowed = memchr(models[i].allowed, data[i * SECTOR], models[i].count) != NULL;
            if (!allowed)
                printf("seed %llu, sector %u\n", (unsigned long long)seed, i);
            assert_true(allowed);
        }
        leave(&world);
    }
}

static void a_write_in_flight_is_never_sure_even_if_it_asked_for_it(void **state)
{
    (void)state;
    char old[SECTORS * SECTOR];
    char new[SECTORS * SECTOR];
    fill(old, SECTORS, 'o');
    fill(new, SECTORS, 'n');
    bool seen_old = false;
    bool seen_new = false;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        int fd = create_file(&world, "file");
        assert_int_equal(write_durably(&world, fd, old, sizeof(old), 0), sizeof(old));
        struct outcome outcome;
        outcome_init(&outcome);
        cairn_io_write(world.io, &outcome.op, fd, new, sizeof(new), 0, true);
        crash(&world);
        assert_int_equal(outcome.completions, 0);

        char found[SECTORS * SECTOR];
        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        assert_int_equal(cairn_io_read_now(world.io, fd, found, sizeof(found), 0), sizeof(found));
        seen_old |= memchr(found, 'o', sizeof(found)) != NULL;
        seen_new |= memchr(found, 'n', sizeof(found)) != NULL;
        leave(&world);
    }
    assert_true(seen_old);
    assert_true(seen_new);
}

static void a_name_is_sure_only_after_its_directory_is_flushed(void **state)
{
    (void)state;
    int lost = 0;
    int kept = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        create_file(&world, "sure");
        int fd = cairn_io_open(world.io, "unsure", CREATE);
        assert_int_equal(write_durably(&world, fd, "x", 1, 0), 1);
        crash(&world);
        assert_true(cairn_io_open(world.io, "sure", CAIRN_IO_OPEN_READ) >= 0);
        bool found = cairn_io_open(world.io, "unsure", CAIRN_IO_OPEN_READ) >= 0;
        kept += found;
        lost += !found;
        leave(&world);
    }
    assert_true(kept > 0);
    assert_true(lost > 0);
}

static void a_rename_is_done_or_not_done(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        int fd = cairn_io_open(world.io, "target", CREATE);
        assert_int_equal(write_durably(&world, fd, "old", 3, 0), 3);
        fd = cairn_io_open(world.io, "temporary", CREATE);
        assert_int_equal(write_durably(&world, fd, "new", 3, 0), 3);
        assert_int_equal(cairn_io_sync_directory(world.io, "."), 0);
        assert_int_equal(cairn_io_rename(world.io, "temporary", "target"), 0);
        crash(&world);

        char content[3];
        fd = cairn_io_open(world.io, "target", CAIRN_IO_OPEN_READ);
        assert_true(fd >= 0);
        assert_int_equal(cairn_io_read_now(world.io, fd, content, 3, 0), 3);
        bool is_new = memcmp(content, "new", 3) == 0;
        assert_true(is_new || memcmp(content, "old", 3) == 0);
        int temporary = cairn_io_open(world.io, "temporary", CAIRN_IO_OPEN_READ);
        assert_int_equal(temporary >= 0, !is_new);
        done += is_new;
        leave(&world);
    }
    assert_in_range(done, 1, SEEDS - 1);
}

static void after_a_failed_flush_the_next_one_does_not_help(void **state)
{
    (void)state;
    int lost = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world = world_of(seed);
        int fd = create_file(&world, "file");
        assert_int_equal(cairn_io_write_now(world.io, fd, "x", 1, 0), 0);
        cairn_sim_fail(world.sim, CAIRN_SIM_SYNC, 0, 1, -EIO);
        assert_int_equal(cairn_io_sync_now(world.io, fd), -EIO);
        assert_int_equal(cairn_io_sync_now(world.io, fd), 0);
        char content = 0;
        assert_int_equal(cairn_io_read_now(world.io, fd, &content, 1, 0), 1);
        crash(&world);

        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        int64_t count = cairn_io_read_now(world.io, fd, &content, 1, 0);
        lost += count == 0 || content == 0;
        leave(&world);
    }
    assert_true(lost > 0);
}

static void a_killed_process_leaves_all_that_it_wrote(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world world = world_of(seed);
        int fd = cairn_io_open(world.io, "file", CREATE);
        assert_int_equal(cairn_io_write_now(world.io, fd, "written", 7, 0), 0);
        assert_int_equal(cairn_io_lock(world.io, fd), 0);
        cairn_sim_kill(world.sim);
        cairn_io_destroy(world.io);
        world.io = enter(world.sim);

        fd = cairn_io_open(world.io, "file", CAIRN_IO_OPEN_READ);
        assert_int_equal(cairn_io_size(world.io, fd), 7);
        assert_int_equal(cairn_io_lock(world.io, fd), 0);
        leave(&world);
    }
}

static void a_dead_instance_can_be_torn_down_but_does_nothing(void **state)
{
    (void)state;
    struct world world = world_of(7);
    int fd = create_file(&world, "file");
    uint16_t port;
    int listener = cairn_io_listen(world.io, "localhost", 0, &port);
    struct outcome accept;
    struct outcome write;
    struct outcome late;
    outcome_init(&accept);
    outcome_init(&write);
    outcome_init(&late);
    cairn_io_accept(world.io, &accept.op, listener);
    cairn_io_write(world.io, &write.op, fd, "x", 1, 0, true);
    int client = cairn_sim_connect(world.sim, port);
    assert_true(client >= 0);
    cairn_sim_crash(world.sim);

    struct cairn_io *dead = world.io;
    world.io = enter(world.sim);
    int living = cairn_io_open(world.io, "file", CREATE);
    cairn_io_close(dead, living);
    cairn_io_sync(dead, &late.op, fd);
    assert_int_equal(cairn_io_poll(dead, 0), 3);
    assert_int_equal(accept.result, -EIO);
    assert_int_equal(write.result, -EIO);
    assert_int_equal(late.result, -EIO);
    assert_int_equal(cairn_io_open(dead, "file", CREATE), -EIO);
    assert_int_equal(cairn_io_write_now(dead, living, "y", 1, 0), -EIO);
    cairn_io_destroy(dead);

    assert_int_equal(cairn_io_write_now(world.io, living, "z", 1, 0), 0);
    char byte;
    assert_int_equal(cairn_sim_receive(world.sim, client, &byte, 1), -ECONNRESET);
    assert_int_equal(cairn_sim_connect(world.sim, port), -ECONNREFUSED);
    leave(&world);
}

/* ---- faults ---- */

static void a_plan_fails_each_operation_in_turn(void **state)
{
    (void)state;
    uint64_t skip = 0;
    for (uint64_t failures = 1; failures > 0; skip++) {
        struct world world = world_of(skip);
        cairn_sim_fail(world.sim, CAIRN_SIM_DISK, skip, 1, -EIO);
        int fd = cairn_io_open(world.io, "file", CREATE);
        int wrote = fd < 0 ? fd : cairn_io_write_now(world.io, fd, "abc", 3, 0);
        int synced = wrote < 0 ? wrote : cairn_io_sync_now(world.io, fd);
        int named = synced < 0 ? synced : cairn_io_sync_directory(world.io, ".");
        failures = cairn_sim_failures(world.sim);
        assert_int_equal(named, failures == 1 ? -EIO : 0);
        leave(&world);
    }
    assert_int_equal(skip, 5); /* open, write, sync, name, and none */
}

static void a_full_disk_takes_what_fits_and_then_says_so(void **state)
{
    (void)state;
    struct world world = world_with(&(struct cairn_sim_options){.seed = 3, .disk_bytes = 10});
    int fd = create_file(&world, "file");
    assert_int_equal(cairn_io_free_bytes(world.io, "."), 10);
    assert_int_equal(write_durably(&world, fd, "1234567", 7, 0), 7);
    assert_int_equal(write_durably(&world, fd, "1234567", 7, 7), 3);
    assert_int_equal(write_durably(&world, fd, "1234567", 7, 10), -ENOSPC);
    assert_int_equal(write_durably(&world, fd, "over", 4, 0), 4); /* no growth, no need */
    assert_int_equal(cairn_io_truncate(world.io, fd, 11), -ENOSPC);
    assert_int_equal(cairn_io_free_bytes(world.io, "."), 0);
    cairn_sim_set_disk_bytes(world.sim, 12);
    assert_int_equal(write_durably(&world, fd, "xy", 2, 10), 2);
    leave(&world);
}

static void writes_stop_short_as_often_as_asked(void **state)
{
    (void)state;
    struct world world =
        world_with(&(struct cairn_sim_options){.seed = 4, .short_write_permille = 500});
    int fd = create_file(&world, "file");
    char data[1000] = {0};
    int short_count = 0;
    for (int i = 0; i < 400; i++) {
        int written = write_durably(&world, fd, data, sizeof(data), 0);
        assert_in_range(written, 1, sizeof(data));
        short_count += written < (int)sizeof(data);
    }
    assert_in_range(short_count, 40, 200); /* half of them, half of those whole by chance */
    leave(&world);
}

static void direct_files_check_alignment_where_they_are_not_refused(void **state)
{
    (void)state;
    struct world world = world_of(5);
    int fd = cairn_io_open(world.io, "file", CREATE | CAIRN_IO_OPEN_DIRECT);
    char *block = aligned_alloc(4096, 8192);
    assert_non_null(block);
    memset(block, 1, 8192);
    assert_int_equal(write_durably(&world, fd, block, 4096, 4096), 4096);
    assert_int_equal(write_durably(&world, fd, block + 1, 4096, 0), -EINVAL);
    assert_int_equal(write_durably(&world, fd, block, 4095, 0), -EINVAL);
    assert_int_equal(write_durably(&world, fd, block, 4096, 512), -EINVAL);
    leave(&world);
    free(block);

    world = world_with(&(struct cairn_sim_options){.refuse_direct = true});
    assert_int_equal(cairn_io_open(world.io, "file", CREATE | CAIRN_IO_OPEN_DIRECT), -EINVAL);
    leave(&world);
}

/* ---- time, network, determinism ---- */

static void time_passes_only_when_somebody_waits(void **state)
{
    (void)state;
    struct world world = world_of(6);
    int fd = create_file(&world, "file");
    uint64_t start_ns = cairn_sim_now_ns(world.sim);
    assert_false(cairn_sim_advance(world.sim, UINT64_MAX));
    assert_int_equal(cairn_sim_now_ns(world.sim), start_ns);
    assert_false(cairn_sim_advance(world.sim, start_ns + 5));
    assert_int_equal(cairn_sim_now_ns(world.sim), start_ns + 5);

    struct outcome outcome;
    outcome_init(&outcome);
    cairn_io_sync(world.io, &outcome.op, fd);
    assert_int_equal(cairn_io_poll(world.io, 0), 0);
    assert_true(cairn_sim_advance(world.sim, UINT64_MAX));
    assert_true(cairn_sim_now_ns(world.sim) > start_ns + 5);
    assert_int_equal(cairn_io_poll(world.io, 0), 1);
    assert_int_equal(cairn_io_poll(world.io, UINT64_MAX), 0); /* nothing to come: no deadlock */

    uint64_t before_ns = cairn_sim_now_ns(world.sim);
    assert_int_equal(cairn_io_poll(world.io, CAIRN_NS_PER_S), 0);
    assert_int_equal(cairn_sim_now_ns(world.sim), before_ns + CAIRN_NS_PER_S);
    leave(&world);
}

/* A server that sends back what it receives. */
struct echo {
    struct cairn_io *io;
    struct cairn_io_op accept;
    struct cairn_io_op receive;
    struct cairn_io_op send;
    int socket;
    char data[256];
};

static void on_echo_sent(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    (void)op;
    assert_true(completion->result > 0);
}

static void on_echo_received(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct echo *echo = op->context;
    if (completion->result <= 0) {
        cairn_io_close(echo->io, echo->socket);
        return;
    }
    memcpy(echo->data, completion->data.data, completion->data.bytes);
    cairn_io_buffer_return(echo->io, completion->buffer_id);
    cairn_io_send(echo->io, &echo->send, echo->socket, echo->data,
                  (uint32_t)completion->data.bytes);
}

static void on_echo_accepted(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct echo *echo = op->context;
    assert_true(completion->result >= 0);
    echo->socket = completion->result;
    cairn_io_receive(echo->io, &echo->receive, echo->socket);
}

static uint16_t echo_start(struct echo *echo, struct cairn_io *io)
{
    *echo = (struct echo){.io = io,
                          .accept = {.complete = on_echo_accepted, .context = echo},
                          .receive = {.complete = on_echo_received, .context = echo},
                          .send = {.complete = on_echo_sent, .context = echo}};
    uint16_t port = 0;
    int listener = cairn_io_listen(io, "localhost", 7700, &port);
    assert_true(listener >= 0);
    cairn_io_accept(io, &echo->accept, listener);
    return port;
}

static void wait_for_echo(struct world *world, int client, const char *text)
{
    char answer[64] = {0};
    size_t bytes = 0;
    while (bytes < strlen(text)) {
        int64_t count =
            cairn_sim_receive(world->sim, client, answer + bytes, sizeof(answer) - bytes);
        assert_true(count > 0 || count == -EAGAIN);
        bytes += count > 0 ? (size_t)count : 0;
        if (count == -EAGAIN)
            assert_true(cairn_io_poll(world->io, CAIRN_NS_PER_S) > 0);
    }
    assert_string_equal(answer, text);
}

static uint64_t fingerprint_of_run(uint64_t seed)
{
    struct world world = world_of(seed);
    struct echo echo;
    uint16_t port = echo_start(&echo, world.io);
    int client = cairn_sim_connect(world.sim, port);
    assert_true(client >= 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(cairn_sim_send(world.sim, client, "?", 1), 1);
        wait_for_echo(&world, client, "?");
    }
    int fd = cairn_io_open(world.io, "file", CREATE);
    struct outcome outcomes[8];
    for (uint32_t i = 0; i < 8; i++) {
        outcome_init(&outcomes[i]);
        cairn_io_write(world.io, &outcomes[i].op, fd, "datum", 5, i * 5, i % 2 == 0);
    }
    while (cairn_sim_advance(world.sim, UINT64_MAX))
        cairn_io_poll(world.io, 0);
    cairn_sim_close(world.sim, client);
    cairn_io_poll(world.io, CAIRN_NS_PER_S);
    uint64_t fingerprint = cairn_sim_fingerprint(world.sim);
    leave(&world);
    return fingerprint;
}

static void a_run_is_a_function_of_its_seed(void **state)
{
    (void)state;
    uint64_t first = fingerprint_of_run(1);
    assert_int_equal(first, fingerprint_of_run(1));
    assert_int_not_equal(first, fingerprint_of_run(2));
}

static void completions_come_in_an_order_of_the_seed(void **state)
{
    (void)state;
    int overtaken = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct world world = world_of(seed);
        int fd = create_file(&world, "file");
        struct outcome first;
        struct outcome second;
        outcome_init(&first);
        outcome_init(&second);
        cairn_io_sync(world.io, &first.op, fd);
        cairn_io_sync(world.io, &second.op, fd);
        cairn_io_poll(world.io, UINT64_MAX);
        overtaken += second.completions > first.completions;
        while (first.completions + second.completions < 2)
            cairn_io_poll(world.io, UINT64_MAX);
        leave(&world);
    }
    assert_in_range(overtaken, 5, 45);
}

static void a_client_sees_ends_resets_and_back_pressure(void **state)
{
    (void)state;
    struct world world = world_with(&(struct cairn_sim_options){.seed = 9, .socket_bytes = 4});
    struct echo echo;
    uint16_t port = echo_start(&echo, world.io);
    int client = cairn_sim_connect(world.sim, port);
    assert_int_equal(cairn_sim_send(world.sim, client, "12345", 5), 4);
    assert_int_equal(cairn_sim_send(world.sim, client, "5", 1), -EAGAIN);
    wait_for_echo(&world, client, "1234");

    cairn_io_shutdown(world.io, echo.socket);
    char byte;
    assert_int_equal(cairn_sim_receive(world.sim, client, &byte, 1), 0);
    assert_int_equal(cairn_sim_send(world.sim, client, "6", 1), -EPIPE);
    cairn_sim_reset(world.sim, client);
    assert_int_equal(cairn_sim_connect(world.sim, (uint16_t)(port + 1)), -ECONNREFUSED);
    leave(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_flushed_survives_every_crash),
        cmocka_unit_test(what_was_not_flushed_is_kept_lost_or_torn_between_sectors),
        cmocka_unit_test(a_crash_leaves_only_what_a_simple_model_allows),
        cmocka_unit_test(a_write_in_flight_is_never_sure_even_if_it_asked_for_it),
        cmocka_unit_test(a_name_is_sure_only_after_its_directory_is_flushed),
        cmocka_unit_test(a_rename_is_done_or_not_done),
        cmocka_unit_test(after_a_failed_flush_the_next_one_does_not_help),
        cmocka_unit_test(a_killed_process_leaves_all_that_it_wrote),
        cmocka_unit_test(a_dead_instance_can_be_torn_down_but_does_nothing),
        cmocka_unit_test(a_plan_fails_each_operation_in_turn),
        cmocka_unit_test(a_full_disk_takes_what_fits_and_then_says_so),
        cmocka_unit_test(writes_stop_short_as_often_as_asked),
        cmocka_unit_test(direct_files_check_alignment_where_they_are_not_refused),
        cmocka_unit_test(time_passes_only_when_somebody_waits),
        cmocka_unit_test(a_run_is_a_function_of_its_seed),
        cmocka_unit_test(completions_come_in_an_order_of_the_seed),
        cmocka_unit_test(a_client_sees_ends_resets_and_back_pressure),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
