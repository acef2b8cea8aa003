# rules diff: what adopting a policy would change; and what an adoption keeps of it.
load common

P2021=$KAD_SRC/rules/se-hoglandet-2021.rules

# The small policy with month 2 in three, and no examples.
three() {
    small_rules | sed -e 's/month 2  visit 2 times/month 2  visit 3 times/' -e '/^example/,$d'
}

@test "a policy changes nothing against itself" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    ok k rules diff small.rules --from 2021-06-10
    has 'Nothing would change, in any of 4 cases.'
    ok k rules diff small.rules --from 2025-01-01 --only unit=eksjo --format json
    jq -e '.touched == 0 and .cases == [] and .totals.kept > 0' <<<"$output"
    ok k rules diff small.rules --from 2021-06-10 --format csv
    [ "${#lines[@]}" -eq 1 ]
}

@test "counts first, then case by case, and 1 for changes" {
    one_case
    three >three.rules
    no 1 k rules diff three.rules --from 2021-07-05
    has 'What small from Monday 5 July 2021 would change'
    has 'It replaces small@2021-01-01 for everyone.'
    has 'Cases touched: 1 of 4.'
    [[ $output =~ anna\ +2\ +0\ +1 ]] || { show; false; }
    has 'Eksjö'
    has $'\nC-1\n'
    [[ $output =~ gone\ +Sat\ 2021-07-31\ +Visit\ +anna\ +opens\ 2021-07-16 ]] || { show; false; }
    [ -z "$stderr" ]
    no 1 "$KADENS" --lang sv --now "$NOW" rules diff three.rules --from 2021-07-05
    has 'Vad small från måndag 5 juli 2021 skulle ändra'
    has 'Ärenden som berörs: 1 av 4.'
    has 'Att göra förut'
    # Nothing was written.
    ok k log --type kadens.adopted
    [ "$(k export | wc -l)" -eq 5 ]
}

@test "for some units only, and as far as is asked" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    three >three.rules
    ok k rules diff three.rules --from 2021-07-05 --only unit=nassjo
    has 'It replaces small@2021-01-01 for Nässjö.'
    no 1 k rules diff three.rules --from 2021-07-05 --only unit=eksjo
    no 2 k rules diff three.rules --from 2021-07-05 --only unit=eksjoo
    said_once 'Did you mean eksjo?'
    sed '/^duty meeting/,/^$/s/every half-year/every month/' small.rules | sed '/^example/,$d' >monthly.rules
    no 1 k rules diff monthly.rules --from 2021-07-01 --until 2021-09-15 --format json
    jq -e '.until == "2021-09-15" and .totals.added == 3 and .totals.withdrawn == 1' <<<"$output"
    jq -e '.by.for["role:manager"].added == 3' <<<"$output"
}

@test "a due day that moves, a task that changes hands, one that is no more" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    NOW=2021-07-01T08:00:00Z
    k record discharge C-1 reason=work >/dev/null
    sed -e 's/due 3 months after/due 2 months after/' -e '/^example/,$d' small.rules >two.rules
    no 1 k rules diff two.rules --from 2021-07-01 --format json
    jq -e '.cases | length == 1 and .[0].change == "moved" and .[0].what == ["due"]
        and .[0].old.due == "2021-10-01" and .[0].new.due == "2021-09-01"' <<<"$output"
    no 1 k rules diff two.rules --from 2021-07-01
    has 'due 2021-09-01 instead of 2021-10-01'
    awk '/^task exit/ { on = 1 } on && /for coach/ { sub("coach", "manager"); on = 0 } /^example/ { exit } { print }' \
        small.rules >manager.rules
    no 1 k rules diff manager.rules --from 2021-07-01 --format csv
    [ "${#lines[@]}" -eq 2 ]
    has ',moved,for,2021-07-01,'
    has ',role:manager,'
    no 1 k rules diff manager.rules --from 2021-07-01
    has 'instead of anna'
    awk '/^task exit/ { gone = 1 } /^cadence/ { gone = 0 } /^example/ { exit } !gone { print }' \
        small.rules >without.rules
    no 1 k rules diff without.rules --from 2021-07-01 --format json
    jq -e '.totals.withdrawn == 1 and .cases[0].new == null and .cases[0].task == "exit"' <<<"$output"
}

