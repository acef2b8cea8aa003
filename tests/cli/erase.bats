# Private fields: sealed on disk, destroyed for good, and what is told of both.
load common

# Nothing of the words in any byte of the files below: plain, and as UTF-16, hexadecimal or base64 of
# them, in case somebody stores them so one day.
nowhere() {
    local what=$1 form
    shift
    for form in "$what" "$(printf %s "$what" | od -An -tx1 | tr -d ' \n')" "$(printf %s "$what" | base64)"; do
        if grep -r -a -q -F -e "$form" "$@"; then
            printf 'found: %s in %s\n' "$form" "$(grep -r -a -l -F -e "$form" "$@" | tr '\n' ' ')"
            return 1
        fi
    done
}

# A day as it lies in a record: tag D, then a big-endian number of days; and as people write it.
no_day_in() {
    local days hex dir=$1 text=$2
    days=$(($(date -u -d "$text" +%s) / 86400))
    hex=$(printf '44%08x' "$days")
    nowhere "$text" "$dir"
    ! find "$dir" -type f -exec od -An -v -tx1 {} + | tr -d ' \n' | grep -q "$hex" ||
        { echo "found: day $text"; return 1; }
}

canary=Xq7kanariefagelZw
born=1983-07-19

# One case with a secret note and a birth date that a guard reads, and one that stays as it is.
with_secrets() {
    small_store
    NOW=2021-06-01T08:00:00Z
    k record referral C-1 birth_date=$born unit=eksjo motivated=yes --on 2021-05-03 >/dev/null
    k record enrollment C-1 coach=anna --on 2021-05-17 >/dev/null
    k record employment C-1 extent='75 %' --on 2021-05-20 >/dev/null
    k record visit C-1 note="$canary" --on 2021-05-21 >/dev/null
    k record referral C-2 birth_date=1991-02-03 unit=nassjo motivated=yes --on 2021-05-04 >/dev/null
    k record visit C-2 note="stays readable" --on 2021-05-21 >/dev/null
}

# Every question that needs no private value.
answers() {
    k --format json tasks --all --until 2022-01-01
    k --format json tasks --for anna
    k --format csv log | sed -e 's/(private)/(P)/' -e 's/(erased)/(P)/' | grep -v kadens.erased
    k --format json show C-2
    k rules list
    k replay --tasks --format jsonl
}

@test "private values lie in no file as they were written, from the first moment on" {
    with_secrets
    nowhere "$canary" store keys
    no_day_in store "$born"
    no_day_in keys "$born"
    # but who has the keys reads them
    ok k export
    has "$canary"
    has "$born"
    ok k show C-1
    has "$canary"
}

@test "what is erased is in no byte of any file, and everything else is as it was" {
    with_secrets
    answers >before
    ok k erase C-1 --because "art. 17" --yes --backup copies
    has "1 record" || has "2 records had private fields"
    answers >after
    diff before after
    k export >all.jsonl
    for format in text json jsonl csv; do k --format $format log >"log.$format"; done
    k show C-1 >show.txt
    k --format json show C-1 >show.json
    k explain C-1.birth_date >explain.txt
    k explain 5 >>explain.txt
    k verify >verify.txt
    mkdir out
    mv all.jsonl log.* show.* explain.txt verify.txt before after out
    nowhere "$canary" store keys copies out
    nowhere "$born" store keys copies out
    for dir in store keys copies out; do no_day_in $dir "$born"; done
    grep -q '{"erased":true}' out/all.jsonl
    grep -q 'has been erased' out/explain.txt
    grep -q 'Private data erased' out/show.txt
    grep -q '"type":"kadens.erased"' out/log.json
    ok k replay
    # and nobody else lost anything
    ok k show C-2
    has "stays readable"
}

@test "even the old keys and an old vault do not open what was erased, with the store of today" {
    with_secrets
    cp -r keys oldkeys
    cp store/vault oldvault
    k erase C-1 --because asked --yes >/dev/null
    cp store/vault newvault
    # the old vault and the old key, beside today's records: the fence counts
    cp oldvault store/vault
    ok k --keys oldkeys export
    hasnt "$canary"
    hasnt "$born"
    has "stays readable"
    cp newvault store/vault
    no 0 true
}

