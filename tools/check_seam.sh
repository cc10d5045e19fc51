#!/usr/bin/env bash
# tools/check_seam.sh: nothing goes round runtime/io. Time, randomness, files, sockets, threads and
# parking are asked for there and nowhere else, or a simulated run would not be the whole run.
# The allow-list names the few modules that may, and why. Exit 1 with each place that breaks the rule.
set -uo pipefail
cd "$(dirname "$0")/.."

# The layering of includes is part of the same promise: arrows point down.
status=0
report() { # rule, matches
    [ -z "$2" ] && return
    printf '%s\n%s\n' "$1:" "$2" >&2
    status=1
}

search() { # pattern, paths...
    local pattern=$1
    shift
    grep -rnE --include='*.c' --include='*.h' "$pattern" "$@" 2>/dev/null
}

calls='\b(clock_gettime|gettimeofday|time|nanosleep|usleep|sleep|getrandom|rand|random|open|openat|fopen|pread|pwrite|fsync|fdatasync|socket|accept4?|connect|bind|recv|send|poll|select|epoll_[a-z]+|eventfd|pthread_create|fork|io_uring_[a-z_]+)\('
report "system calls outside runtime/io" "$(search "$calls" runtime/*.c runtime/*.h runtime/base storage config actors tools |
    grep -vE '^[^:]+:[0-9]+: \*|^[^:]+:[0-9]+:\s*/?\*' |
    grep -vE 'cairn_[a-z0-9_]*\(|static .*\(|^runtime/base/log\.c|^tools/notify\.c')"

includes() { search "#include [\"<]$1" "${@:2}"; }
report "liburing outside runtime/io/uring*.c" "$(includes 'liburing' runtime storage config actors tools | grep -v '^runtime/io/uring')"
report "Concurrency Kit outside runtime/" "$(includes 'ck_' storage config actors tools runtime/base runtime/io)"
report "lz4 outside storage/codec.c" "$(includes 'lz4' runtime storage config actors tools | grep -v '^storage/codec\.c')"
report "runtime includes what is above it" "$(includes '(storage|config|actors|tools)/' runtime)"
report "runtime/io includes what is above it" "$(includes 'runtime/[a-z_]*\.h' runtime/io)"
report "runtime/base includes what is above it" "$(includes 'runtime/(io/|[a-z_]*\.h)' runtime/base)"
report "storage and config do not know each other, nor what is above" \
    "$(includes '(config|actors|tools)/' storage; includes '(storage|actors|tools)/' config)"
report "config is read by actors/system*.c alone" "$(includes 'config/' actors | grep -v '^actors/system')"
for folder in gateway ingest training patterns retrieval facts metrics; do
    others=$(printf '%s\n' gateway ingest training patterns retrieval facts metrics | grep -vx "$folder" | paste -sd'|')
    report "actors/$folder includes another actor's folder" "$(includes "actors/($others)/" "actors/$folder")"
done
[ $status -eq 0 ] && echo "seam: nothing goes round it"
exit $status
