#!/usr/bin/env bash
# tools/check_seam.sh [OBJECTS]: nothing goes round runtime/io. Time, randomness, files, sockets, threads
# and parking are asked for there and nowhere else, or a simulated run would not be the whole run.
# What a module calls is read from its object file below OBJECTS (build/release/obj): no macro, comment
# or inline function of a header hides it there. Exit 1 with each place that breaks the rule.
set -uo pipefail
cd "$(dirname "$0")/.."
objects=${1:-build/release/obj}

status=0
report() { # rule, matches
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2" >&2
    status=1
}

# ---- calls ----

calls='clock_.*|gettimeofday|time|nanosleep|u?sleep|alarm|timer_.*|timerfd_.*|getrandom|getentropy|s?rand(_r)?|s?random(_r)?'
calls+='|[dlm]rand48|arc4random.*|open(at)?(64)?|creat|f(re|d)?open(64)?|opendir|readdir(64)?|f?l?stat(x|at)?(64)?|access|unlink(at)?'
calls+='|rename.*|mkdir(at)?|rmdir|link|symlink|f?truncate(64)?|fallocate(64)?|posix_fa.*|flock|fcntl(64)?|ioctl|p?read(v2?)?(64)?'
calls+='|p?write(v2?)?(64)?|fsync|fdatasync|sync.*|socket(pair)?|accept4?|connect|bind|listen|recv.*|send.*|shutdown|getaddrinfo'
calls+='|p?poll|p?select|epoll_.*|eventfd|pipe2?|pthread_.*|thrd_.*|mtx_.*|cnd_.*|sem_.*|sched_.*|v?fork|clone3?|exec.*|posix_spawn.*'
calls+='|system|popen|wait(pid|id)?|kill|syscall|dlopen|io_uring_.*'

# Who may, and why: the gate puts the few threads that stop a system to sleep; the log writes its
# lines; notify speaks to the service manager's socket before and after there is a ring.
allowed='^runtime/gate pthread_(mutex|cond)_|^runtime/base/log write$|^tools/notify (socket|sendto)$'

# Lines "storage/ledger pwrite", of modules that still have a source.
list_calls() {
    local folder module symbol
    for folder in runtime storage config actors tools; do
        find "$objects/$folder" -name '*.o' ! -path '*/runtime/io/*' 2>/dev/null
    done | xargs -r nm -uA | sed -nE "s|^$objects/(.*)\.o: +[UvVwW] (.*)|\1 \2|p" | sort |
        while read -r module symbol; do
            [ -f "$module.c" ] && echo "$module $symbol"
        done
}

seen=$(list_calls)
[ -n "$seen" ] || report "no object files below" "$objects"
report "calls past runtime/io" "$(grep -E " ($calls)\$" <<<"$seen" | grep -vE "$allowed")"

# ---- includes: arrows point down ----

includes() { # what, where...
    grep -rnE --include='*.c' --include='*.h' "#include [\"<]$1" "${@:2}" 2>/dev/null
}

report "liburing outside runtime/io/uring*.c" "$(includes 'liburing' runtime storage config actors tools | grep -v '^runtime/io/uring')"
report "Concurrency Kit outside runtime/" "$(includes 'ck_' storage config actors tools runtime/base runtime/io)"
report "lz4 outside storage/codec.c" "$(includes 'lz4' runtime storage config actors tools | grep -v '^storage/codec\.c')"
report "runtime includes what is above it" "$(includes '(storage|config|actors|tools)/' runtime)"
report "runtime/io includes what is above it" "$(includes 'runtime/[a-z_]*\.h' runtime/io)"
report "runtime/base includes what is above it" "$(includes 'runtime/(io/|[a-z_]*\.h)' runtime/base)"
report "storage and config do not know each other, nor what is above" \
    "$(includes '(config|actors|tools)/' storage; includes '(storage|actors|tools)/' config)"
report "config is read by actors/system*.c alone" "$(includes 'config/' actors | grep -v '^actors/system')"
report "actors include what is above them" "$(includes '(tools|bench|tests)/' actors)"
folders=(gateway ingest training patterns retrieval facts metrics)
for folder in "${folders[@]}"; do
    others=$(printf '%s\n' "${folders[@]}" | grep -vx "$folder" | paste -sd'|')
    report "actors/$folder includes another actor's folder" "$(includes "actors/($others)/" "actors/$folder")"
done

[ $status -eq 0 ] && echo "seam: $(wc -l <<<"$seen") calls of $(cut -d' ' -f1 <<<"$seen" | sort -u | wc -l) modules, none past runtime/io"
exit $status