@test "what could not be adopted is not compared" {
    one_case
    small_rules | sed 's/done by exited/done by exitd/' >bad.rules
    no 1 k rules diff bad.rules --from 2021-07-01
    said 'exitd'
    said 'It could not be adopted as it is, so nothing was compared.'
    [ -z "$output" ]
    small_rules | sed -e 's/^policy small/policy other/' -e '/^example/,$d' >other.rules
    no 1 k rules diff other.rules --from 2021-07-01
    said_once 'cannot be in force side by side'
    no 2 k rules diff small.rules
    said_once '--from is missing'
    no 2 k rules diff nowhere.rules --from 2021-07-01
    said_once 'nowhere.rules'
}

@test "examples of the old rule do not hide what the new one would do" {
    one_case
    small_rules | sed 's/month 2  visit 2 times/month 2  visit 3 times/
        s/due 2021-06-07 done/due 2021-06-07 open/' >new.rules
    no 1 k rules diff new.rules --from 2021-07-05
    has "Cases touched: 1 of 4."
    said 'examples fails, so it cannot be adopted yet: `rules test` says which.'
    small_rules | sed 's/due 2021-06-07 done/due 2021-06-07 open/' >same.rules
    no 1 k rules diff same.rules --from 2021-07-05
    said 'cannot be adopted yet'
}

@test "an adoption keeps the digest of what rules diff writes as JSON, to the byte" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    three >three.rules
    no 1 k rules diff three.rules --from 2021-07-05 --format json
    k rules diff three.rules --from 2021-07-05 --format json >bytes || :
    digest=$(sha256sum <bytes | cut -d ' ' -f 1)
    ok k rules adopt three.rules --from 2021-07-05 --decision 'Board § 9' --id adopt-1
    has 'Cases touched: 1 of 4.'
    has 'Recorded as no. 6'
    [ "$(k export | tail -n 1 | jq -r .data.diff)" = "$digest" ]
    # It can be had again later: the day, and what was known then. In another language too.
    "$KADENS" --lang sv --now 2021-12-01T08:00:00Z rules diff three.rules --from 2021-07-05 \
        --as-of 2021-06-10 --known-at 5 --format json >again || :
    cmp bytes again
    "$KADENS" --now 2021-12-01T08:00:00Z rules diff three.rules --from 2021-07-05 \
        --as-of 2021-06-10 --known-at 2021-06-05T00:00:00Z --format json >again || :
    cmp bytes again
    # The same id again is the same adoption, though nothing is left to change.
    ok k rules adopt three.rules --from 2021-07-05 --decision 'Board § 9' --id adopt-1
    has 'Already recorded as no. 6'
    ok k rules diff three.rules --from 2021-07-05
    # Carried into another store it keeps its digest.
    k export >one
    k --store other init >/dev/null
    k --store other import one >/dev/null
    k --store other export | cmp - one
}

@test "reminders and escalations that a policy brings are shown, in words, columns and numbers" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    sed '/^example/,$d' small.rules |
        awk '{ print } /^    month 2  visit 2 times/ {
            print "    closes never\n    remind 3 days before due\n    escalate to manager 5 days after due" }' >told.rules
    export COLUMNS=160
    no 1 k rules diff told.rules --from 2021-07-05
    has 'reminders and escalations: 2021-07-28, 2021-08-05 Manager instead of none'
    no 1 "$KADENS" --lang sv --now "$NOW" rules diff told.rules --from 2021-07-05
    has 'påminnelser och lyft: 2021-07-28, 2021-08-05 Manager i stället för inga'
    no 1 k rules diff told.rules --from 2021-07-05 --format csv
    has ',2021-07-28 2021-08-05:manager'
    no 1 k rules diff told.rules --from 2021-07-05 --format json
    jq -e '.cases[0].what == ["closes", "notices"] and .cases[0].old.notices == [] and
        .cases[0].new.notices == [{kind: "remind", day: "2021-07-28", to: null},
                                  {kind: "escalate", day: "2021-08-05", to: "manager"}]' <<<"$output"
    id=$(jq -r '.cases[0].id' <<<"$output")
    k rules adopt told.rules --from 2021-07-05 >/dev/null
    ok k explain "$id"
    [[ $output =~ 2021-07-31\ −\ 3\ days\ =\ 2021-07-28 ]] || { show; false; }
    [[ $output =~ Escalated\ to\ Manager.*2021-08-05 ]] || { show; false; }
    # What lists show is as it was.
    ok k tasks --format json
    hasnt notices
}

