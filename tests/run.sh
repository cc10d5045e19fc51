#!/usr/bin/env bash
# tests/run.sh DIR: run every test program below DIR, then the end-to-end tests against $CAIRN.
# Prints a line a program, the output of those that fail, and at last "N passed, M failed".
set -uo pipefail
cd "$(dirname "$0")/.."
directory=$1
passed=0
failed=0

count() { # pattern, file
    grep -oE "$1" "$2" | tail -n 1 | grep -oE '[0-9]+' | head -n 1 || true
}

if [ ! -d "${CAIRN_TEST_DATA:-../shared/data}" ]; then
    echo "note: no test data beside the project: corpora and real chat are left out"
fi

run_unit() {
    local program=$1 log=$1.log status=0 ok bad
    timeout 300 "$program" >"$log" 2>&1 || status=$?
    ok=$(count '\[  PASSED  \] [0-9]+ test' "$log")
    bad=$(count '\[  FAILED  \] [0-9]+ test' "$log")
    passed=$((passed + ${ok:-0}))
    if [ "$status" -ne 0 ]; then
        failed=$((failed + ${bad:-1}))
        printf 'FAILED %-52s status %s\n' "${program#"$directory"/}" "$status"
        grep -vE '^\[ +(RUN|OK) +\]' "$log" | tail -n 60
    else
        printf 'ok     %-52s %s tests\n' "${program#"$directory"/}" "${ok:-0}"
    fi
}

while IFS= read -r program; do
    run_unit "$program"
done < <(find "$directory" -type f -name 'test_*' -perm -u+x ! -name '*.log' | sort)

if [ -n "${CAIRN:-}" ] && ls tests/e2e/test_*.py >/dev/null 2>&1; then
    log=$directory/e2e.log
    if timeout 900 python3 -m unittest discover -s tests/e2e -p 'test_*.py' -v >"$log" 2>&1; then
        status=0
    else
        status=1
    fi
    ran=$(count '^Ran [0-9]+ test' "$log")
    bad=$(grep -cE '^(FAIL|ERROR): ' "$log" || true)
    [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ] && bad=1
    passed=$((passed + ${ran:-0} - ${bad:-0}))
    failed=$((failed + ${bad:-0}))
    printf '%-6s %-52s %s tests\n' "$([ $status -eq 0 ] && echo ok || echo FAILED)" "end to end ($CAIRN)" "${ran:-0}"
    [ $status -ne 0 ] && tail -n 120 "$log"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
