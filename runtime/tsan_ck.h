/* runtime/tsan_ck.h: Concurrency Kit's primitives in words that ThreadSanitizer understands.
 *
 * The TSan build force-includes this file and sets CK_USE_CC_BUILTINS. It takes the include guard
 * of ck's compiler back end and gives every operation of that back end as an __atomic one: loads
 * acquire, stores release, read-modify-write both. Inline assembly and __sync fences, which TSan
 * cannot see, are then gone, and with them the false reports.
 *
 * It is stricter than the real back end, so it hides a missing fence: the stress tests run on the
 * real one too (release, debug and asan variants).
 */
#pragma once

#define CK_PR_GCC_H
#define CK_F_PR

#include <stdbool.h>
#include <stdint.h>

#include <ck_cc.h>
#include <gcc/ck_f_pr.h>

static inline void ck_pr_barrier(void)
{
    __asm__ __volatile__("" ::: "memory");
}

static inline void ck_pr_stall(void)
{
    ck_pr_barrier();
}

/* A locked operation on a private word is a full fence for the processor, and says nothing to
 * TSan: an edge between threads must come from the atomics themselves. */
#define CAIRN_TSAN_FENCE(name)                                                                     \
    static inline void ck_pr_fence_strict_##name(void)                                             \
    {                                                                                              \
        int word = 0;                                                                              \
        (void)__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);                                      \
    }
CAIRN_TSAN_FENCE(atomic)
CAIRN_TSAN_FENCE(atomic_atomic)
CAIRN_TSAN_FENCE(atomic_load)
CAIRN_TSAN_FENCE(atomic_store)
CAIRN_TSAN_FENCE(store_atomic)
CAIRN_TSAN_FENCE(load_atomic)
CAIRN_TSAN_FENCE(load)
CAIRN_TSAN_FENCE(load_load)
CAIRN_TSAN_FENCE(load_store)
CAIRN_TSAN_FENCE(store)
CAIRN_TSAN_FENCE(store_store)
CAIRN_TSAN_FENCE(store_load)
CAIRN_TSAN_FENCE(memory)
CAIRN_TSAN_FENCE(acquire)
CAIRN_TSAN_FENCE(release)
CAIRN_TSAN_FENCE(acqrel)
CAIRN_TSAN_FENCE(lock)
CAIRN_TSAN_FENCE(unlock)
#undef CAIRN_TSAN_FENCE

/* The whole family for one type; `M` is how the target is passed, `N` the type of an addend. */
#define CAIRN_TSAN_BINARY(operation, S, M, T, N)                                                   \
    static inline void ck_pr_##operation##_##S(M *target, T value)                                 \
    {                                                                                              \
        (void)__atomic_fetch_##operation((N *)target, (N)value, __ATOMIC_SEQ_CST);                 \
    }

#define CAIRN_TSAN_FAMILY(S, M, T, N)                                                              \
    static inline T ck_pr_md_load_##S(const M *target)                                             \
    {                                                                                              \
        return __atomic_load_n((T const *)target, __ATOMIC_ACQUIRE);                               \
    }                                                                                              \
    static inline T ck_pr_fas_##S(M *target, T value)                                              \
    {                                                                                              \
        return __atomic_exchange_n((T *)target, value, __ATOMIC_SEQ_CST);                          \
    }                                                                                              \
    static inline bool ck_pr_cas_##S(M *target, T compare, T set)                                  \
    {                                                                                              \
        return __atomic_compare_exchange_n((T *)target, &compare, set, false, __ATOMIC_SEQ_CST,    \
                                           __ATOMIC_SEQ_CST);                                      \
    }                                                                                              \
    static inline bool ck_pr_cas_##S##_value(M *target, T compare, T set, M *seen)                 \
    {                                                                                              \
        bool done = __atomic_compare_exchange_n((T *)target, &compare, set, false,                 \
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);               \
        *(T *)seen = compare;                                                                      \
        return done;                                                                               \
    }                                                                                              \
    static inline T ck_pr_faa_##S(M *target, T value)                                              \
    {                                                                                              \
        return (T)__atomic_fetch_add((N *)target, (N)value, __ATOMIC_SEQ_CST);                     \
    }                                                                                              \
    CAIRN_TSAN_BINARY(add, S, M, T, N)                                                             \
    CAIRN_TSAN_BINARY(sub, S, M, T, N)                                                             \
    CAIRN_TSAN_BINARY(and, S, M, T, N)                                                             \
    CAIRN_TSAN_BINARY(or, S, M, T, N)                                                              \
    CAIRN_TSAN_BINARY(xor, S, M, T, N)                                                             \
    static inline void ck_pr_inc_##S(M *target)                                                    \
    {                                                                                              \
        (void)__atomic_fetch_add((N *)target, (N)1, __ATOMIC_SEQ_CST);                             \
    }                                                                                              \
    static inline void ck_pr_dec_##S(M *target)                                                    \
    {                                                                                              \
        (void)__atomic_fetch_sub((N *)target, (N)1, __ATOMIC_SEQ_CST);                             \
    }

#define CAIRN_TSAN_STORE(S, T)                                                                     \
    static inline void ck_pr_md_store_##S(T *target, T value)                                      \
    {                                                                                              \
        __atomic_store_n(target, value, __ATOMIC_RELEASE);                                         \
    }

#define CAIRN_TSAN_INTEGER(S, T) CAIRN_TSAN_FAMILY(S, T, T, T) CAIRN_TSAN_STORE(S, T)

CAIRN_TSAN_FAMILY(ptr, void, void *, uintptr_t)
CAIRN_TSAN_INTEGER(char, char)
CAIRN_TSAN_INTEGER(int, int)
CAIRN_TSAN_INTEGER(uint, unsigned int)
CAIRN_TSAN_INTEGER(64, uint64_t)
CAIRN_TSAN_INTEGER(32, uint32_t)
CAIRN_TSAN_INTEGER(16, uint16_t)
CAIRN_TSAN_INTEGER(8, uint8_t)

/* ck stores a pointer through a const argument, so this one cannot come from the macro. */
static inline void ck_pr_md_store_ptr(void *target, const void *value)
{
    __atomic_store_n((uintptr_t *)target, (uintptr_t)value, __ATOMIC_RELEASE);
}

#ifndef CK_PR_DISABLE_DOUBLE
static inline double ck_pr_md_load_double(const double *target)
{
    double value;
    __atomic_load(target, &value, __ATOMIC_ACQUIRE);
    return value;
}

static inline void ck_pr_md_store_double(double *target, double value)
{
    __atomic_store(target, &value, __ATOMIC_RELEASE);
}
#endif

#undef CAIRN_TSAN_INTEGER
#undef CAIRN_TSAN_STORE
#undef CAIRN_TSAN_FAMILY
#undef CAIRN_TSAN_BINARY

/* What ck_pr.h would otherwise build from compare-and-swap loops. */
#define CK_F_PR_FAS_PTR
#define CK_F_PR_FAS_CHAR
#define CK_F_PR_FAS_INT
#define CK_F_PR_FAS_UINT
#define CK_F_PR_FAS_64
#define CK_F_PR_FAS_32
#define CK_F_PR_FAS_16
#define CK_F_PR_FAS_8
