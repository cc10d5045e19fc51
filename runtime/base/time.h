/* runtime/base/time.h: units of time. Monotonic time is `_ns` inside, settings are `_ms`, events
 * carry Unix milliseconds. Clocks themselves are read through runtime/io only. */
#pragma once

#include <stdint.h>

#define CAIRN_NS_PER_US UINT64_C(1000)
#define CAIRN_NS_PER_MS UINT64_C(1000000)
#define CAIRN_NS_PER_S  UINT64_C(1000000000)
