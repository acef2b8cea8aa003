load common

w() {
    "$WITNESS" --lang en "$@"
}

# A ledger with five records, two checkpoints (over 3 and 5), and its key in $key.
watched() {
    small_store
    key=$(k checkpoint --format json 2>/dev/null | jq -r .key)
    NOW=2021-05-03T08:00:00Z k record referral C-1 birth_date=1995-05-17 unit=eksjo motivated=yes >/dev/null
    NOW=2021-05-17T08:00:00Z k record enrollment C-1 coach=anna >/dev/null
    unset NOW
    k checkpoint --to three 2>/dev/null
    k record employment C-1 'extent=75 %' >/dev/null
    k record visit C-1 note='something only the coach knows' >/dev/null
    k checkpoint --to five 2>/dev/null
    k prove --from 3 --to step 2>/dev/null
}

@test "the witness links no database" {
    run readelf -d "$WITNESS"
    [[ $output == *NEEDED* ]]
    [[ $output != *lmdb* ]]
    [[ $output != *jansson* ]]
    ! nm "$WITNESS" 2>/dev/null | grep -q mdb_
}

@test "a checkpoint is checked, remembered, and gone on from" {
    watched
    ok w check three --key "$key" --remember seen
    has 'Good: the checkpoint over 3 records'
    no 1 w check five --remember seen
    said_once 'kadens prove --from 3'
    ok w check five --remember seen --proof step
    has 'begins with the same 3 records'
    ok w check five --remember seen
    has 'the same records'
    no 1 w check three --remember seen
    said_once 'the ledger has been cut'
    grep -qx 5 seen
    ok w check - --key "$key" <five
    has 'compared with no earlier one'
}

@test "a record is shown when its proof holds" {
    watched
    k prove 4 --to proof 2>/dev/null
    ok w proof proof --key "$key"
    has 'record 4 of the 5'
    has 'employment'
    has 'C-1'
    has '75'
    k prove 5 --to private 2>/dev/null
    ok w proof private --key "$key"
    has 'visit'
    has '(sealed)'
    hasnt 'the coach knows'
    k prove 1 --to policy 2>/dev/null
    ok w proof policy --key "$key"
    has 'lines more; --all shows them'
    ok w proof policy --key "$key" --all
    has 'cadence aftercare'
    ok env LC_ALL=sv_SE.UTF-8 "$WITNESS" proof proof --key "$key"
    has 'post 4 av de 5'
    # with what was remembered, the key need not be said again
    w check five --key "$key" --remember seen >/dev/null
    ok w proof proof --remember seen
}

@test "every changed byte of a checkpoint, a proof or a step is refused" {
    watched
    k prove 4 --to proof 2>/dev/null
    w check three --key "$key" --remember seen >/dev/null
    # one byte changed at every seventh place, with another offset for each file
    for file in five step proof; do
        size=$(stat -c %s "$file")
        for ((at = size % 7; at < size; at += 7)); do
            cp "$file" changed
            perl -e 'open F, "+<", "changed"; binmode F; seek F, $ARGV[0], 0; read F, $c, 1;
                     seek F, $ARGV[0], 0; print F chr(ord($c) ^ 1)' "$at"
            case $file in
            five) run w check changed --key "$key" ;;
            step) cp seen again; run w check five --remember again --proof changed ;;
            proof) run w proof changed --key "$key" ;;
            esac
            [ "$status" -eq 1 ] || { echo "$file at $at: $status $output"; false; }
        done
    done
}

@test "two ledgers of one key are found out" {
    watched
    cp -r store copy
    k record visit C-1 >/dev/null
    k checkpoint --to six 2>/dev/null
    k prove --from 5 --to step6 2>/dev/null
    KADENS_STORE=copy k record ended C-1 >/dev/null
    KADENS_STORE=copy k checkpoint --to other6 2>/dev/null
    w check five --key "$key" --remember seen >/dev/null
    ok w check six --remember seen --proof step6
    no 1 w check other6 --remember seen
    said_once 'TWO LEDGERS'
    # further on, no proof can be had that fits
    KADENS_STORE=copy k record visit C-1 >/dev/null
    KADENS_STORE=copy k checkpoint --to other7 2>/dev/null
    KADENS_STORE=copy k prove --from 6 --to otherstep 2>/dev/null
    no 1 w check other7 --remember seen --proof otherstep
    said_once 'NOT THE SAME LEDGER'
    grep -q 6 seen
}

@test "a replaced key is followed, and only so" {
    watched
    w check five --key "$key" --remember seen >/dev/null
    new=$(k checkpoint --new-key --format json 2>/dev/null | jq -r .key)
    k checkpoint --to six 2>/dev/null
    k prove 6 --to change 2>/dev/null
    k prove --from 5 --to step6 2>/dev/null
    no 1 w check six --remember seen --proof step6
    said_once 'signed with another key'
    ok w check six --remember seen --proof change --proof step6
    has 'replaced by record 6'
    ok w check six --remember seen
    ok w check six --key "$new"
    ok w check six --key "$key" --remember seen
    # twice, from the first key alone
    k checkpoint --new-key >/dev/null 2>&1
    k checkpoint --to seven 2>/dev/null
    k prove 6 --to change6 2>/dev/null
    k prove 7 --to change7 2>/dev/null
    no 1 w check seven --key "$key" --proof change7
    said_once 'does not replace the key'
    no 1 w check seven --key "$key" --proof change6
    ok w check seven --key "$key" --proof change --proof change7
    k prove 4 --to four 2>/dev/null
    no 1 w proof four --key "$key"
    ok w proof four --key "$key" --proof change --proof change7
    # another ledger's record does not
    KADENS_STORE=$BATS_TEST_TMPDIR/second k init >/dev/null
    KADENS_STORE=$BATS_TEST_TMPDIR/second k checkpoint --new-key >/dev/null 2>&1
    KADENS_STORE=$BATS_TEST_TMPDIR/second k prove 1 --to foreign 2>/dev/null
    no 1 w check seven --key "$key" --proof foreign
}

@test "wrong usage and files that are none" {
    watched
    no 2 w
    said_once 'Say what is to be checked'
    no 2 w check five
    said_once '--key KEY says it'
    no 2 w check five --key nonsense
    said_once 'is no verifier key'
    no 2 w check nowhere --key "$key"
    said_once 'cannot be read'
    no 2 w check five --keyy "$key"
    no 1 w check step --key "$key"
    said_once 'This is no checkpoint'
    no 1 w proof five --key "$key"
    said_once 'is no proof'
    no 2 w proof step --key "$key"
    said_once 'proves no record'
    echo rubbish >seen
    no 2 w check five --remember seen
    said_once 'is not what kadens-witness remembered'
    KADENS_STORE=$BATS_TEST_TMPDIR/second k init >/dev/null
    KADENS_STORE=$BATS_TEST_TMPDIR/second k checkpoint --to other 2>/dev/null
    no 1 w check other --key "$key"
    said_once 'of another ledger'
    ok w --help
    has 'kadens-witness check CHECKPOINT'
    ok w --version
    head -c 300000 /dev/zero >huge
    no 2 w check huge --key "$key"
}
