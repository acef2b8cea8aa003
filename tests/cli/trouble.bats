# Disks, files and memory that fail: what the program says, and what is true afterwards.
load common

# fault NAME=VALUE… COMMAND…: with the library of tests/sim/fail.c in front of libc.
fault() {
    local set=()
    while [[ $1 == KADENS_* ]]; do
        set+=("$1")
        shift
    done
    env "${set[@]}" KADENS_FAIL_MARK="$BATS_TEST_TMPDIR/mark" \
        LD_PRELOAD="$(dirname "$KADENS")/tests/sim/fail.so" "$KADENS" --lang en --now "$NOW" "$@"
}

# how many records the store holds
records() {
    k export | wc -l
}

@test "what is no store, or another one's, is said with the remedy" {
    small_store
    no 3 k --store nowhere tasks
    said_once 'There is no store nowhere.'
    mkdir empty
    no 3 k --store empty tasks
    said_once 'holds no store. “'
    said 'init” makes one in a new or empty folder'
    echo text >file
    no 3 k --store file tasks
    said_once 'file is a file; a store is a folder.'
    mkdir other
    printf 'a file that is long enough to be taken for one %4096s' x >other/data.mdb
    no 3 k --store other tasks
    said_once 'of another program'
}

@test "a store of another format is refused with how it is carried over" {
    small_store
    cp store/data.mdb new
    LC_ALL=C sed 's/kadens\x00\x00\x00\x02/kadens\x00\x00\x00\x01/g' new >store/data.mdb
    ! cmp -s new store/data.mdb
    for command in tasks export 'record visit C-1'; do
        # shellcheck disable=SC2086
        no 3 k $command
        said_once 'has format 1; this program reads format 2. Carry it over: write it out with the program that made it (its command “export”)'
    done
}

@test "a store that was cut off is refused wherever the cut is" {
    one_case
    local size
    size=$(stat -c %s store/data.mdb)
    cp store/data.mdb whole
    for ((n = 0; n < size; n += 2003)); do
        head -c "$n" whole >store/data.mdb
        no 3 k tasks
        [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] || { show; false; }
        [[ $stderr == *'Restore the store from a backup'* ]] || { show; false; }
    done
    cp whole store/data.mdb
    ok k tasks
}

