#!/usr/bin/env bash
# What Kadens costs, as whole processes on this machine: medians of several runs, and where there is a
# floor, the ratio to it measured in turns (machines are noisy, ratios less so). Fails only when
# something does not work, never because something was slow.
#
#   make bench                 with 100 000 made-up cases
#   make bench CASES=10000     smaller
#   FINES=FILE.jsonl make bench   and the import of the fines (JSON Lines) against its floor
set -euo pipefail
kadens=${KADENS:?}; floor=${FLOOR:?}; src=${KAD_SRC:?}
cases=${CASES:-100000}; runs=${RUNS:-7}
dir=$(mktemp -d "${TMPDIR:-/tmp}/kadens-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export KADENS_KEYS=$dir/keys

now_us() { local t=$EPOCHREALTIME; echo $((${t%[.,]*} * 1000000 + 10#${t#*[.,]})); }
time_us() { local t0; t0=$(now_us); "$@" >"$dir/out" 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }; echo $(($(now_us) - t0)); }
median() { sort -n | awk '{v[NR]=$1} END {print (NR % 2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
row() { printf '%-58s %12s\n' "$1" "$2"; }
ms() { awk -v us="$1" 'BEGIN {printf "%.1f ms", us / 1000}'; }
# several NAME COMMAND...: one warm-up, then the median of the runs
several() {
    local name=$1 i; shift
    time_us "$@" >/dev/null
    for ((i = 0; i < runs; i++)); do time_us "$@"; done >"$dir/times"
    row "$name" "$(ms "$(median <"$dir/times")")"
}

row "rules check of the 2021 policy, goal 20 ms:" ""
several "  rules check" "$kadens" rules check "$src/rules/se-hoglandet-2021.rules"
several "  rules test (examples)" "$kadens" rules test "$src/rules/se-hoglandet-2021.rules"

if [ -n "${FINES:-}" ]; then
    import_fines() {
        rm -rf "$dir/fines"
        "$kadens" --store "$dir/fines" init
        "$kadens" --store "$dir/fines" rules adopt "$src/tests/rules/road-fines.rules" --from 2000-01-01
    }
    row "import of $(wc -l <"$FINES") events:" ""
    for ((i = 0; i < runs; i++)); do
        import_fines >/dev/null
        a=$(time_us "$kadens" --store "$dir/fines" import "$FINES")
        rm -rf "$dir/plain"
        b=$(time_us "$floor" "$FINES" "$dir/plain")
        echo "$a $b"
    done >"$dir/pairs"
    row "  kadens import" "$(ms "$(awk '{print $1}' "$dir/pairs" | median)")"
    row "  floor: plain C parse and LMDB append" "$(ms "$(awk '{print $2}' "$dir/pairs" | median)")"
    row "  ratio, pair by pair" "$(awk '{printf "%.2f\n", $1 / $2}' "$dir/pairs" | median)"
    several "  replay --tasks of all of them" "$kadens" --store "$dir/fines" replay --tasks \
        --as-of 2010-06-30 --format jsonl
fi

t=$(time_us "$kadens" --store "$dir/big" demo --cases "$cases" --seed 1)
row "demo store of $cases cases, made in" "$(ms "$t")"
row "  events in it" "$("$kadens" --store "$dir/big" export | wc -l)"
value() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; } # of a key, from rows of JSON Lines
coach=$("$kadens" --store "$dir/big" tasks --format jsonl | value for | grep -v '^role:' |
    sort | uniq -c | sort -rn | awk 'NR == 1 {print $2}')
subject=$("$kadens" --store "$dir/big" tasks --for "$coach" --format jsonl | value subject | sed -n 1p)
several "  tasks --for $coach, goal 300 ms" "$kadens" --store "$dir/big" tasks --for "$coach"
row "    tasks on that list" "$("$kadens" --store "$dir/big" tasks --for "$coach" --format jsonl | wc -l)"
several "  show $subject, goal 300 ms" "$kadens" --store "$dir/big" show "$subject"
several "  tasks of everybody" "$kadens" --store "$dir/big" tasks --format jsonl

# What is done once and by night. Each of these leaves the store otherwise than it was, so it runs once,
# but for `verify` and the service with nothing to do.
t=$(time_us "$kadens" --store "$dir/big" serve --once)
row "  serve --once, the first time: everybody is looked at" "$(ms "$t")"
row "    issued" "$(wc -l <"$dir/out")"
several "  serve --once with nothing due" "$kadens" --store "$dir/big" serve --once
t=$(time_us "$kadens" --store "$dir/big" checkpoint)
row "  the first checkpoint" "$(ms "$t")"
runs=3 several "  verify: everything" "$kadens" --store "$dir/big" verify
t=$(time_us "$kadens" --store "$dir/big" backup "$dir/backups")
row "  backup, checked" "$(ms "$t")"
