#include "runtime/mailbox.h"

#include <ck_pr.h>

#include "runtime/base/assert.h"
#include "runtime/io/thread.h"

/* `message->flags`: the low 15 bits of a generation, and whether `depth` was incremented. A stale
 * message is taken for a fresh one only if its slot was reused 32,768 times during one push. */
#define TAG_COUNTED         (1u << 15)
#define TAG_MASK            (TAG_COUNTED - 1)
#define STALLS_BEFORE_YIELD 64

static struct cairn_message *stub_of(struct cairn_mailbox *mailbox)
{
    return (struct cairn_message *)(void *)mailbox->stub;
}

static void *with_idle_bit(struct cairn_message *message)
{
    return (uint8_t *)message + 1;
}

static bool has_idle_bit(const void *tail)
{
    return ((uintptr_t)tail & 1) != 0;
}

void cairn_mailbox_init(struct cairn_mailbox *mailbox, uint32_t bound)
{
    *mailbox = (struct cairn_mailbox){.bound = bound, .generation = 1};
    mailbox->head = stub_of(mailbox);
    mailbox->tail = with_idle_bit(mailbox->head);
}

bool cairn_mailbox_push_mpsc(struct cairn_mailbox *mailbox, struct cairn_message *message,
                             uint32_t generation)
{
    message->next = NULL;
    /* Release: a later sender links behind this message, after `next` was cleared. Acquire: when
     * the actor was idle, this thread now sees all that its last runner did (the compare-and-swap
     * in try_idle). */
    ck_pr_fence_store_atomic();
    uint8_t *previous = ck_pr_fas_ptr(&mailbox->tail, message);
    bool was_idle = has_idle_bit(previous);
    uint16_t tag = (uint16_t)(generation & TAG_MASK);
    if (was_idle) {
        previous -= 1;
    } else {
        ck_pr_inc_32(&mailbox->depth);
        tag |= TAG_COUNTED;
    }
    message->flags = tag;

    /* Release: pairs with the load in pop; publishes the message. */
    ck_pr_fence_store();
    ck_pr_store_ptr(&((struct cairn_message *)(void *)previous)->next, message);
    return was_idle;
}

bool cairn_mailbox_claim(struct cairn_mailbox *mailbox)
{
    struct cairn_message *stub = stub_of(mailbox);
    bool claimed = ck_pr_cas_ptr(&mailbox->tail, with_idle_bit(stub), stub);
    ck_pr_fence_acquire();
    return claimed;
}

struct cairn_message *cairn_mailbox_pop(struct cairn_mailbox *mailbox, struct cairn_message **spent)
{
    struct cairn_message *head = mailbox->head;
    struct cairn_message *next = ck_pr_load_ptr(&head->next);
    *spent = NULL;
    if (next == NULL)
        return NULL;

    ck_pr_fence_load(); /* acquire: pairs with the link in push */
    mailbox->head = next;
    if (head != stub_of(mailbox))
        *spent = head;
    return next;
}

bool cairn_mailbox_is_welcome(const struct cairn_mailbox *mailbox,
                              const struct cairn_message *message)
{
    return (message->flags & TAG_MASK) == (mailbox->generation & TAG_MASK);
}

bool cairn_mailbox_counts(const struct cairn_message *message)
{
    return (message->flags & TAG_COUNTED) != 0;
}

void cairn_mailbox_settle(struct cairn_mailbox *mailbox, uint32_t handled)
{
    if (handled > 0)
        ck_pr_sub_32(&mailbox->depth, handled);
}

void cairn_mailbox_detach(struct cairn_mailbox *mailbox)
{
    struct cairn_message *message = mailbox->head;
    struct cairn_message *stub = stub_of(mailbox);
    cairn_assert(message != stub);

    stub->next = NULL;
    mailbox->head = stub;
    struct cairn_message *next = ck_pr_load_ptr(&message->next);
    if (next == NULL && ck_pr_cas_ptr(&mailbox->tail, message, stub))
        return;

    for (unsigned stalls = 0; next == NULL; stalls++) {
        if (stalls < STALLS_BEFORE_YIELD)
            ck_pr_stall();
        else
            cairn_thread_yield();
        next = ck_pr_load_ptr(&message->next);
    }
    ck_pr_fence_load(); /* acquire: pairs with the link in push */
    ck_pr_store_ptr(&stub->next, next);
}

bool cairn_mailbox_try_idle(struct cairn_mailbox *mailbox, struct cairn_message **spent)
{
    struct cairn_message *head = mailbox->head;
    struct cairn_message *stub = stub_of(mailbox);
    *spent = NULL;
    if (ck_pr_load_ptr(&head->next) != NULL)
        return false;

    if (head != stub)
        stub->next = NULL;
    mailbox->head = stub;
    /* Release: pairs with the exchange in push and the one in claim; publishes the runner's side
     * and the actor's state to whoever runs it next. */
    ck_pr_fence_store_atomic();
    if (!ck_pr_cas_ptr(&mailbox->tail, head, with_idle_bit(stub))) {
        mailbox->head = head; /* a message is on its way; still ours */
        return false;
    }
    if (head != stub)
        *spent = head;
    return true;
}

uint32_t cairn_mailbox_depth(const struct cairn_mailbox *mailbox)
{
    if (has_idle_bit(ck_pr_load_ptr(&mailbox->tail)))
        return 0;
    return ck_pr_load_32(&mailbox->depth) + 1;
}

bool cairn_mailbox_is_full(const struct cairn_mailbox *mailbox)
{
    return cairn_mailbox_depth(mailbox) >= ck_pr_load_32(&mailbox->bound);
}
