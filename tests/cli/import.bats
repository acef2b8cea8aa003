load common

# A store with what a ledger can hold: events, an id, an override, a deviation, a correction, a
# retraction, a waiver, text that is hard to carry.
full_store() {
    one_case
    NOW=2021-06-10T08:00:00Z
    k record visit C-1 --id v1 'note=Blåbär “quoted” \ "x" <b>'
    k correct 4 --because 'half time' 'extent=50 %' 'employer=Sågen'
    k waive C-1/m1.w3 --because 'on holiday'
    k record referral C-2 birth_date=2010-05-17 unit=nassjo motivated=yes
    k record enrollment C-2 coach=anna --override 'The manager decided'
    k record referral C-3 birth_date=1990-05-17 unit=nassjo motivated=no
    k record discharge C-3 reason=health
    k record visit C-1 --on 2021-06-01
    k retract last --because 'wrong day'
    k record certificate eksjo good=no
    k record meeting programme
} >/dev/null

@test "export is the same each time, and the same again after import into an empty store" {
    full_store
    k export >one
    k export >two
    cmp one two
    k --store other init
    ok k --store other import one
    has 'events recorded (no. 1 to 16).'
    k --store other export >three
    cmp one three
    for question in 'tasks --all --format jsonl' 'show C-1 --format json' 'tasks --known-at 7 --format jsonl' \
        'replay --as-of 2021-07-31 --tasks --format jsonl' 'log --format csv --marked' 'rules list --format json'; do
        # shellcheck disable=SC2086
        k $question >one
        # shellcheck disable=SC2086
        k --store other $question >two
        diff -u one two
    done
    ok k --store other replay
}

@test "what is imported may come from standard input, and export from a record on" {
    full_store
    k export --from 5 >tail
    [ "$(wc -l <tail)" -eq 12 ]
    k export >all
    k --store other init
    ok k --store other import - <all
    k --store third init
    ok k --store third import <all
    no 2 k export --from 0
    said_once 'no record'
}

@test "import is all or nothing, and says which line was the first to be refused" {
    small_store
    cat >lines <<'LINES'
{"type":"referral","subject":"C-1","on":"2021-05-03","data":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true}}

{"type":"enrollment","subject":"C-1","on":"2021-05-17","data":{"coach":"anna"}}
{"type":"enrolment","subject":"C-1","on":"2021-05-17","data":{"coach":"anna"}}
LINES
    NOW=2021-06-01T08:00:00Z
    no 2 k import lines
    said_once 'lines:4:1: There is no event “enrolment”'
    said 'Did you mean enrollment?'
    ok k export
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 1 ]
}

@test "a line that a rule refuses ends the import with 1" {
    small_store
    cat >lines <<'LINES'
{"type":"referral","subject":"C-1","on":"2021-05-03","data":{"birth_date":"2010-05-17","unit":"eksjo","motivated":true}}
{"type":"enrollment","subject":"C-1","on":"2021-05-17","data":{"coach":"anna"}}
LINES
    NOW=2021-06-01T08:00:00Z
    no 1 k import lines
    said_once 'lines:2:1: Refused: Must be 18 to 64'
}

@test "--rejects sets refused lines aside, ready to be mended, and takes the others" {
    small_store
    cat >lines <<'LINES'
{"type":"referral","subject":"C-1","on":"2021-05-03","data":{"birth_date":"2010-05-17","unit":"eksjo","motivated":true}}
{"type":"enrollment","subject":"C-1","on":"2021-05-17","data":{"coach":"anna"}}
not json
{"type":"meeting","subject":"programme","on":"2021-05-17"}
LINES
    NOW=2021-06-01T08:00:00Z
    no 1 k import lines --rejects left
    has '2 events recorded (no. 2 to 3).'
    has '2 lines refused: they are in left.'
    said 'lines:2:1: Refused'
    said 'lines:3:3: This is not JSON.'
    sed -n '2,3p' lines | cmp - left
    ok k import lines --rejects left --format json </dev/null || [ "$status" -eq 1 ]
}

