# Backups: copies while others write, and a ledger that comes back from one.
load common

# The one backup in a folder (the newest, with several).
newest() {
    find "$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | sort | tail -n 1
}

# Everything that a ledger answers.
answers() {
    k --store "$1" export
    k --store "$1" replay --as-of 2021-08-01 --tasks --format jsonl
    k --store "$1" show C-1 --all --as-of 2021-08-01
    k --store "$1" log --format csv
}

@test "a backup holds the whole ledger, with the rights of a store" {
    one_case
    ok k backup b
    has 'made and checked'
    has '5 records'
    has 'keys are not in it'
    local dir
    dir=$(newest b)
    [[ $dir =~ ^b/2021-06-10T080000Z-[0-9a-f]{8}$ ]]
    [ "$(stat -c %a b "$dir" "$dir/data.mdb" "$dir/README.txt" | tr '\n' ' ')" = '700 700 600 600 ' ]
    [ "$(ls "$dir" | tr '\n' ' ')" = 'README.txt checkpoint data.mdb ' ]
    # The vault lies beside, once for all of them; the keys nowhere.
    [ "$(stat -c %a b/*.vault)" = 600 ]
    cmp store/vault b/*.vault
    has "$(echo b/*.vault)"
    grep -q 'SÄKERHETSKOPIA' "$dir/README.txt"
    grep -q 'BACKUP OF' "$dir/README.txt"
    grep -q 'Last record    5$' "$dir/README.txt"
    for key in "$KADENS_KEYS"/*; do
        ! grep -rlq -- "$(tail -n 1 "$key")" b
    done
    ok k backup b --format json
    [[ $output == '{"backup":"'*'","ledger":"'*'","at":"2021-06-10T08:00:00.000000Z","records":5,"signed":5,"vault":"'*'.vault"}' ]]
    head -n 2 "$dir/checkpoint" | tail -n 1 | grep -qx 5
    # Without the signing key there is the last one that was signed.
    NOW=2021-06-11T08:00:00Z k record visit C-1 >/dev/null
    NOW=2021-06-11T08:00:00Z
    mv keys elsewhere
    ok k backup b
    has 'A checkpoint of 5 records'
    head -n 2 "$(newest b)/checkpoint" | tail -n 1 | grep -qx 5
    ok k --lang sv backup b
    has 'tagen och kontrollerad'
    [ "$(find b -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq 4 ]
}

@test "the list of backups says what was made, and what is gone" {
    one_case
    ok k backup --list
    has 'No backup has been made'
    k backup b >/dev/null
    k backup 'a folder' >/dev/null
    rm -r b
    ok k backup --list
    [ "$(printf '%s\n' "$output" | grep -c "$PWD")" -eq 2 ]
    [ "$(printf '%s\n' "$output" | grep -c 'not there now')" -eq 1 ]
    ok k backup --list --format json
    [ "$(printf '%s\n' "$output" | grep -c '"records":5,"there":true')" -eq 1 ]
    no 2 k backup --list b
}

@test "the list says which backups are older than an erasure" {
    one_case
    k backup b >/dev/null
    ok k backup --list
    hasnt 'older than an erasure'
    k erase C-1 --yes --because 'asked for' >/dev/null
    k backup b >/dev/null
    ok k backup --list
    [ "$(printf '%s\n' "$output" | grep -c 'older than an erasure')" -eq 1 ]
    ok k backup --list --format json
    [[ $output == *'"erasure":null'*'"erasure":6'* ]]
    # The vault beside them is the new one: the old backup shows what was erased to nobody.
    cmp store/vault b/*.vault
}

@test "a place where no backup can be is refused, and nothing is left" {
    one_case
    no 2 k backup
    said_once 'kadens backup DIR'
    no 2 k backup ''
    touch file
    no 2 k backup file
    said_once 'is a file'
    no 2 k backup store
    said_once 'in the store itself'
    no 2 k backup store/b
    said_once 'in the store itself'
    [ ! -e store/b ]
    ln -s store link
    no 2 k backup link/b
    said_once 'in the store itself'
    no 2 k backup not/there
    said_once 'does not exist'
    no 3 k backup /sys/kernel/kadens
    said_once 'No backup can be written'
    k backup b >/dev/null
    no 2 k backup "$(newest b)"
    said_once 'is a backup already'
    KADENS_STORE=other k init >/dev/null
    no 2 k backup other
    said_once 'holds a store'
    KADENS_STORE=nothing no 3 k backup b
    said_once 'There is no store'
}

@test "a full disk leaves nothing half made" {
    one_case
    k demo --cases 20 --store full >/dev/null
    small() (
        trap '' XFSZ
        ulimit -f 100
        k --store full backup b
    )
    no 3 small
    said 'no room'
    [ -z "$(ls -A b)" ]
    ok k --store full backup b
    [ "$(ls -A b | grep -c Z-)" -eq 1 ]
}

@test "a backup that is killed at any moment leaves what counts" {
    k demo --cases 20 >/dev/null
    local i pid dir
    for i in $(seq 1 15); do
        "$KADENS" --lang en backup b >/dev/null 2>&1 &
        pid=$!
        sleep "0.0$((i * 3 % 10))$((i % 10))"
        kill -9 "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    ok k backup b
    # What was left is gone, and each that has a name is whole.
    [ -z "$(find b -name '.unfinished*')" ]
    k export >all
    for dir in b/*Z-*; do
        [ "$(ls "$dir" | tr '\n' ' ')" = 'README.txt checkpoint data.mdb ' ]
        cp b/*.vault "$dir/vault"
        k --store "$dir" export | cmp - all
    done
}

@test "a damaged store makes no backup" {
    k demo --cases 20 >/dev/null
    # a page in the middle, as a failing disk leaves it
    dd if=/dev/urandom of=store/data.mdb bs=4096 seek=40 count=40 conv=notrunc 2>/dev/null
    run --separate-stderr k backup b
    [ "$status" -eq 3 ] || { show; false; }
    [ -z "$(find b -name '*Z-*' 2>/dev/null)" ]
}

@test "backup: where the keys are is said only of a folder that has them" {
    small_store
    ok k backup kept
    has "They are in $KADENS_KEYS"
    ok k --keys "$BATS_TEST_TMPDIR/elsewhere" backup kept
    has "not all of them are in $BATS_TEST_TMPDIR/elsewhere"
}
