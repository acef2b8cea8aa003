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
    has 'Utfärdat'
    has 'Uppgift återtagen  Phone call, förfaller 2021-06-08; på grund av nr 2'
}
