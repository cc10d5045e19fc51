/* bench/search_data.h: messages for the retrieval benchmarks, as events, and files of lines.
 *
 * Ownership   The data own their bytes; events borrow from them. Messages keep their `id` as client
 *             id, and a caption as an attachment, as an import would.
 */
#pragma once

#include "storage/event.h"

struct search_data {
    struct cairn_event *events; /* owned; sequences from 1 */
    uint32_t count;
    uint32_t capacity;
    struct cairn_buffer names;    /* behind channel and author */
    struct cairn_buffer payloads; /* behind the payloads */
};

/* The text of `name` beside the project (../shared/data, or $CAIRN_TEST_DATA); .gz is unpacked.
 * False: it is not there. */
bool search_data_read(const char *name, struct cairn_buffer *text);
/* The next line of *text, which is cut off it. False at the end. */
bool search_data_line(struct cairn_slice *text, struct cairn_slice *line);

/* Add the messages of an NDJSON file, at most up to `limit` in all. False: not there. */
bool search_data_load(struct search_data *data, const char *name, uint32_t limit);
/* Without the files: `count` made-up messages whose words are as uneven as those of chat. */
void search_data_generate(struct search_data *data, uint32_t count);
/* Before the events are used: they point into buffers that have stopped growing. */
void search_data_finish(struct search_data *data);
void search_data_deinit(struct search_data *data);

uint64_t search_data_now_ns(void);