@test "after adopting, the lists of a whole programme change exactly as the diff said" {
    command -v jq >/dev/null || skip "no jq"
    NOW=2026-11-20T12:00:00Z
    k demo --cases 40 --seed 3 >/dev/null
    # Month 2 in three from September on, the exit sooner, the coaches' survey gone: all at once.
    sed -e 's/^    month 2  .*/    month 2         aftercare_visit 3 times/' \
        -e 's/due 3 months after/due 2 months after/' -e '/^example/,$d' "$P2021" >new.rules
    no 1 k rules diff new.rules --from 2026-09-01 --format json
    printf '%s\n' "$output" >diff.json
    until=$(jq -r .until diff.json)
    list() { # what stands on some list, or stood: what nobody has to do is left out
        k replay --tasks --until "$until" --format jsonl |
            jq -c 'select(.state != "dropped" and .state != "waived")
                | {id, opens, due, closes, for, unit, state, late}' | sort
    }
    list >before
    jq -c --arg until "$until" '.cases[] | select(.old != null and .old.state != "dropped"
        and .old.opens <= $until) | {id} + (.old | del(.notices))' diff.json | sort >old
    jq -c --arg until "$until" '.cases[] | select(.new != null and .new.state != "dropped"
        and .new.opens <= $until) | {id} + (.new | del(.notices))' diff.json | sort >new
    [ "$(wc -l <old)" -gt 10 ] && [ "$(wc -l <new)" -gt 10 ]
    k rules adopt new.rules --from 2026-09-01 >/dev/null
    list >after
    # What goes was there; take it out, put in what comes, and it is the list.
    [ -z "$(comm -13 before old)" ]
    comm -23 before old | sort - new | diff - after
    # The counts are those of the cases.
    jq -e '(.cases | map(select(.change == "added")) | length) == .totals.added
        and (.cases | map(select(.change == "withdrawn")) | length) == .totals.withdrawn
        and (.cases | map(.subject) | unique | length) == .touched
        and ([.by.for[].to_do_after] | add) == .totals.to_do_after
        and ([.by.unit[].kept] | add) == .totals.kept' diff.json
    [ "$(jq '[.cases[] | [.subject, (.new // .old).due]] | . == sort' diff.json)" = true ]
}

@test "a label does no harm in any format of a diff" {
    command -v jq >/dev/null || skip "no jq"
    one_case
    three | sed -e 's/event visit      "Visit"/event visit      "=cmd()<b>"/' >evil.rules
    no 1 k rules diff evil.rules --from 2021-07-05 --format csv
    has "'=cmd()<b>"
    no 1 k rules diff evil.rules --from 2021-07-05 --format json
    jq -e '.cases[0].label == "=cmd()<b>"' <<<"$output"
}

@test "an adoption that was recorded without a diff is still the same by its id" {
    command -v jq >/dev/null || skip "no jq"
    small_store
    three >three.rules
    jq -cn --rawfile text three.rules '{type: "kadens.adopted", subject: null, on: "2021-07-05", id: "a-1",
        by: "lisa", data: {name: "small", text: $text}}' >line
    ok k import line
    ok k rules adopt three.rules --from 2021-07-05 --id a-1 --by lisa
    has 'Already recorded as no. 2'
}
