load common

ESC=$'\033'

# A policy whose labels, and a ledger whose texts, are made to do harm at every outlet.
hostile_store() {
    NOW=2021-01-02T08:00:00Z
    k init >/dev/null
    small_rules | sed \
        -e 's/"Visit"/"=HYPERLINK(1) <script>alert(1)<\/script>, x"/' \
        -e 's/"Participant"/"@SUM(A1)"/' >hostile.rules
    k rules adopt hostile.rules --from 2021-01-01 >/dev/null
    printf '%s\n' \
        '{"type":"referral","subject":"=C-1","on":"2021-05-03","data":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true}}' \
        '{"type":"enrollment","subject":"=C-1","on":"2021-05-17","data":{"coach":"+anna"}}' \
        '{"type":"employment","subject":"=C-1","on":"2021-06-01","data":{"employer":"\u001b[31mred\nkadens: done\u202e\u009b2J\u0007"}}' \
        '{"type":"visit","subject":"=C-1","on":"2021-06-03","data":{"note":"line\r\nBEGIN:VEVENT\r\n<img src=x>"}}' >lines
    NOW=2021-06-10T08:00:00Z
    k import lines >/dev/null
}

# nothing that a terminal would act on
tame() {
    ! printf '%s' "$output$stderr" | grep -q "$ESC" || { show; return 1; }
    ! printf '%s' "$output$stderr" | LC_ALL=C grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9\xaa-\xae]' ||
        { show; return 1; }
}

@test "text on a terminal: control characters and line breaks are shown, not done" {
    hostile_store
    for command in 'show =C-1' 'tasks --for +anna --all' 'log' 'replay --as-of 2021-06-10' 'replay --as-of 2021-06-10 --tasks'; do
        # shellcheck disable=SC2086
        ok k $command
        tame
        ! printf '%s\n' "$output" | grep -q '^kadens: done' || { show; false; }
    done
    ok k show =C-1
    has 'employer: \u{1b}[31mred\nkadens: done\u{202e}\u{9b}2J\u{7}'
    ok k record visit =C-1 "note=${ESC}[2J"
    tame
    no 2 k record "vis${ESC}[31mit" =C-1
    tame
    no 2 k "ta${ESC}[31msks"
    tame
    no 2 k show "C${ESC}[31m"
    tame
}

@test "JSON: the same text back, and nothing in it that a terminal would do" {
    hostile_store
    for command in 'tasks --all --format json' 'tasks --all --format jsonl' 'show =C-1 --format json' 'export' 'log --format jsonl'; do
        # shellcheck disable=SC2086
        ok k $command
        tame
    done
    ok k export --from 4
    has '"employer":"\u001b[31mred\nkadens: done\u202e\u009b2J\u0007"'
    k export >one
    k --store other init >/dev/null
    k --store other import one >/dev/null
    k --store other export | cmp one -
}

@test "CSV: no cell that a spreadsheet would run, and one line for one row" {
    hostile_store
    for command in 'tasks --all --format csv' 'log --format csv' 'replay --as-of 2021-06-10 --tasks --format csv' 'replay --as-of 2021-06-10 --format csv' 'rules list --format csv'; do
        # shellcheck disable=SC2086
        ok k $command
        tame
        ! printf '%s' "$output" | grep -qE '(^|,)"?[=+@]' || { show; false; }
    done
    ok k tasks --for +anna --format csv
    [ "${#lines[@]}" -eq 2 ] || { show; false; }
    has "'=C-1"
    has "'+anna"
    has "\"'=HYPERLINK(1) <script>alert(1)</script>, x\""
}

@test "calendar: no line that a label or a name has made" {
    hostile_store
    ok k tasks --for +anna --format ics
    printf '%s\n' "$output" | tr -d '\r' >lines
    grep -q '^BEGIN:VEVENT$' lines
    ! grep -vE '^( |BEGIN:(VCALENDAR|VEVENT)$|END:(VCALENDAR|VEVENT)$|(VERSION|PRODID|CALSCALE|METHOD|X-WR-CALNAME|X-PUBLISHED-TTL|UID|DTSTAMP|LAST-MODIFIED|SEQUENCE|SUMMARY|DESCRIPTION|STATUS|TRANSP|CLASS):|DT(START|END);VALUE=DATE:[0-9]{8}$)' lines ||
        { show; false; }
    # unfolded, the label is there as text
    sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g' lines >whole
    grep -qF 'SUMMARY:=HYPERLINK(1) <script>alert(1)</script>\, x – =C-1' whole
    output=$(cat lines)
    tame
}

@test "messages of the rules tools are tame too" {
    printf 'policy x "A %s[31m"\n    language en\nevent \t%s\n' "$ESC" "$ESC" >bad.rules
    no 2 k rules check bad.rules
    tame
    no 2 k rules check bad.rules --format json
    tame
    printf 'policy x "A" what <b>=1</b>\n    language en\n' >bad.rules
    no 1 k rules check bad.rules
    tame
}