@test "an erased subject takes no private field again, and an erasure stands" {
    with_secrets
    k erase C-1 --because asked --yes >/dev/null
    no 1 k record visit C-1 note=again --on 2021-05-25
    said "were erased"
    ok k record visit C-1 --on 2021-05-25
    no 1 k correct 2 --because slip birth_date=1983-07-20
    said "were erased"
    no 2 k retract 8 --because slip
    said "nothing that taking it back could bring back"
    no 1 k erase C-1 --because asked --yes
    said "erased already"
    ok k record visit C-2 note=more --on 2021-05-25
}

@test "erasing asks, and takes no for an answer" {
    with_secrets
    no 2 k erase C-1 --because asked
    said "--yes"
    no 2 k erase C-1 --yes
    said "--because"
    no 2 k erase C-11 --because asked --yes
    said "C-1"
    # at a terminal: another key is a no, its own a yes
    no 1 script -qec "$KADENS --lang en --now $NOW erase C-1 --because asked" /dev/null <<<'C-2'
    has "Nothing was erased"
    k export | grep -q "$canary"
    ok script -qec "$KADENS --lang en --now $NOW erase C-1 --because asked" /dev/null <<<'C-1'
    k export >all
    ! grep -q "$canary" all
    # the same id again is the same answer
    ok k erase C-2 --because asked --yes --id e-1
    ok k erase C-2 --because asked --yes --id e-1
    has "Recorded already"
    no 2 k erase eksjo --because asked --yes
    said "No record is about"
}

@test "erase in JSON names the backups that still show it" {
    with_secrets
    k backup copies >/dev/null
    ok k --format json erase C-1 --because asked --yes
    echo "$output" | jq -e '.erased == "C-1" and .seq == 8 and .private == 2 and (.superseded | length) == 1'
    ok k --format json erase C-2 --because asked --yes --backup copies
    echo "$output" | jq -e '.backup | test("/copies/")'
}

