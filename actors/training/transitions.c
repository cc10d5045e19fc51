#include "actors/training/transitions.h"

struct window {
    struct cairn_forward_reader tokens;
    uint32_t order;
    uint32_t count; /* of transitions in `symbols` */
    bool is_over;
    uint32_t symbols[CAIRN_CHAIN_ORDER_MAX + CAIRN_CHAIN_WINDOW_MAX];
};

static void open_window(struct window *window, struct cairn_forward_reader tokens, uint32_t order)
{
    window->tokens = tokens;
    window->order = order;
    window->count = 0;
    window->is_over = false;
    for (uint32_t i = 0; i < order; i++)
        window->symbols[i] = CAIRN_CHAIN_BEGIN;
}

/* Fill the window with the next transitions, the last of which ends the message. */
static bool move_window(const struct cairn_heap *messages, struct window *window)
{
    if (window->is_over)
        return false;
    uint32_t order = window->order;
    memmove(window->symbols, window->symbols + window->count, order * sizeof(uint32_t));
    window->count = cairn_forward_read(messages, &window->tokens, window->symbols + order,
                                       CAIRN_CHAIN_WINDOW_MAX - 1);
    window->is_over = window->tokens.offset == window->tokens.end;
    if (window->is_over)
        window->symbols[order + window->count++] = CAIRN_CHAIN_END;
    return true;
}

static void untrain(const struct cairn_heap *messages, struct cairn_forward_reader tokens,
                    struct cairn_heap *heap, cairn_ref chain, uint32_t windows)
{
    struct window window;
    open_window(&window, tokens, cairn_chain_order(heap, chain));
    for (uint32_t i = 0; i < windows && move_window(messages, &window); i++)
        cairn_chain_remove(heap, chain, window.symbols, window.count);
}

int cairn_transitions_train(const struct cairn_heap *messages, struct cairn_forward_reader tokens,
                            struct cairn_heap *heap, cairn_ref chain, uint32_t reference)
{
    struct window window;
    uint32_t trained = 0;
    open_window(&window, tokens, cairn_chain_order(heap, chain));
    while (move_window(messages, &window)) {
        int result = cairn_chain_add(heap, chain, window.symbols, window.count, reference);
        if (result < 0) {
            untrain(messages, tokens, heap, chain, trained);
            return result;
        }
        trained++;
    }
    return 0;
}

void cairn_transitions_untrain(const struct cairn_heap *messages,
                               struct cairn_forward_reader tokens, struct cairn_heap *heap,
                               cairn_ref chain)
{
    untrain(messages, tokens, heap, chain, UINT32_MAX);
}

bool cairn_transitions_contain(const struct cairn_heap *messages,
                               struct cairn_forward_reader tokens, const uint32_t *prefix,
                               uint32_t order, uint32_t next)
{
    struct window window;
    open_window(&window, tokens, order);
    while (move_window(messages, &window)) {
        for (uint32_t i = 0; i < window.count; i++) {
            if (window.symbols[i + order] == next &&
                memcmp(window.symbols + i, prefix, order * sizeof(*prefix)) == 0)
                return true;
        }
    }
    return false;
}
