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
    has 'Nothing was found'
    has 'each is in use exactly once, or free'
    has '5 hashed again, header and content, in order and without gaps'
    has 'Made again from the records; what is stored is the same'
    has 'given clock'
    has '--against FILE'
    ok k verify --full
    ok k verify --format json
    has '"records":5'
    has '{"part":"pages","state":"checked","found":0}'
    has '"found_count":0,"found":[]'
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
