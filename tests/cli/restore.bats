# A ledger that comes back from its backup.
load common

# The one backup in a folder (the newest, with several).
newest() {
    find "$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | sort | tail -n 1
}

# took COMMAND...: how many microseconds it takes.
took() {
    local from
    from=$(date +%s%N)
    "$@" >/dev/null 2>&1
    echo $((($(date +%s%N) - from) / 1000))
}

# kill_at MICROSECONDS COMMAND...: it is killed so late.
kill_at() {
    local at=$1 pid
    shift
    "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$(printf '%d.%06d' $((at / 1000000)) $((at % 1000000)))"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
}

# Everything that a ledger answers.
answers() {
    k --store "$1" export
    k --store "$1" replay
    k --store "$1" replay --as-of 2021-08-01 --tasks --format jsonl
    k --store "$1" show C-1 --all --as-of 2021-08-01
    k --store "$1" log --format csv
    k --store "$1" rules list
}

# Three more records than the backup has.
and_more() {
    NOW=2021-06-20T08:00:00Z k record visit C-1 >/dev/null
    NOW=2021-06-21T08:00:00Z k correct last --because 'wrong day' --on 2021-06-19 >/dev/null
    NOW=2021-06-22T08:00:00Z k record meeting programme >/dev/null
    NOW=2021-06-30T08:00:00Z
}

@test "what comes back answers every question as before" {
    one_case
    k backup b >/dev/null
    answers store >before
    mv store gone
    ok k restore b
    has 'restored in'
    has 'ends at record 5 of 3 June 2021'
    hasnt missing
    hasnt 'as it was'
    answers store | diff before -
    [ "$(stat -c %a store store/data.mdb store/lock.mdb store/writer | tr '\n' ' ')" = '700 600 600 600 ' ]
    # And it goes on.
    ok k record visit C-1
    has 'no. 6'
    # Into an empty folder too, and from the backup's own folder.
    mkdir empty
    ok k --store empty restore "$(newest b)"
    answers empty | diff before -
    ok k --lang sv --store third restore b
    has 'Liggaren är återställd i third'
}

@test "the store that was there is moved aside whole" {
    one_case
    k backup b >/dev/null
    and_more
    k export >all
    NOW=2021-07-01T08:00:00Z
    ok k restore b
    has 'as it was is in'
    k --store store.before-2021-07-01T080000Z export | cmp - all
    ok k restore b
    k --store store.before-2021-07-01T080000Z export | cmp - all
    [ -d store.before-2021-07-01T080000Z-2 ]
    [ -z "$(find . -maxdepth 1 -name '*restoring*')" ]
}

@test "an old backup: exactly what is missing, and recording it again gives the same ledger" {
    one_case
    k backup b >/dev/null
    and_more
    k export >all
    ok k restore b --missing m.jsonl
    has '3 records are missing: no. 6 to 8.'
    has 'Of type: kadens.corrected (1), meeting (1), visit (1)'
    has 'About: C-1 (2), programme (1)'
    has 'kept a checkpoint of more than 5 records'
    tail -n 3 all | cmp - m.jsonl
    [ "$(k export | wc -l)" -eq 5 ]
    ok k import m.jsonl
    k export | cmp - all
    ok k replay
    ok k import m.jsonl
    has '3 were there already'
    # The whole export does it as well.
    ok k restore b --format json
    [[ $output == *'"missing":{"from":6,"to":8,"count":3,"types":{"kadens.corrected":1,"meeting":1,"visit":1},"subjects":{"C-1":2,"programme":1}}}' ]]
    ok k import all
    k export | cmp - all
}

