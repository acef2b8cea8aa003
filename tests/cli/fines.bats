# A policy from elsewhere: real road-traffic fines of an Italian municipality. The counts expected
# were worked out without the engine (see the note in tests/data/fines-excerpt.expected.json).
load common

FINES=$KAD_DATA/data/fines-excerpt
LONG_AGO=1999-01-01T00:00:00Z

# The counts that the data set's JSON expects, one on each line: "2006-12-31 send_fine open 3".
expected() {
    awk -v mode="$1" '
        /^ "[a-z_]+":/ { on = index($0, "\"" mode "\"") > 0 }
        { gsub(/[",:]/, "") }
        on && /^  [0-9]/ { day = $1 }
        on && /^   [a-z_]/ { task = $1 }
        on && /^    / && $2 != "{" && $2 != "" { print day, task, $1, $2 }
    ' "$FINES.expected.json" | LC_ALL=C sort
}

# The same from the store, for the five days.
counted() {
    for day in 2005-01-01 2006-12-31 2007-06-30 2010-06-30 2013-12-31; do
        k --format jsonl replay --tasks --as-of "$day" | awk -v day="$day" '
            function value(key) {
                if (!match($0, "\"" key "\":(\"[^\"]*\"|[a-z]+)"))
                    return ""
                v = substr($0, RSTART, RLENGTH)
                sub(/^"[a-z]+":/, "", v)
                gsub(/"/, "", v)
                return v
            }
            BEGIN {
                split("send_fine prefecture_window penalty_due", tasks, " ")
                split("instances open overdue done missed untold dropped done_late", keys, " ")
            }
            {
                n[value("task"), "instances"]++
                n[value("task"), value("state")]++
                if (value("late") == "true")
                    n[value("task"), "done_late"]++
            }
            END {
                for (t in tasks)
                    for (s in keys)
                        print day, tasks[t], keys[s], n[tasks[t], keys[s]] + 0
            }'
    done | LC_ALL=C sort
}

fines_store() {
    k --now $LONG_AGO init >/dev/null
    k --now $LONG_AGO rules adopt "$KAD_DATA/rules/road-fines.rules" --from 1999-01-01 >/dev/null
}

@test "the rules for fines check, and their examples hold" {
    ok k rules check "$KAD_DATA/rules/road-fines.rules"
    ok k rules test "$KAD_DATA/rules/road-fines.rules"
}

@test "fines imported now: what closed undone is untold, every count as expected" {
    fines_store
    ok k import "$FINES.jsonl"
    expected as_imported >want
    [ "$(wc -l <want)" -eq 120 ]
    counted >got
    diff -u want got
}

@test "fines recorded then: what closed undone is missed, every count as expected" {
    fines_store
    ok k import --recorded-then "$FINES.jsonl"
    expected as_if_recorded_on_the_day >want
    [ "$(wc -l <want)" -eq 120 ]
    counted >got
    diff -u want got
}

@test "fines imported twice are the same fines" {
    fines_store
    k import "$FINES.jsonl" >/dev/null
    k export >once
    ok k import "$FINES.jsonl"
    k export >twice
    cmp once twice
}