@test "without the keys private fields are sealed, and nothing private can be written" {
    with_secrets
    mv keys away
    ok k export
    has '{"sealed":true}'
    hasnt "$canary"
    said_times 1 "shown as sealed"
    no 3 k record visit C-2 note=new --on 2021-05-26
    said "cannot be written"
    said "--keys"
    ok k record visit C-2 --on 2021-05-26
    no 3 k erase C-1 --because asked --yes
    [ "$(k export 2>/dev/null | grep -c kadens.erased)" -eq 0 ]
    ok k tasks --all
    mv away keys
    ok k export
    has "$canary"
    chmod 644 keys/*.master
    ok k export
    has '{"sealed":true}'
    said "chmod 600"
}

said_times() {
    [ "$(grep -c -F -e "$2" <<<"$stderr")" -eq "$1" ] || { show; return 1; }
}

@test "a damaged, foreign, missing or older vault is told in plain words" {
    with_secrets
    cp store/vault good
    rm store/vault
    ok k export
    said "is not there"
    printf 'something else' >store/vault
    ok k export
    said "another program's file"
    head -c 100 good >store/vault
    ok k export
    said "has been cut"
    # older than the ledger: the second key is missing
    head -c 208 good >store/vault
    ok k export
    has "$canary"
    has '{"sealed":true}'
    said "older than the ledger"
    no 3 k record referral C-3 birth_date=1990-01-01 unit=eksjo motivated=yes --on 2021-05-26
    said "older than the ledger"
    # of another ledger
    KADENS_STORE=other k init >/dev/null
    cp other/vault store/vault
    ok k export
    said "another ledger's"
    cp good store/vault
    ok k record referral C-3 birth_date=1990-01-01 unit=eksjo motivated=yes --on 2021-05-26
}

@test "export and import: values, sealed and erased ones come out as they went in" {
    with_secrets
    k export >values
    KADENS_STORE=a k init >/dev/null
    KADENS_STORE=a k import values >/dev/null
    KADENS_STORE=a k export | cmp - values
    # erased; and what its guards said by the birth date that is gone stands as it was said
    k record referral C-3 birth_date=2010-01-01 unit=eksjo motivated=yes --on 2021-05-03 >/dev/null
    k record enrollment C-3 coach=anna --on 2021-05-17 --override "Board" >/dev/null
    k erase C-3 --because asked --yes >/dev/null
    k export >values
    k erase C-1 --because asked --yes >/dev/null
    k export >erased
    grep -q '"override":{"because":"Board"' erased
    KADENS_STORE=b k init >/dev/null
    KADENS_STORE=b k import erased >/dev/null
    KADENS_STORE=b k export | cmp - erased
    KADENS_STORE=b no 1 k record visit C-1 note=again --on 2021-05-25
    nowhere "$canary" b
    # an export from before, with the erasure behind it: the key goes with it
    { cat values; tail -n 1 erased; } >both
    KADENS_STORE=c k init >/dev/null
    KADENS_STORE=c k import both >/dev/null
    KADENS_STORE=c k export | cmp - erased
    nowhere "$canary" c
    # sealed: without the keys, into a store that has its own
    k --keys nowhere export >sealed 2>/dev/null
    grep -q '{"sealed":true}' sealed
    KADENS_STORE=d k init >/dev/null
    KADENS_STORE=d k import sealed >/dev/null
    KADENS_STORE=d k export | cmp - sealed
    KADENS_STORE=d ok k import sealed
    # the line of an erasure is no way to erase
    tail -n 1 erased | jq -c 'del(.seq,.policy,.via,.clock,.deviations)' >line
    no 2 k import line
    said "recorded by the program itself"
}

@test "a passphrase: asked for when it is needed, and a new one at each erasure" {
    export KADENS_PASSPHRASE_COST=test
    printf 'first words\n' >one
    printf 'second words\n' >two
    NOW=2021-01-02T08:00:00Z
    k init --passphrase --passphrase-file one >/dev/null
    [ -z "$(find keys -name '*.master')" ]
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 >/dev/null
    NOW=2021-06-01T08:00:00Z
    ok k --passphrase-file one record referral C-1 birth_date=$born unit=eksjo motivated=yes --on 2021-05-03
    ok k --passphrase-file one export
    has "$born"
    # nobody to ask: sealed, and said; what needs no private value needs no passphrase
    ok setsid "$KADENS" --lang en export </dev/null
    has '{"sealed":true}'
    said "--passphrase-file"
    ok setsid "$KADENS" --lang en rules list </dev/null
    [ -z "$stderr" ]
    ok k --passphrase-file two export
    has '{"sealed":true}'
    said "is not that of"
    no 3 k --passphrase-file two record visit C-1 note=x --on 2021-05-25
    # a new one must be new
    no 1 k --passphrase-file one erase C-1 --because asked --yes --new-passphrase-file one
    said "choose another"
    ok k --passphrase-file one export
    has "$born"
    ok k --passphrase-file one erase C-1 --because asked --yes --new-passphrase-file two
    ok k --passphrase-file two record referral C-2 birth_date=1990-01-01 unit=eksjo motivated=yes --on 2021-05-03
    ok k --passphrase-file two export
    has '{"erased":true}'
    has '"1990-01-01"'
    ok k --passphrase-file one export
    hasnt '"1990-01-01"'
}

@test "a passphrase is typed without being shown" {
    export KADENS_PASSPHRASE_COST=test
    printf 'first words\n' >one
    NOW=2021-01-02T08:00:00Z
    k init --passphrase --passphrase-file one >/dev/null
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 >/dev/null
    NOW=2021-06-01T08:00:00Z
    k --passphrase-file one record referral C-1 birth_date=$born unit=eksjo motivated=yes --on 2021-05-03 >/dev/null
    # wrong, then right; what is typed does not come back
    { sleep 1; echo wrong; sleep 1; echo 'first words'; sleep 1; } |
        script -qec "$KADENS --lang en --now $NOW export" typed >/dev/null
    grep -q "$born" typed
    grep -q "That was not it" typed
    ! grep -q 'first words' typed
}

@test "an erasure is possible in a live and in a simulated ledger" {
    k init --live >/dev/null
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 >/dev/null
    k record referral C-1 birth_date=$born unit=eksjo motivated=yes >/dev/null
    ok k erase C-1 --because asked --yes
    ok k export
    hasnt "$born"
    export KADENS_STORE=sim
    NOW=2021-01-02T08:00:00Z
    k init --simulated >/dev/null
    k rules adopt small.rules --from 2021-01-01 >/dev/null
    k record referral C-1 birth_date=$born unit=eksjo motivated=yes >/dev/null
    ok k erase C-1 --because asked --yes
    ok k export
    hasnt "$born"
    has '"clock":"given"'
}
