#!/usr/bin/env bash
# build.sh: everything one does with cairn's source. `./build.sh help` lists it.
set -euo pipefail
cd "$(dirname "$0")"

JOBS=$(nproc)
BUILD_PACKAGES=(gcc make pkg-config liburing-dev libck-dev liblz4-dev libxxhash-dev libutf8proc-dev
    libstemmer-dev libssl-dev libmimalloc-dev)
TEST_PACKAGES=(libcmocka-dev python3 curl)
CHECK_PACKAGES=(clang clang-format clang-tidy libclang-rt-14-dev)
BENCH_PACKAGES=(redis-server)

usage() {
    cat <<'EOF'
usage: ./build.sh COMMAND

  deps              install what is missing (Debian 12: as root or with sudo; elsewhere: names it)
  build [VARIANT]   release (default), debug, asan, tsan, cov, fuzz: build/VARIANT/cairn
  run [ARGS...]     install, build, and run the service in the foreground (cairn serve ARGS)
  test [VARIANT]    unit, property and end-to-end tests                        (under 3 min)
  check             test, format, seam, both compilers, sanitizers, fuzz, clang-tidy (under 20 min)
  check-rest [SECS] the same without the release tests and clang-tidy: what CI runs after `test`
  bench [NAME...]   build and run bench/bench_NAME; --build-only leaves them in build/release/
  fuzz [SECONDS]    every fuzz target from its kept corpus, 10 s each
  format            clang-format over the tree
  clean             remove build/, but for the unpacked packages

examples:
  ./build.sh run --demo
  ./build.sh bench ledger chains
EOF
}

say() {
    printf '\033[1m== %s\033[0m\n' "$*" >&2
}

# ---- dependencies ----

installed() {
    dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian system: please install the equivalents of: $*" >&2
        return 0
    fi
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${missing[*]}"
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
}

