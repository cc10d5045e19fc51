/* A generate body from any bytes is taken with every value in its range, or refused with a reason. */
#include "actors/training/generate_body.h"

#include "actors/training/chain.h"
#include "actors/training/shape.h"
#include "runtime/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_body(struct cairn_slice text)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_generate_body body;
    if (cairn_generate_body_parse(text, &scratch, &body) < 0) {
        cairn_assert(body.error[0] != '\0');
    } else {
        cairn_assert(body.words_max >= 1 && body.words_max <= CAIRN_GENERATE_WORDS_MAX);
        cairn_assert(body.tries_max >= 1 && body.tries_max <= CAIRN_GENERATE_TRIES_MAX);
        cairn_assert(body.state_size <= CAIRN_CHAIN_ORDER_MAX);
        cairn_assert(body.channel.bytes <= 128);
    }
    cairn_json_scratch_deinit(&scratch);
}

static void check_shape(struct cairn_slice text)
{
    struct cairn_shape_event event = {0};
    bool says = cairn_shape_parse(text, &event);
    cairn_assert(says == (event.state_size != 0 || event.channel_chains != 0));
    cairn_assert(event.state_size <= CAIRN_CHAIN_ORDER_MAX);
    cairn_assert(event.channel_chains <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    check_body(cairn_slice(data, bytes));
    check_shape(cairn_slice(data, bytes));
    return 0;
}