@test "the store's newer records are taken over byte for byte" {
    one_case
    k backup b >/dev/null
    and_more
    answers store >before
    ok k restore b --keep-newer
    has '3 newer records were taken over'
    hasnt missing
    answers store | diff before -
    no 2 k restore b --keep-newer --missing m
    # Nothing newer, or nothing there at all: nothing to take over.
    ok k restore "$(k backup b --format json | sed 's/.*"backup":"\([^"]*\)".*/\1/')" --keep-newer
    hasnt 'taken over'
}

@test "records are only taken as they were while nothing else was recorded" {
    one_case
    k backup b >/dev/null
    and_more
    k export | tail -n 3 >m
    k restore b >/dev/null
    k record visit C-1 >/dev/null
    no 1 k import m
    said 'Record 6 is here already, with other content'
    k restore b >/dev/null
    tail -n 2 m >gap
    no 2 k import gap
    said 'Record 7 cannot come here'
    sed 's/"at":"2021-06-20/"at":"2021-05-20/' m >back
    no 2 k import back
    said 'runs backwards'
}

@test "a live ledger gets its records back with the clock's own times" {
    k init --live >/dev/null
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 >/dev/null
    k backup b >/dev/null
    k record certificate eksjo good=yes >/dev/null
    k export >all
    k restore b --missing m >/dev/null
    ok k import m
    k export | cmp - all
    k export | grep -c '"clock":"own"' | grep -qx 2
    sed 's/"clock":"own"/"clock":"given"/' m >given
    k restore b >/dev/null
    no 2 k import given
}

@test "a damaged store is replaced, whatever is wrong with it" {
    one_case
    k backup b >/dev/null
    and_more
    k export | head -n 5 >five
    cp -r store good
    for damage in 'truncate -s 9000 store/data.mdb' 'rm store/data.mdb' \
        'dd if=/dev/urandom of=store/data.mdb bs=4096 count=9 conv=notrunc' \
        'dd if=/dev/urandom of=store/data.mdb bs=4096 seek=2 count=99 conv=notrunc' \
        ': >store/data.mdb' 'rm store/data.mdb store/lock.mdb'; do
        rm -rf store
        cp -r good store
        eval "$damage" 2>/dev/null
        cp -r store damaged
        ok k restore b
        has 'What was recorded after the backup'
        has 'has become shorter'
        k export | cmp - five
        diff -r -x lock.mdb -x writer damaged store.before-*
        no 3 k restore b --keep-newer --store store.before-*
        rm -rf damaged store.before-*
    done
    # What can be read behind the backup's end is, whatever else is broken.
    rm -rf store
    cp -r good store
    ok k restore b --keep-newer
    [ "$(k export | wc -l)" -eq 8 ]
}

@test "a backup that is not whole replaces nothing" {
    one_case
    k backup b >/dev/null
    and_more
    k export >all
    dir=$(newest b)
    cp "$dir/data.mdb" whole
    truncate -s -4096 "$dir/data.mdb"
    no 3 k restore b
    said 'cannot be restored; nothing was changed'
    cp whole "$dir/data.mdb"
    dd if=/dev/urandom of="$dir/data.mdb" bs=4096 seek=3 count=2 conv=notrunc 2>/dev/null
    no 3 k restore b
    said 'cannot be restored; nothing was changed'
    [ -z "$output" ]
    no 2 k restore not-there
    no 2 k restore "$KADENS_STORE"
    said 'is the store itself'
    no 2 k restore small.rules
    said_once 'a backup is a folder'
    mkdir nothing
    no 2 k restore nothing
    said_once 'There is no backup in'
    k export | cmp - all
    [ -z "$(find . -maxdepth 1 -name 'store?*')" ]
}

@test "only onto the same ledger, or where there is nothing" {
    one_case
    k backup b >/dev/null
    k --store other init >/dev/null
    no 1 k --store other restore b
    said 'is another ledger'
    mkdir full
    touch full/letter.txt
    no 2 k --store full restore b
    said_once 'holds something else'
    no 2 k --store small.rules restore b
    said_once 'is a file'
    no 3 k --store not/there restore b
    mkfifo lines
    k import lines &
    exec 9>lines
    until grep -q import store/writer; do sleep 0.02; done
    no 3 k --wait 0 restore b
    said 'kadens import'
    exec 9>&-
    wait
    (unset NOW; k serve >served 2>&1 3>&-) &
    until [ -s store/service ]; do sleep 0.05; done
    no 3 k restore b
    said 'The service of the store'
    kill -TERM "$(head -n 1 store/service)"
    wait
    k backup b --store other >/dev/null
    no 2 k restore b --store new
    said_once 'several ledgers'
    [ -z "$(find . -maxdepth 1 -name '*restoring*')" ]
}

@test "a store that went another way than the backup is told loudly" {
    one_case
    k backup old >/dev/null
    and_more
    k backup new >/dev/null
    k restore old >/dev/null
    k record visit C-1 >/dev/null
    no 1 k restore new --keep-newer
    said 'not known to go on from the backup'
    ok k restore new --missing m
    said 'CAREFUL'
    said 'differ from record 6 on'
    [ "$(wc -l <m)" -eq 1 ]
    has '1 record is missing: no. 6.'
    [ "$(k export | wc -l)" -eq 8 ]
    ok k restore old --format json
    [[ $output == *'"differs":null'* ]]
}

@test "a full disk changes nothing" {
    k demo --cases 20 >/dev/null
    k backup b >/dev/null
    k export >all
    small() (
        trap '' XFSZ
        ulimit -f 100
        k restore b
    )
    no 3 small
    said_once 'no room'
    k export | cmp - all
    [ -z "$(find . -maxdepth 1 -name 'store?*')" ]
}

@test "killed at any moment, the store is the old one or the new one" {
    k demo --cases 20 >/dev/null
    k export >old
    k backup b >/dev/null
    k record aftercare_visit C-1001 with=both >/dev/null
    k export >new
    cp -r store keep
    local i time as_new=0 as_old=0
    time=$(took k restore b)
    for i in $(seq 1 16); do
        rm -rf store store.before-*
        cp -r keep store
        kill_at $((time * i / 15)) "$KADENS" --lang en restore b
        k export >now
        if cmp -s now new; then
            as_new=$((as_new + 1))
        else
            cmp now old
            as_old=$((as_old + 1))
            k --store "$(echo store.before-*)" export | cmp - new
        fi
    done
    echo "before the exchange: $as_new, after it: $as_old"
    ok k restore b
    [ -z "$(find . -maxdepth 1 -name '*restoring*')" ]
}

@test "a checkpoint that somebody kept is held against what comes back" {
    one_case
    k checkpoint --to five 2>/dev/null
    k backup b >/dev/null
    and_more
    k checkpoint --to eight 2>/dev/null
    cp -r store eight-store
    ok k restore b --against five
    has 'The checkpoint of 5 records fits.'
    rm -rf store store.before-*
    # The store that is there is what was signed.
    cp -r eight-store store
    ok k restore b --against eight
    has 'fits the store as it was'
    has 'By the checkpoint 3 records are missing: no. 6 to 8.'
    rm -rf store store.before-*
    cp -r eight-store store
    ok k restore b --against eight --keep-newer
    hasnt 'missing'
    hasnt 'shorter'
    [ "$(k checkpoint 2>/dev/null)" = "$(cat eight)" ]
    # Nobody has those records.
    rm -rf store store.before-*
    ok k restore b --against eight
    has '3 records are missing: no. 6 to 8'
    has 'cannot be shown without them'
    has 'has become shorter'
    # Others under the same numbers.
    k record visit C-1 >/dev/null
    k record visit C-1 >/dev/null
    k record visit C-1 >/dev/null
    ok k restore b --against eight
    said 'CAREFUL: the store as it was is not what the checkpoint was signed over'
    k record meeting programme >/dev/null
    k checkpoint --to other 2>/dev/null
    rm -rf store store.before-*
    cp -r eight-store store
    k backup b >/dev/null
    k export >all
    no 1 k restore b --against other
    said 'CAREFUL: the backup is not what the checkpoint other was signed over'
    k --store alien init >/dev/null
    k --store alien checkpoint --to alien-checkpoint 2>/dev/null
    no 1 k restore b --against alien-checkpoint
    said 'another ledger'
    no 1 k restore b --against small.rules
    no 2 k restore b --against nothing
    sed '2s/8/9/' eight >forged
    no 1 k restore b --against forged
    k export | cmp - all
}

@test "a ledger whose signing key was changed since the backup" {
    one_case
    k backup b >/dev/null
    k checkpoint --new-key >/dev/null 2>&1
    k checkpoint --to new 2>/dev/null
    ok k restore b --against new --keep-newer
    has 'fits the store as it was'
    ok k checkpoint
    [ "$output" = "$(cat new)" ]
}

# One more participant with a private field, who is not in the backup.
and_another() {
    NOW=2021-06-20T08:00:00Z k record referral C-2 birth_date=1990-02-03 unit=eksjo motivated=yes >/dev/null
    NOW=2021-06-30T08:00:00Z
}

@test "private fields come back, with the newest vault that can be found" {
    one_case
    k backup b >/dev/null
    and_another
    k export >all
    mv store store.gone
    # beside the backup: it has no key for C-2, and the backup needs none
    ok k restore b
    has "Its vault is $PWD/$(echo b/*.vault)"
    head -n 5 all >five
    k export | cmp - five
    k import all >/dev/null
    k export | cmp - all
    grep -q 1990-02-03 all
    # in the store that is there
    rm -rf store store.before-*
    cp -r store.gone store
    k backup b >/dev/null
    ok k restore b --keep-newer
    has "Its vault is $PWD/store/vault"
    k export | cmp - all
    # the one given
    ok k restore b --vault store.gone/vault
    has 'Its vault is store.gone/vault'
    k export | cmp - all
    cmp store/vault store.gone/vault
    # none at all
    rm -rf store store.before-* b/*.vault
    ok k restore b
    has 'No vault was found'
    k export | grep -c '"birth_date":{"sealed":true}' | grep -qx 2
    ok k restore b --vault store.gone/vault
    k export | cmp - all
}

@test "a vault that is older than the backup is said to be that, and a wrong one is refused" {
    one_case
    k backup b >/dev/null
    cp b/*.vault old-vault
    and_another
    k backup b >/dev/null
    rm -r store b/*.vault
    ok k restore b --vault old-vault
    has 'older than the backup: the private fields of 1 subject'
    k export | grep -c '"birth_date":{"sealed":true}' | grep -qx 1
    k --store other init >/dev/null
    no 3 k restore b --vault other/vault
    said 'is of another ledger'
    no 3 k restore b --vault small.rules
    no 3 k restore b --vault not-there
    [ -z "$(find . -maxdepth 1 -name '*restoring*')" ]
}

@test "without the keys the ledger comes back, and it is said which files to bring" {
    one_case
    k backup b >/dev/null
    k export >all
    rm -r store
    mv keys keys-elsewhere
    ok k restore b
    has "bring back $PWD/keys/"
    has '.sign before a checkpoint'
    has '.master before private fields'
    k export | grep -q '"birth_date":{"sealed":true}'
    mv keys-elsewhere keys
    k export | cmp - all
}

@test "a backup is looked at as it lies, and written to by nobody" {
    one_case
    k backup b >/dev/null
    dir=$(newest b)
    k export >all
    k --store "$dir" tasks --all >/dev/null
    k --store "$dir" verify >/dev/null
    k --store "$dir" show C-1 >/dev/null
    k --store "$dir" export | sed 's/{"sealed":true}/"1995-05-17"/' | cmp - all
    no 3 k --store "$dir" record visit C-1
    said_once 'holds a backup'
    no 3 k --store "$dir" checkpoint
    no 3 k --store "$dir" replay --rebuild
    [ "$(ls "$dir" | tr '\n' ' ')" = 'README.txt checkpoint data.mdb ' ]
}

# A participant whose private field is written nowhere else.
and_a_third() {
    NOW=2021-06-15T08:00:00Z k record referral C-9 birth_date=1991-11-19 unit=eksjo motivated=yes >/dev/null
    NOW=2021-06-30T08:00:00Z
}

# What was erased is nowhere to be read: not in the answers, not in any byte of store and backups.
gone() {
    ! k --store store export | grep -q -- "$1" || { echo "in the export: $1"; return 1; }
    ! grep -rlq -- "$1" store b || { echo "in a file: $1"; return 1; }
}

@test "what was erased after the backup stays erased, whatever comes back" {
    one_case
    and_a_third
    and_another
    k backup b >/dev/null
    local old=$(newest b)
    k record visit C-2 note='a unique canary' >/dev/null
    k erase C-9 --yes --because 'asked for' >/dev/null
    k export >all
    cp -r store keep
    cp -r keys keep-keys
    again() {
        rm -rf store store.before-* keys
        cp -r keep store
        cp -r keep-keys keys
    }
    # The backup knows C-9's date of birth only by a key that its old vault has: that vault is replaced.
    k backup b >/dev/null
    gone 1991-11-19

    # Newer records are there: what is to become of them has to be said.
    no 1 k restore "$old"
    said 'Private fields were erased after the backup was made'
    said 'its 2 newer records'
    k export | cmp - all

    ok k restore "$old" --keep-newer
    has '2 newer records were taken over'
    hasnt 'erased again'
    k export | cmp - all
    ok k verify

    again
    ok k restore "$old" --missing m.jsonl
    has 'erased again: those of 1 subject'
    has 'to be read: their numbers are taken'
    grep -q 'a unique canary' m.jsonl
    [ "$(k export | tail -n 1 | grep -c '"type":"kadens.erased","subject":"C-9"')" -eq 1 ]
    k export | grep -q 'repeated: the ledger was restored'
    gone 1991-11-19
    ok k verify
    ok k show C-9
    has erased
    no 1 k record visit C-9 note=more
    # The other one's fields can be read and written as before.
    k export | grep -q 1990-02-03
    ok k record visit C-2 note=again
    # Of the new vault there is a backup as soon as one is made.
    k backup b >/dev/null
    gone 1991-11-19
    ok k --store copy restore b
    k --store copy export | grep -q 1990-02-03

    # Onto a store that cannot be read any more: the vault knows it alone.
    again
    truncate -s 9000 store/data.mdb
    ok k restore "$old"
    has 'erased again: those of 1 subject'
    gone 1991-11-19
    ok k verify

    # Onto nothing, with the vault beside the backups; and with the one given.
    again
    rm -rf store b/*.vault
    cp keep/vault "b/$(basename keys/*.sign .sign).vault"
    ok k restore "$old"
    has 'erased again'
    gone 1991-11-19
    ok k verify
    again
    rm -rf store b/*.vault
    ok k restore "$old" --vault keep/vault
    has 'erased again'
    gone 1991-11-19
}

@test "an erasure of somebody whom the backup does not know leaves its numbers free" {
    one_case
    k backup b >/dev/null
    and_another
    k erase C-2 --yes --because 'asked for' >/dev/null
    k record visit C-1 note='still here' >/dev/null
    k export >all
    no 1 k restore b
    ok k restore b --missing m
    hasnt 'erased again'
    ok k verify
    ok k import m
    k export | cmp - all
    ok k verify
}

@test "without the master key what was erased is shown to nobody, and destroyed when it is back" {
    one_case
    and_a_third
    k backup b >/dev/null
    k record visit C-1 >/dev/null
    k erase C-9 --yes --because 'asked for' >/dev/null
    cp store/vault newest-vault
    rm -r store b/*.vault
    mv keys away
    ok k restore b --vault newest-vault
    has 'erased again: those of 1 subject'
    said 'not destroyed yet'
    k export | grep -c '"birth_date":{"erased":true}' | grep -qx 1
    mv away keys
    ok k record visit C-1
    ok k verify
}

@test "killed at any moment of an erasure's return, nothing comes back and nothing else is lost" {
    one_case
    and_a_third
    and_another
    k backup b >/dev/null
    k erase C-9 --yes --because 'asked for' >/dev/null
    cp -r store keep
    cp -r keys keep-keys
    local i time
    time=$(took k restore b --missing m)
    for i in $(seq 1 12); do
        rm -rf store store.before-* keys
        cp -r keep store
        cp -r keep-keys keys
        kill_at $((time / 3 + time * i / 15)) \
            "$KADENS" --lang en --now "$NOW" restore b --missing "m$i"
        ok k record visit C-2
        k export >now
        ! grep -q 1991-11-19 now
        grep -q 1990-02-03 now
        ok k verify
    done
}

@test "a vault that is locked with a passphrase comes back, and gets a new one where erasures are repeated" {
    export KADENS_PASSPHRASE_COST=test
    local i
    for i in 1 2 3; do echo "the passphrase number $i" >"p$i"; done
    NOW=2021-01-02T08:00:00Z
    k init --passphrase --passphrase-file p1 >/dev/null
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 --decision 'Board 2020-12-01' >/dev/null
    with() { # PASSPHRASE COMMAND...
        local p=$1
        shift
        k --passphrase-file "$p" "$@"
    }
    NOW=2021-06-15T08:00:00Z
    with p1 record referral C-2 birth_date=1990-02-03 unit=eksjo motivated=yes >/dev/null
    with p1 record referral C-9 birth_date=1991-11-19 unit=eksjo motivated=yes >/dev/null
    k backup b >/dev/null
    with p1 record visit C-2 >/dev/null
    with p1 erase C-9 --yes --because 'asked for' --new-passphrase-file p2 >/dev/null
    with p2 record visit C-2 note='written later' >/dev/null
    with p2 export >all
    cp -r store keep
    ok with p2 restore b --keep-newer
    with p2 export | cmp - all
    rm -rf store store.before-*
    cp -r keep store
    ok with p2 restore b --missing m --new-passphrase-file p3
    hasnt 'master key is not here' # a passphrase is no file that could be brought back
    has 'erased again: those of 1 subject'
    grep -q 'written later' m
    with p3 export | grep -q 1990-02-03
    ok with p3 verify --full
    gone 1991-11-19
    # With nobody to ask for a new one it is finished later.
    rm -rf store store.before-*
    cp -r keep store
    ok with p2 restore b --missing m2 </dev/null
    said 'not destroyed yet'
    ok with p2 record visit C-2 </dev/null
    with p2 export | grep -c '"birth_date":{"erased":true}' | grep -qx 1
}