@test "lines with ids may be imported again, and change nothing" {
    small_store
    cat >lines <<'LINES'
{"id":"a1","type":"referral","subject":"C-1","on":"2021-05-03","data":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true}}
{"id":"a2","type":"enrollment","subject":"C-1","on":"2021-05-17","data":{"coach":"anna"}}
LINES
    NOW=2021-06-01T08:00:00Z
    ok k import lines
    ok k import lines
    has '0 events recorded.'
    has '2 were there already.'
    sed -i 's/"anna"/"bo"/' lines
    no 1 k import lines
    said_once 'lines:2:1: The id “a2” was given before'
    ok k import lines --format json || true
}

@test "lines without at are recorded now, or at the end of their own day" {
    small_store
    echo '{"type":"referral","subject":"C-1","on":"2021-05-03","data":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true}}' >lines
    NOW=2021-06-01T08:00:00Z
    ok k import lines --recorded-then
    ok k export --from 2
    has '"at":"2021-05-03T21:59:59.999999Z","clock":"given"'
    echo '{"type":"meeting","subject":"programme","on":"2021-05-04"}' >lines
    ok k import lines
    ok k export --from 3
    has '"at":"2021-06-01T08:00:00.000000Z"'
}

@test "what a line says of itself must be what the store gives" {
    small_store
    base='"type":"meeting","subject":"programme","on":"2021-05-04"'
    NOW=2021-06-01T08:00:00Z
    for wrong in '"seq":7' '"policy":"other@2021-01-01"' '"via":"os:somebody-else"' '"deviations":[{"policy":"x","line":1,"message":"m","source":null}]'; do
        echo "{$base,$wrong}" >lines
        no 2 k import lines
        said 'lines:1:1:'
        [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    done
    echo "{$base,\"policy\":\"small@2021-01-01\",\"deviations\":[],\"override\":null}" >lines
    ok k import lines
}

@test "a compressed file is said to be one" {
    small_store
    echo '{}' | gzip >lines.gz
    no 2 k import lines.gz
    said_once 'compressed'
}

@test "a file that is not there, and a folder" {
    small_store
    no 2 k import nowhere
    said_once 'nowhere cannot be read'
    mkdir folder
    no 2 k import folder
    said_once 'is a folder'
}

@test "the file of refused lines is never the one that is read, and is kept when the import fails" {
    small_store
    echo 'not json' >lines
    cp lines before
    NOW=2021-06-01T08:00:00Z
    no 2 k import lines --rejects lines
    said_once 'into another'
    cmp lines before
    no 2 k import lines --rejects ./../"$(basename "$PWD")"/lines
    cmp lines before
    echo old >left
    no 1 k import lines --rejects left
    cmp lines left
    echo kept >left
    no 2 k import nowhere --rejects left
    [ "$(cat left)" = kept ]
    ! compgen -G 'left.new-*'
}

@test "a large policy goes out and in again: its line may be longer than others" {
    {
        printf 'policy big "Stor"\n    language en\n    running cases follow the new rules\n\n'
        printf 'subject client "Client"\nevent visit "Visit" of client\n'
        awk 'BEGIN { for (i = 0; i < 30000; i++) print "# \"" i "\" är en anteckning som styrelsen ville ha kvar" }'
    } >big.rules
    ok k init
    ok k rules adopt big.rules --from 2021-01-01
    ok k record visit C-1
    k export >one.jsonl
    [ "$(head -n 1 one.jsonl | wc -c)" -gt 1500000 ]
    ok k --store other init
    ok k --store other import one.jsonl
    k --store other export >two.jsonl
    cmp one.jsonl two.jsonl
}

@test "a line of another kind is not longer than a megabyte" {
    ok k init
    awk 'BEGIN { printf "{\"type\":\"visit\",\"subject\":\"C-1\",\"on\":\"2021-01-01\",\"by\":\""
                 for (i = 0; i < 1100000; i++) printf "x"; print "\"}" }' >long.jsonl
    no 2 k import long.jsonl
    said "The line is longer than 1024 KiB."
}
