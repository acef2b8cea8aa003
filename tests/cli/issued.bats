load common

# A ledger that a scheduler has written to, as it is exported.
issued_lines() {
    cat >p.rules <<'END'
policy p "P"
    language en
    calendar sweden
    running cases follow the new rules
role boss "Boss"
event start "Start" of case
event visit "Visit" of case
subject case "Case"
task call "Phone call"
    when start due 7 days after
    remind 2 days before due
    escalate to boss 3 days after due
    done by visit
    for boss
END
    k init
    NOW=2021-05-01T08:00:00Z
    k rules adopt p.rules --from 2021-05-01
    NOW=2021-06-01T08:00:00Z
    k record start C-1
    k export >lines
    local data='"task":"C-1/call/2","issue":1,"name":"call","anchor":2,"opens":"2021-06-01","due":"2021-06-08","closes":null,"for":"role:boss","unit":null'
    local seq=3 what
    for what in 'issued 01' 'reminded 06 ,"notice":"2d"' 'overdue 09' \
        'escalated 11 ,"notice":"3d:boss","to":"boss"' 'withdrawn 12 ,"because":2'; do
        # shellcheck disable=SC2086
        set -- $what
        printf '{"seq":%d,"id":null,"type":"kadens.%s","subject":"C-1","on":"2021-06-%s","at":"2021-06-%sT08:00:01.000000Z","clock":"given","by":"kadens","via":"os:kadens","data":{%s%s},"policy":"p@2021-05-01","override":null,"deviations":[]}\n' \
            $seq "$1" "$2" "$2" "$data" "${3:-}" >>lines
        seq=$((seq + 1))
    done
    NOW=2021-07-01T08:00:00Z
} >/dev/null

@test "what a scheduler recorded is carried over byte for byte, and once only" {
    issued_lines
    k --store other init
    ok k --store other import lines
    has 'events recorded (no. 1 to 7).'
    k --store other export >again
    cmp lines again
    ok k --store other import lines
    has '7 were there already'
    ok k --store other replay
    [ "$(k --store other --as-of 2021-06-20 tasks --format jsonl | wc -l)" -eq 1 ]
}

@test "nobody else can record what the scheduler does" {
    issued_lines
    no 2 k import lines
    said 'lines:3:1: kadens.issued is recorded by the program itself and cannot be given.'
    k --store other init
    k --store other import lines
    sed -n '7s/"seq":7,//p' lines >one
    no 2 k --store other import one
    sed 's/2021-05-01","override":null/2021-05-02","override":null/' lines >wrong
    k --store third init
    no 2 k --store third import wrong
    sed '3s/"task":"C-1/"task":"C-2/' lines >wrong
    no 2 k --store third import wrong
    said 'The task C-2/call/2 is not one of “C-1”.'
}

@test "what was issued is said in plain words" {
    issued_lines
    k --store other init
    k --store other import lines
    ok k --store other log
    has 'Task issued               kadens      Phone call, due 2021-06-08; C-1/call/2'
    has 'Escalation                kadens      Phone call, due 2021-06-08, to Boss; C-1/call/2'
    has 'Task withdrawn            kadens      Phone call, due 2021-06-08; because of no. 2; C-1/call/2'
    ok k --store other --as-of 2021-06-10 explain 3
    has 'No. 3: Task issued of C-1, 1 June 2021. Recorded on 1 June 2021 by kadens.'
    has 'It is about no. 2, Start.'
    ok k --store other --as-of 2021-06-20 explain C-1/call/2
    has '  Task overdue on 9 June 2021 (no. 5).'
    has '  Task withdrawn on 12 June 2021 (no. 7), because of no. 2.'
    ok k --store other --as-of 2021-06-10 show C-1
    has 'Given out'
    has 'Task overdue  Phone call, due 2021-06-08; C-1/call/2  5'
    hasnt 'Escalation'
    ok k --lang sv --store other --as-of 2021-06-20 show C-1
    has 'Utdelat'
    has 'Uppgift återtagen  Phone call, senast 2021-06-08; på grund av nr 2'
}

# A simulated ledger with one case, C-1, whose call was issued to anna (no. 3), whose ground was
# corrected away (no. 4) and which was withdrawn (no. 5).
withdrawn_store() {
    cat >p.rules <<'END'
policy p "P"
    language en
    calendar sweden
    running cases follow the new rules
role boss "Boss"
event start "Start" of case       urgent yes/no, coach person optional
event handover "Handover" of case coach person
event visit "Visit" of case
subject case "Case"
    coach is the latest of start.coach, handover.coach
task call "Phone call"
    when start where urgent  due 7 days after
    done by visit
    for coach
    source "4.1"
END
    k init --simulated
    k --now 2021-05-01T08:00:00Z rules adopt p.rules --from 2021-05-01
    k --now 2021-06-01T08:00:00Z record start C-1 urgent=yes coach=anna
    k serve --once --clock 2021-06-01T09:00:00Z
    k --now 2021-06-02T09:00:00Z correct 2 urgent=no --because 'Wrong case'
} >/dev/null 2>&1
withdraw() {
    local NOW=
    k serve --once --clock "$1" >/dev/null 2>&1
}