@test "damaged pages end every command with one message, never with a signal" {
    one_case
    local pages met=0 n=0 command
    local commands=(tasks 'show C-1' export log 'record visit C-1' replay verify 'rules list' 'backup backups')
    pages=$(($(stat -c %s store/data.mdb) / 4096))
    cp -r store good
    for ((page = 2; page < pages; page++)); do
        for hurt in '\377\377\377\377\377\377\377\377' '\001\200\020\0\020\0\0\001'; do
            for at in 8 16 40 2000; do
                cp good/data.mdb store/data.mdb
                # shellcheck disable=SC2059
                printf "$hurt" | dd of=store/data.mdb bs=1 seek=$((page * 4096 + at)) conv=notrunc status=none
                # One of them each time: all of them meet damage of all kinds in the end.
                command=${commands[$((n++ % ${#commands[@]}))]}
                # shellcheck disable=SC2086
                run --separate-stderr k $command
                [ "$status" -le 3 ] || { echo "page $page at $at: $command"; show; false; }
                [ "$status" -ne 3 ] || [ -n "$stderr" ] || { show; false; }
                [ "$status" -ne 3 ] || met=$((met + 1))
            done
        done
    done
    [ "$met" -gt 20 ]
}

@test "a network disk is refused, for a new store too" {
    small_store
    no 3 fault KADENS_FAIL_DISK=0x6969 tasks
    said_once 'is on a network disk, where a store would be damaged. Choose a folder on a disk of this machine.'
    no 3 fault KADENS_FAIL_DISK=0xff534d42 --store second init
    said_once 'is on a network disk'
    [ ! -e second ]
}

@test "on a nearly full disk only what helps is written, and everything can be read" {
    one_case
    full() { fault KADENS_FAIL_FREE=1000000 "$@"; }
    for command in 'record visit C-1' 'correct 5 --because slip --on 2021-06-04' 'replay --rebuild' 'rules end small --from 2031-01-01'; do
        # shellcheck disable=SC2086
        no 3 full $command
        said_once 'is nearly full: 0 MiB are free, and 65 MiB are needed to write safely. Nothing was written. Make room and try again.'
    done
    [ "$(records)" -eq 5 ]
    ok full tasks
    ok full export
    ok full verify
    ok full retract last --because 'to make room'
    ok full checkpoint
    [ "$(records)" -eq 6 ]
    ok fault KADENS_FAIL_FREE=100000000 record visit C-1
}

@test "a disk that fills up in the midst leaves the store as it was" {
    one_case
    for n in 1 2 3 4; do
        no 3 fault "KADENS_FAIL=write:$((n + 1)):28:on" record visit C-1 --id visit-1
        said_once 'nothing was written. Make room on its disk and try again.'
        [ "$(records)" -eq 5 ]
    done
    ok k record visit C-1 --id visit-1
    [ "$(records)" -eq 6 ]
    ok k verify
}

@test "after a failed commit the program says so, and asking again with the id is right" {
    one_case
    for n in 1 2; do
        rm -f mark
        run --separate-stderr fault "KADENS_FAIL=sync:$n:5" record visit C-1 --id visit-1
        [ -e mark ] || break
        [ "$status" -eq 3 ] || { show; false; }
        said_once 'it is not known whether what you wrote is there. Look before you write it again; with an id (--id) writing it again is harmless.'
        ok k record visit C-1 --id visit-1
        [ "$(records)" -eq 6 ]
    done
    [ "$n" -gt 1 ]
    ok k verify
}

@test "a disk that cannot be read is not taken for another program's file" {
    one_case
    no 3 fault KADENS_FAIL=read:1:5 tasks
    said_once 'Input/output error'
    hasnt 'another program'
    [[ $stderr != *'another program'* ]] || { show; false; }
}

@test "what fails for want of memory or descriptors is not taken for an answer" {
    one_case
    no 3 fault KADENS_FAIL_OPEN=/Stockholm:24 tasks
    said_once 'The time zone Europe/Stockholm cannot be read: Too many open files.'
    printf '{"type":"visit","subject":"C-1","on":"2021-06-08"}\n' >lines
    local ended=0
    for ((n = 300; n < 1500; n += 53)); do
        run --separate-stderr fault "KADENS_FAIL=memory:$n:12:on" import lines
        [[ $stderr != *'not JSON'* ]] || { show; false; }
        case $status in
        0 | 3) ;;
        134) said_once 'kadens: out of memory' && ended=$((ended + 1)) ;;
        *) show && false ;;
        esac
    done
    [ "$ended" -gt 0 ]
    ok k verify
}

@test "files that may not be written: who reads is told, and who writes" {
    one_case
    no 3 fault KADENS_FAIL_OPEN=/lock.mdb:13 tasks
    said_once 'Its files data.mdb and lock.mdb must be open to you for both.'
    no 3 fault KADENS_FAIL_OPEN=/writer:13 record visit C-1
    said_once 'may not be written by you, or is on a read-only disk'
    ok fault KADENS_FAIL_OPEN=/writer:13 tasks
    # A read-only disk can be read: nobody can be writing there.
    ok fault KADENS_FAIL_OPEN=/lock.mdb:30 tasks
    no 3 fault KADENS_FAIL_OPEN=/data.mdb:30 record visit C-1
    said_once 'may not be written by you, or is on a read-only disk'
}

@test "one who holds the store is named, and killed leaves nothing behind" {
    one_case
    mkfifo lines
    exec 9<>lines
    "$KADENS" import - <lines >/dev/null 2>&1 9>&- &
    local holder=$! n=0
    until [ -s store/writer ]; do
        n=$((n + 1))
        [ "$n" -lt 200 ]
        sleep 0.05
    done
    no 3 k --wait 0 record visit C-1
    said_once "kadens import” (process $holder) has been writing to the store"
    said 'Waited 0 s for it; try again later.'
    ok k tasks
    kill -9 "$holder"
    wait "$holder" || true
    exec 9>&-
    ok k --wait 5 record visit C-1
    [ "$(records)" -eq 6 ]
}

@test "a single run of the service says that the disk is full, and the next one issues all" {
    one_case
    unset NOW
    no 3 env KADENS_FAIL_FREE=1000000 LD_PRELOAD="$(dirname "$KADENS")/tests/sim/fail.so" \
        "$KADENS" --lang en serve --once
    said 'is nearly full'
    [ "$(records)" -eq 5 ]
    ok "$KADENS" --lang en serve --once
    [ "$(records)" -gt 5 ]
}
