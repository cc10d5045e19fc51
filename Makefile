# Plain GNU make. `make VARIANT=release|debug|asan|tsan|cov|fuzz [BUILD=build]`; outputs go to $(BUILD)/$(VARIANT)/.
# Sources are found by folder, so a new module needs no edit here:
#   runtime storage config actors  ->  libcairn.a      tools/*.c         ->  cairn
#   tests/**/test_*.c -> tests, one program each       bench/bench_*.c   ->  bench_* programs
#   tests/fuzz/fuzz_*.c -> libFuzzer targets (VARIANT=fuzz, clang)

BUILD   ?= build
VARIANT ?= release
DEPS    ?= build/deps
OUT     := $(BUILD)/$(VARIANT)
ifeq ($(origin CC),default)
CC      := gcc
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
            -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings -fno-common
CFLAGS_COMMON := -std=gnu17 -g3 $(WARNINGS) -fvisibility=hidden -fno-omit-frame-pointer -pthread -D_GNU_SOURCE \
                 -march=x86-64-v2 -I. -isystem $(DEPS)/include $(WERROR)
ifneq ($(filter aarch64%,$(shell $(CC) -dumpmachine)),)
CFLAGS_COMMON := $(filter-out -march=x86-64-v2,$(CFLAGS_COMMON))
endif

CFLAGS_release := -O2
CFLAGS_debug   := -O0
CFLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan    := -O1 -fsanitize=thread -DCK_USE_CC_BUILTINS=1 -include runtime/tsan_ck.h -include runtime/tsan_mremap.h
CFLAGS_cov     := -O0 --coverage
CFLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS  := $(CFLAGS_COMMON) $(CFLAGS_$(VARIANT)) $(EXTRA_CFLAGS)
LDFLAGS := -pthread $(filter -fsanitize=address% -fsanitize=thread --coverage,$(CFLAGS_$(VARIANT))) -rdynamic
ifeq ($(VARIANT),fuzz)
LDFLAGS := -pthread -fsanitize=address,undefined
endif
# The release build takes mimalloc's malloc: 17 % less CPU a request, a fifth less memory
# (docs/benchmarks.md); the sanitizers and valgrind want the C library's.
LIBS_release := -Wl,--no-as-needed -lmimalloc -Wl,--as-needed
LIBS := $(LIBS_$(VARIANT)) -luring -lck -llz4 -lutf8proc -lstemmer -lcrypto -lm

LIBRARY_SOURCES := $(wildcard runtime/base/*.c runtime/io/*.c runtime/*.c storage/*.c config/*.c actors/*.c actors/*/*.c)
TOOL_SOURCES    := $(wildcard tools/*.c)
TEST_SOURCES    := $(shell find tests -name 'test_*.c' 2>/dev/null)
SUPPORT_SOURCES := $(wildcard tests/support/*.c)
BENCH_SOURCES   := $(wildcard bench/bench_*.c)
BENCH_SUPPORT   := $(filter-out $(BENCH_SOURCES),$(wildcard bench/*.c))
FUZZ_SOURCES    := $(wildcard tests/fuzz/fuzz_*.c)

LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(OUT)/obj/%.o) $(patsubst %,$(OUT)/obj/llhttp/%.o,api http llhttp)
TOOL_OBJECTS    := $(TOOL_SOURCES:%.c=$(OUT)/obj/%.o)
SUPPORT_OBJECTS := $(SUPPORT_SOURCES:%.c=$(OUT)/obj/%.o)
BENCH_SUPPORT_OBJECTS := $(BENCH_SUPPORT:%.c=$(OUT)/obj/%.o)
TESTS   := $(TEST_SOURCES:%.c=$(OUT)/%)
BENCHES := $(BENCH_SOURCES:bench/%.c=$(OUT)/%)
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(OUT)/%)

.PHONY: all cairn tests benches fuzzers clean
.SECONDARY:
all: cairn
cairn: $(OUT)/cairn
tests: $(TESTS) cairn
benches: $(BENCHES)
fuzzers: $(FUZZERS)
clean:
	rm -rf $(OUT)

# The library is linked as an archive, so a program takes only the modules that it names.
$(OUT)/libcairn.a: $(LIBRARY_OBJECTS)
	@rm -f $@; $(AR) rcs $@ $^

$(OUT)/cairn: $(TOOL_OBJECTS) $(OUT)/libcairn.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# What the commands share, for their tests.
$(OUT)/libtools.a: $(filter-out $(OUT)/obj/tools/main.o,$(TOOL_OBJECTS))
	@rm -f $@; $(AR) rcs $@ $^

$(OUT)/tests/%: $(OUT)/obj/tests/%.o $(SUPPORT_OBJECTS) $(OUT)/libtools.a $(OUT)/libcairn.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(OUT)/bench_%: $(OUT)/obj/bench/bench_%.o $(BENCH_SUPPORT_OBJECTS) $(OUT)/libcairn.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/fuzz_%: $(OUT)/obj/tests/fuzz/fuzz_%.o $(OUT)/libcairn.a
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# llhttp's C sources come from a package (build.sh deps); its code is not ours to warn about.
$(OUT)/obj/llhttp/%.o: $(DEPS)/llhttp/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -w -I$(DEPS)/include $(filter -fsanitize=address%,$(CFLAGS_$(VARIANT))) -c -o $@ $<

$(OUT)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
