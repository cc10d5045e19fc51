/* runtime/mailbox.h: the queue of one actor, and the flag that says whether it is scheduled.
 *
 *     head                                               tail (bit 0: idle)
 *      |                                                   |
 *      v                                                   v
 *     spent --> message --> message --> ... --> message    last one pushed
 *
 * A list through `message->next`. Any thread pushes with one exchange on `tail` and then links the
 * message behind the one that was there. The runner's `head` is a message already handled (or the
 * stub, which lives in the mailbox, so that an empty one owns no message); the next to handle is
 * its successor.
 *
 * One word is both the end of the queue and the state of the actor:
 *
 *     tail == stub | 1    idle: empty, and in no run queue
 *     tail == stub        busy: empty, and scheduled or running
 *     tail == a message   busy
 *
 * The sender whose exchange returns bit 0 is the only one to see it: it alone schedules the actor,
 * and until it does nobody else touches the runner's side. Bit 0 is set again only by the runner,
 * with a compare-and-swap that fails if a message came in. So an actor is in at most one run
 * queue and is run by at most one worker.
 *
 * Between a sender's exchange and its link the list has a gap: `head->next` is NULL although the
 * mailbox is not empty. pop then returns NULL and try_idle false: run something else meanwhile.
 *
 * Each message carries the generation for which it was meant. A slot may be given to a new actor
 * while a sender to the old one is still on its way; the runner drops such a message.
 *
 * Ownership   The mailbox owns the messages in it, also the spent one at its head.
 * Context     push_mpsc, claim, depth and is_full: any thread. All else: the runner.
 * Cost        push: one exchange, and an increment if the actor was busy. Waits for nobody. pop:
 *             no atomic read-modify-write. try_idle: one compare-and-swap.
 * Source      The idle bit is the idea of Pony's message queue; the list is Vyukov's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/actor.h"

struct cairn_mailbox {
    /* The senders' line. */
    _Alignas(64) void *tail; /* last message or stub; bit 0 is the idle flag */
    uint32_t depth;          /* messages that came while busy and are not yet accounted for */
    uint32_t bound;          /* of try_send; the owner's */
    uint32_t generation;     /* whose messages are welcome; the owner's, read by any thread */

    /* The runner's line. */
    _Alignas(64) struct cairn_message *head;
    _Alignas(8) uint8_t stub[sizeof(struct cairn_message)];
};

/* Empty, idle, generation 1. */
void cairn_mailbox_init(struct cairn_mailbox *mailbox, uint32_t bound);

/* Returns true when the mailbox was idle: the caller must now schedule its actor. */
bool cairn_mailbox_push_mpsc(struct cairn_mailbox *mailbox, struct cairn_message *message,
                             uint32_t generation);

/* An idle mailbox becomes busy without a message, and the caller its runner. False if it is not
 * idle. */
bool cairn_mailbox_claim(struct cairn_mailbox *mailbox);

/* The next message, which stays in the list until the pop or try_idle after it. NULL: none, or
 * none yet. `*spent` is the message before, now the caller's to free, or NULL. */
struct cairn_message *cairn_mailbox_pop(struct cairn_mailbox *mailbox,
                                        struct cairn_message **spent);

/* Was this message meant for the generation that now has the mailbox? */
bool cairn_mailbox_is_welcome(const struct cairn_mailbox *mailbox,
                              const struct cairn_message *message);

/* True if the message counts in `depth`; the runner adds these up for cairn_mailbox_settle. */
bool cairn_mailbox_counts(const struct cairn_message *message);
void cairn_mailbox_settle(struct cairn_mailbox *mailbox, uint32_t handled);

/* Take the message last popped out of the list, so that it may be kept or sent elsewhere. Waits
 * for a sender that stands between its exchange and its link, which is two instructions long. */
void cairn_mailbox_detach(struct cairn_mailbox *mailbox);

/* Give the mailbox up if it is empty. True: the runner must not touch it again. */
bool cairn_mailbox_try_idle(struct cairn_mailbox *mailbox, struct cairn_message **spent);

/* Messages waiting, about: senders and runner move on meanwhile. */
uint32_t cairn_mailbox_depth(const struct cairn_mailbox *mailbox);
bool cairn_mailbox_is_full(const struct cairn_mailbox *mailbox);