# Debian 12 has llhttp's C sources inside a Node package: unpacked, not installed.
unpack_llhttp() {
    [ -f build/deps/llhttp/llhttp.c ] && [ -f build/deps/include/llhttp.h ] && return 0
    say "unpacking llhttp"
    local folder
    folder=$(mktemp -d)
    (
        cd "$folder"
        apt-get download -qq node-llhttp 2>/dev/null || {
            apt-get update -qq
            apt-get download -qq node-llhttp
        }
        dpkg-deb -x node-llhttp_*.deb .
    )
    mkdir -p build/deps/llhttp build/deps/include
    cp "$folder"/usr/share/llhttp/*.c build/deps/llhttp/
    cp "$folder"/usr/share/include/llhttp/llhttp.h build/deps/include/
    rm -rf "$folder"
}

deps() {
    install_packages "$@"
    unpack_llhttp
}

# ---- building ----

make_variant() {
    local variant=$1
    shift
    make --no-print-directory -s -j"$JOBS" VARIANT="$variant" "$@"
}

build() {
    deps "${BUILD_PACKAGES[@]}"
    make_variant "${1:-release}" cairn
}

# ---- testing ----

# Runs the built tests of a variant and ends in a line "N passed, M failed".
run_tests() {
    local variant=$1
    CAIRN=build/$variant/cairn tests/run.sh "build/$variant/tests"
}

test_variant() {
    local variant=${1:-release}
    deps "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
    make_variant "$variant" tests
    run_tests "$variant"
}

fuzz_all() {
    local seconds=${1:-10} target name corpus
    deps "${BUILD_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
    make_variant fuzz CC=clang fuzzers
    for target in build/fuzz/fuzz_*; do
        [ -x "$target" ] || continue
        name=$(basename "$target")
        corpus=build/fuzz/corpus/$name
        mkdir -p "$corpus"
        say "$name"
        "$target" -max_total_time="$seconds" -seed="${CAIRN_FUZZ_SEED:-1}" -print_final_stats=0 -verbosity=0 -rss_limit_mb=2048 \
            -artifact_prefix="build/fuzz/$name-" "$corpus" \
            $([ -d "tests/fuzz/corpus/$name" ] && echo "tests/fuzz/corpus/$name") 2>&1 | tail -n 5
        [ "${PIPESTATUS[0]}" -eq 0 ] || return 1
    done
}

# ---- checking ----

sources() {
    git ls-files -co --exclude-standard -- '*.c' '*.h'
}

check_format() {
    say "format"
    sources | xargs clang-format --dry-run -Werror
}

# Nothing goes round the seam (runtime/io): not the clock, not files, sockets, threads, randomness.
check_seam() {
    say "seam"
    make_variant release cairn # it reads the object files
    tools/check_seam.sh build/release/obj
}

check_compilers() {
    local compiler
    for compiler in gcc clang; do
        say "warnings are errors: $compiler"
        make_variant release CC=$compiler BUILD=build/werror-$compiler WERROR=-Werror cairn tests benches
    done
}

check_tidy() {
    say "clang-tidy"
    sources | grep '\.c$' | grep -v '^tests/\|^bench/' |
        xargs -P "$JOBS" -n 8 clang-tidy --quiet -- -std=gnu17 -D_GNU_SOURCE -I. \
            -isystem build/deps/include -march=x86-64-v2 2>/dev/null
}

# The sanitizer's own frames need a fixed address space; the concurrent parts are what it is for.
check_threads() {
    say "thread sanitizer"
    make_variant tsan tests
    local test failed=0
    for test in build/tsan/tests/runtime/test_* build/tsan/tests/io/test_* \
        build/tsan/tests/actors/test_*; do
        [ -x "$test" ] || continue
        TSAN_OPTIONS=halt_on_error=1 setarch -R "$test" >"$test.log" 2>&1 || {
            echo "FAILED $test" && tail -n 40 "$test.log"
            failed=1
        }
    done
    return $failed
}

# Unit and property tests under the sanitizer; the end-to-end tests run on the release binary.
check_addresses() {
    say "tests: address and undefined behaviour sanitizers"
    make_variant asan tests
    CAIRN='' tests/run.sh build/asan/tests
}

# Everything of `check` but the release tests.
check_rest() {
    deps "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
    check_format
    check_seam
    check_compilers
    check_addresses
    check_threads
    fuzz_all "${1:-10}"
}

check() {
    deps "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
    say "tests: release"
    test_variant release
    check_rest 10
    check_tidy
}

# ---- benchmarks ----

bench() {
    local build_only=0 names=() name
    for name in "$@"; do
        if [ "$name" = --build-only ]; then build_only=1; else names+=("$name"); fi
    done
    deps "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}"
    make_variant release cairn benches
    [ $build_only -eq 1 ] && return 0
    if [ ${#names[@]} -eq 0 ]; then
        for name in build/release/bench_*; do names+=("$(basename "$name" | sed 's/^bench_//')"); done
    fi
    for name in "${names[@]}"; do
        say "bench $name"
        "build/release/bench_$name"
    done
}

command=${1:-help}
[ $# -gt 0 ] && shift
case $command in
deps) deps "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${CHECK_PACKAGES[@]}" "${BENCH_PACKAGES[@]}" ;;
build) build "$@" ;;
run)
    build release
    exec build/release/cairn serve "$@"
    ;;
test) test_variant "$@" ;;
check) check ;;
check-rest) check_rest "$@" ;;
bench) bench "$@" ;;
fuzz) fuzz_all "$@" ;;
format)
    sources | xargs clang-format -i
    ;;
clean) find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} + ;;
help | -h | --help) usage ;;
sim | nightly)
    echo "./build.sh $command comes with the crash simulator of the ledger's next step; nothing was run" >&2
    exit 2
    ;;
*)
    echo "unknown command: $command" >&2
    usage >&2
    exit 2
    ;;
esac
