/* What the team knows: boats, people, promises. Where a key comes twice, the later value replaces
 * the earlier one, and its history keeps both. */
#include "tools/demo_corpus.h"

#include <stddef.h>

#define FACT(seconds, subject, key, value)                                                         \
    {                                                                                              \
        subject, key, "{\"ts\":" #seconds "000,\"value\":" value "}"                               \
    }

/* clang-format off */
const struct cairn_demo_fact cairn_demo_facts[] = {
    FACT(1772437500, "boat-7", "place", "\"pier 2\""),
    FACT(1772437500, "boat-12", "place", "\"pier 3\""),
    FACT(1772437500, "otto", "role", "\"looks after boats and piers\""),
    FACT(1772437500, "otto", "likes", "[\"chocolate\",\"quiet water\"]"),
    FACT(1772437500, "mara", "role", "\"decides what comes next\""),
    FACT(1772457660, "boat-12", "battery", "{\"percent\":40,\"cycles\":900}"),
    FACT(1772457660, "idris", "move bookings to UTC",
        "{\"status\":\"open\",\"for\":\"mara\"}"),
    FACT(1772457900, "boat-12", "place", "\"workshop\""),
    FACT(1772625660, "idris", "move bookings to UTC",
        "{\"status\":\"closed\",\"for\":\"mara\"}"),
    FACT(1772692500, "boat-12", "battery", "{\"percent\":100,\"cycles\":0}"),
    FACT(1772692800, "boat-12", "place", "\"pier 3\""),
    FACT(1773044700, "mara", "receipt with a tax number",
        "{\"status\":\"open\",\"for\":\"customers\"}"),
    FACT(1773211860, "boat-9", "battery", "{\"percent\":60,\"cycles\":610}"),
    FACT(1773216900, "jetty", "members", "412"),
    FACT(1773219180, "mara", "lending a boat to someone",
        "{\"status\":\"open\",\"for\":\"customers\"}"),
    FACT(1773235800, "mara", "receipt with a tax number",
        "{\"status\":\"closed\",\"for\":\"customers\"}"),
    {NULL, NULL, NULL},
};
/* clang-format on */