@test "what was issued and withdrawn is listed, until it is issued again" {
    withdrawn_store
    NOW=2021-06-02T09:30:00Z
    # The rules no longer give it; nobody has been told yet.
    ok k tasks --state withdrawn --format json
    [ "$output" = '[]' ]
    withdraw 2021-06-02T10:00:00Z
    NOW=2021-06-03T08:00:00Z
    ok k tasks
    hasnt 'Phone call'
    ok k tasks --state withdrawn
    has 'Withdrawn (1)'
    has 'Tue 2021-06-08  since 2021-06-02, because of no. 4  C-1    Phone call  anna  2'
    ok k --lang sv tasks --state withdrawn
    has 'Återtaget (1)'
    has 'sedan 2021-06-02, på grund av nr 4'
    local row='{"id":"C-1/call/2","subject":"C-1","task":"call","label":"Phone call","opens":"2021-06-01","due":"2021-06-08","closes":null,"state":"withdrawn","late":false,"for":"anna","unit":null,"anchor":2,"done_by":null,"dropped_by":null,"policy":"p@2021-05-01","line":11,"source":"4.1"}'
    for how in '--state withdrawn' --all '--all --for anna' '--all --subject C-1'; do
        # shellcheck disable=SC2086
        ok k tasks $how --format jsonl
        [ "$output" = "$row" ]
    done
    ok k tasks --all --for bert --format jsonl
    [ -z "$output" ]
    ok k tasks --all --format csv
    has 'C-1/call/2,C-1,call,Phone call,2021-06-01,2021-06-08,,withdrawn,false,anna,,2,,,p@2021-05-01,11,4.1'
    ok k tasks --all --format ics
    has 'SUMMARY:Cancelled: Phone call – C-1'
    ok k tasks --state open,done --format ics
    hasnt 'Phone call'
    ok k show C-1 --all
    has 'Withdrawn (1)'
    ok k show C-1 --format json
    [ "$(jq -c '.tasks[0]' <<<"$output")" = "$row" ]
    # By the short name that the list gives it.
    ok k explain C-1/2
    has 'Task withdrawn on 2 June 2021 (no. 5), because of no. 4.'
    # Before it was withdrawn, in either sense, it was not.
    ok k --as-of 2021-06-01 tasks --state withdrawn --format jsonl
    [ -z "$output" ]
    ok k --known-at 4 tasks --state withdrawn --format jsonl
    [ -z "$output" ]
    ok k --known-at 3 tasks --all --format jsonl
    [ "$(jq -r .state <<<"$output")" = open ]
    # What the rules give again is theirs to tell, issued anew or not.
    k --now 2021-06-03T09:00:00Z correct 2 urgent=yes --because 'It was right' >/dev/null
    NOW=2021-06-03T09:30:00Z
    ok k tasks --all --format jsonl
    [ "$(jq -r .state <<<"$output")" = open ]
    withdraw 2021-06-03T10:00:00Z
    NOW=2021-06-03T11:00:00Z
    ok k tasks --all --format jsonl
    [ "$(jq -r .state <<<"$output")" = open ]
    ok k --known-at 5 tasks --state withdrawn --format jsonl
    [ "$output" = "$row" ]
    k --now 2021-06-04T09:00:00Z correct 2 urgent=no --because 'No, wrong' >/dev/null
    # Issued again and groundless again, but not withdrawn again: nothing is told of it yet.
    NOW=2021-06-04T09:30:00Z
    ok k tasks --all --format jsonl
    [ -z "$output" ]
    withdraw 2021-06-04T10:00:00Z
    NOW=2021-06-04T11:00:00Z
    ok k tasks --state withdrawn
    has 'since 2021-06-04, because of no. 8'
    ok k verify
}

@test "what a new policy withdraws is listed with whom it was issued to, if only to nobody" {
    withdrawn_store
    withdraw 2021-06-02T10:00:00Z
    k --now 2021-06-03T08:00:00Z record start C-2 urgent=yes >/dev/null
    withdraw 2021-06-03T09:00:00Z
    k --now 2021-06-03T10:00:00Z record handover C-2 coach=bert >/dev/null
    sed 's/where urgent/where not urgent/; s/Phone call/Letter/' p.rules >q.rules
    k --now 2021-06-04T08:00:00Z rules adopt q.rules --from 2021-06-03 >/dev/null
    k --now 2021-06-04T08:30:00Z record start C-0 urgent=no coach=anna --on 2021-06-03 >/dev/null
    withdraw 2021-06-04T09:00:00Z
    NOW=2021-06-04T10:00:00Z
    # By due day, among the others; each in the words of the policy that it was issued by.
    ok k tasks --all --format jsonl
    [ "$(jq -r '[.id, .label, .state, .for, .policy] | @tsv' <<<"$output")" = "$(
        printf 'C-1/call/2\tPhone call\twithdrawn\tanna\tp@2021-05-01\n'
        printf 'C-0/call/10\tLetter\topen\tanna\tp@2021-06-03\n'
        printf 'C-2/call/6\tPhone call\twithdrawn\t\tp@2021-05-01'
    )" ]
    for format in jsonl ics; do
        ok k tasks --state withdrawn --for - --format $format
        has 'C-2/call/6'
        ok k tasks --state withdrawn --for bert --format $format
        hasnt 'C-2/call/6'
    done
}
