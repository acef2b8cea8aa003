load common

# Change one byte behind this text's first letter in data.mdb (each copy of it: log and story alike).
change_text() {
    local at
    for at in $(grep -abo "$1" "$KADENS_STORE/data.mdb" | cut -d: -f1 | head -n "${2:-99}"); do
        printf '~' | dd of="$KADENS_STORE/data.mdb" bs=1 seek="$((at + 1))" conv=notrunc status=none
    done
}

@test "verify: a ledger that is whole is said to be, with what was checked" {
    one_case
    ok k verify
    has 'Everything is whole, and nothing was altered.'
    has 'Opened: the private fields of 1 record.'
    has 'each is in use exactly once, or free'
    has '5 hashed again, header and content, in order and without gaps'
    has 'Made again from the records; what is stored is the same'
    has 'given clock'
    has '--against FILE'
    ok k verify --full
    ok k verify --format json
    has '"whole":true'
    has '"records":5'
    has '{"part":"pages","state":"checked","found":0}'
    has '"found_count":0,"found":[]'
    [ "$("$KADENS" --lang sv verify | head -n 1)" = 'Allt är helt, och inget har ändrats.' ]
}

@test "verify: a ledger that was just made is whole" {
    k init
    ok k verify --full
    has 'Everything is whole'
}

@test "verify: a changed record is found, named, and explained" {
    one_case
    change_text C-1
    no 1 k verify
    has 'Not whole:'
    has 'Record 2'
    has 'its header is not the one that the hash tree was made of'
    has 'What was recorded is not what is there now.'
    [ -z "$stderr" ]
    no 1 k verify --format json
    has '"whole":false'
    has '{"part":"tree","seq":2,'
}

@test "verify: a damaged page is named with its bytes, and LMDB is not let near it" {
    one_case
    local page=$(($(grep -abo 'C-1' "$KADENS_STORE/data.mdb" | tail -n 1 | cut -d: -f1) / 4096))
    printf '\377\377' | dd of="$KADENS_STORE/data.mdb" bs=1 seek="$((page * 4096 + 12))" conv=notrunc status=none
    no 1 k verify
    has "Page $page"
    has "(bytes $((page * 4096)) to $((page * 4096 + 4095)) of data.mdb)"
    has 'not checked'
    has 'restore the newest backup that is whole'
    [ -z "$stderr" ]
}

@test "verify: what cannot be opened ends with 3 and one message" {
    one_case
    truncate -s 20000 "$KADENS_STORE/data.mdb"
    no 3 k verify
    has 'the end of the file is missing'
    said 'the end of its file data.mdb is missing'
    no 3 k verify --store "$BATS_TEST_TMPDIR/nowhere"
    said_once 'There is no store'
    no 2 k verify --against "$BATS_TEST_TMPDIR/nothing"
    said_once 'cannot be read'
}

@test "verify --against: what somebody kept is contained, cut off, or forked" {
    one_case
    k checkpoint --to "$BATS_TEST_TMPDIR/first"
    cp -r "$KADENS_STORE" yesterday
    ok k verify --against first
    has 'its first 5 records are the same as then'
    has '1 fit the records, rightly signed; the last one covers 5 records'
    cp -r "$KADENS_STORE" fork
    NOW=2021-06-20T08:00:00Z k record referral C-2 birth_date=1990-01-01 unit=eksjo motivated=yes
    NOW=2021-06-21T08:00:00Z
    k checkpoint --to second
    ok k verify --against second
    # an older copy in its place
    no 1 k verify --store yesterday --against second
    has 'or an older copy stands in its place'
    no 1 k verify --store yesterday --against second --format json
    has 'The ledger ends with record 5. Of what it had then these are missing: record 6.'
    # another history behind what both have in common; both files tell where it begins
    NOW=2021-06-20T08:00:00Z k record referral C-3 birth_date=1990-01-01 unit=eksjo motivated=yes --store fork
    NOW=2021-06-20T08:00:00Z k record referral C-4 birth_date=1990-01-01 unit=eksjo motivated=yes --store fork
    ok k verify --store fork --against first
    cat first second >both
    no 1 k verify --store fork --against both
    has 'Something in record 6 is not what it was.'
    # of another ledger, and no checkpoint at all
    KADENS_STORE=other small_store
    no 1 k verify --store other --against first
    has 'another ledger'
    echo hello >nonsense
    no 1 k verify --against nonsense
    has 'This is no checkpoint.'
    has 'So it says nothing of the records.'
    hasnt 'an older copy stands in its place'
}

@test "verify: without the master key private fields are left closed, and said to be" {
    one_case
    mkdir elsewhere
    mv keys/*.master elsewhere/
    ok k verify
    has 'The vault could not be unlocked'
    has 'locked'
    no 1 k verify --full
    mv elsewhere/*.master keys/
    ok k verify --full
    # a vault that was changed, and none at all
    printf '~' | dd of="$KADENS_STORE/vault" bs=1 seek=180 conv=notrunc status=none
    no 1 k verify
    has 'Key 1 of the vault is not the one that was made for “C-1”.'
    rm "$KADENS_STORE/vault"
    no 1 k verify
    has 'Put back the newest copy of the vault.'
}

@test "verify: an old vault put back after an erasure is found" {
    one_case
    cp "$KADENS_STORE/vault" old-vault
    cp keys/*.master old-master
    ok k erase C-1 --because 'asked for it' --yes
    ok k verify --full
    has 'Erased for good: those of 1 record.'
    cp old-vault "$KADENS_STORE/vault"
    cat old-master >"$(echo keys/*.master)"
    no 1 k verify
    has 'was erased, but the key (number 1) is still in the vault'
    has 'the vault has carried out'
}
