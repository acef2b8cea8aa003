#!/usr/bin/env bats
# serve and status: the service in another process, as its manager and its neighbours meet it.

load common

teardown() {
    [ -z "${service-}" ] || kill -9 "$service" 2>/dev/null || true
}

# A simulated ledger on which the small policy is in force; its time stands at $1.
simulated_store() {
    k init --simulated >/dev/null
    small_rules >small.rules
    k --now 2021-01-02T08:00:00Z rules adopt small.rules --from 2021-01-01 >/dev/null
}

# until_true SECONDS COMMAND...: tries it again until it succeeds.
until_true() {
    local left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.05
    done
}

# Starts the service in the background; its pid is in $service.
start() {
    "$KADENS" --lang en serve "$@" >out 2>log &
    service=$!
}

begun() { grep -q ' begins ' log; }
lines_in() { [ "$(grep -c "$1" "$2")" -ge "$3" ]; }

stop() {
    kill -TERM "$service"
    wait "$service"
    service=
}

# Each (task, issue, kind) of what was given out is there once.
once_each() {
    k export | jq -c 'select(.type | test("^kadens\\.(issued|overdue|withdrawn|reminded|escalated)$"))
        | [.type, .data.task // .task, .data.issue // .issue, .data.notice // .notice]' >given
    [ -s given ]
    [ "$(sort given | uniq -d | wc -l)" -eq 0 ]
}

@test "a single run issues what is due and tells it; the next has nothing to do" {
    small_store
    unset NOW
    today=$(date +%F)
    k record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes --on "$today" >/dev/null
    k record enrollment C-1 coach=anna --on "$today" >/dev/null
    k record employment C-1 --on "$today" >/dev/null
    ok k serve --once
    [ "$(printf '%s\n' "$output" | jq -r 'select(.subject == "C-1") | [.type, .name, .for] | @tsv')" = \
        "$(printf 'kadens.issued\taftercare.visit\tanna')" ]
    # No value of a private field leaves the ledger, and the log names nobody.
    hasnt 1990-01-01
    [[ $stderr != *C-1* ]]
    ok k serve --once
    [ -z "$output" ]
    ok k status --format json
    [ "$(jq -r '.sinks[0] | [.name, .failures] | @tsv' <<<"$output")" = "$(printf 'jsonl\t0')" ]
    [ "$(jq -r '.scheduler.waiting' <<<"$output")" -eq 0 ]
    # A timer starts it again: that it does not run now is nothing that needs somebody.
    [ "$(jq -r '.attention | map(select(test("does not run"))) | length' <<<"$output")" -eq 0 ]
    ok k verify
}

@test "on simulated time a day is lived in a moment, each with its own issues" {
    simulated_store
    k --now 2021-02-01T08:00:00Z record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes >/dev/null
    k --now 2021-02-01T08:01:00Z record enrollment C-1 coach=anna >/dev/null
    k --now 2021-02-01T08:02:00Z record employment C-1 >/dev/null
    # It begins on a quiet day: what is slept through later comes in order, however fast time runs.
    k serve --once --clock 2021-02-01T09:00:00Z >out.once
    [ "$(jq -r 'select(.type == "kadens.issued" and .subject == "C-1") | .opens == .on' out.once)" = true ]
    start --clock 2021-02-01T09:01:00Zx2000000
    until_true 20 lines_in '"subject":"C-1"' out 6
    stop
    # The four weeks of the first month, each issued on its first day at six in the morning.
    [ "$(jq -r 'select(.type == "kadens.issued" and .subject == "C-1") | .opens == .on' out | sort -u)" = true ]
    [ "$(jq -r 'select(.type == "kadens.overdue" and .subject == "C-1") | .due < .on' out | sort -u)" = true ]
    once_each
    ok k verify
    no 2 k serve --clock 2021-02-01x10
    said 'cannot begin before'
}

@test "a clock is for simulated ledgers, and they need one" {
    small_store
    unset NOW
    no 2 k serve --once --clock 2021-01-01
    said 'Only a simulated ledger'
    no 2 k serve --once --clock tomorrow
    said 'is no clock'
    KADENS_STORE=$BATS_TEST_TMPDIR/other
    export KADENS_STORE
    simulated_store
    no 2 k serve --once
    said 'with --clock'
}

@test "what another process records is told within moments; one service is enough" {
    small_store
    unset NOW
    start
    until_true 10 begun
    today=$(date +%F)
    k record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes --on "$today" >/dev/null
    k record enrollment C-1 coach=anna --on "$today" >/dev/null
    k record employment C-1 --on "$today" >/dev/null
    until_true 10 lines_in 'aftercare.visit' out 1
    no 3 k serve --once
    said "process $service"
    ok k status
    has "process $service"
    stop
    [ "$(grep -c leaves log)" -eq 1 ]
    no 1 k status --check
    has 'does not run'
}

@test "killed again and again under load: nothing is lost, nothing comes twice" {
    simulated_store
    : >accepted
    (
        i=0
        while [ ! -e enough ]; do
            i=$((i + 1))
            "$KADENS" --lang en record referral "P-$i" birth_date=1990-01-01 unit=eksjo motivated=yes \
                --id "r$i" >/dev/null 2>&1 && echo "r$i" >>accepted
            "$KADENS" --lang en record employment "P-$i" --id "e$i" >/dev/null 2>&1 && echo "e$i" >>accepted
        done
    ) &
    load=$!
    for _ in $(seq 12); do
        # Time goes on from where the ledger stands, some weeks in a life.
        at=$(k status --format json | jq -r '.last_at, .scheduler.reached | select(. != null)' | sort | tail -n 1)
        start --clock "${at}x5000000"
        sleep 0.3
        kill -9 "$service" 2>/dev/null
        wait "$service" 2>/dev/null || true
    done
    : >enough
    wait "$load"
    service=
    ok k verify
    once_each
    # Whatever was said to be recorded is there.
    [ "$(wc -l <accepted)" -gt 5 ]
    k export | jq -r '.id // empty' | sort >there
    [ -z "$(sort accepted | comm -23 - there)" ]
}

@test "its manager hears that it is ready, how it is, and that it leaves" {
    small_store
    unset NOW
    # automake brings perl along, so it is there.
    perl -MIO::Socket::UNIX -e '$| = 1; $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "notify.sock")
        or die; while (defined $s->recv($_, 4096)) { print "$_\n" }' >heard &
    listener=$!
    until_true 5 test -S notify.sock
    NOTIFY_SOCKET=$PWD/notify.sock WATCHDOG_USEC=200000 "$KADENS" serve >out 2>log &
    service=$!
    until_true 10 lines_in WATCHDOG=1 heard 2
    grep -aq READY=1 heard
    grep -aq STATUS= heard
    stop
    until_true 5 grep -aq STOPPING=1 heard
    kill "$listener"
}

@test "the configuration is read again on SIGHUP; a wrong one leaves the old one in force" {
    small_store
    unset NOW
    mkdir spool checkpoints
    printf '[spool]\nfolder = %s/spool\n' "$PWD" >conf
    start --config conf
    until_true 10 begun
    printf '[spool]\nfolder = %s/spool\nmots = 3\n' "$PWD" >conf
    kill -HUP "$service"
    until_true 10 grep -q 'configuration wrong' log
    grep -q 'conf:3' log
    today=$(date +%F)
    k record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes --on "$today" >/dev/null
    k record employment C-1 --on "$today" >/dev/null
    until_true 10 compgen -G 'spool/*.json' >/dev/null
    printf '[spool]\nfolder = %s/spool\n[checkpoint]\nfolder = %s/checkpoints\nat = 00:00\n' "$PWD" "$PWD" >conf
    kill -HUP "$service"
    until_true 10 compgen -G 'checkpoints/*.checkpoint' >/dev/null
    # Again and again, in the middle of whatever it does.
    for i in $(seq 2 16); do
        kill -HUP "$service"
        k record referral "C-$i" birth_date=1990-01-01 unit=eksjo motivated=yes --on "$today" >/dev/null
        k record employment "C-$i" --on "$today" >/dev/null
    done
    stop
    key=$(k checkpoint --format json | jq -r .key)
    "${KADENS%/kadens}/kadens-witness" check checkpoints/*.checkpoint --key "$key"
    no 2 k serve --config missing.conf
    printf '[spoon]\n' >conf
    no 2 k serve --config conf
    said 'conf:1'
}

@test "who is taken out of the configuration is no trouble any more" {
    small_store
    unset NOW
    mkdir spool
    printf '[spool]\nfolder = %s/spool\n[webhook]\nurl = http://127.0.0.1:9/\nsecret = %s/secret\n' "$PWD" "$PWD" >conf
    (umask 077; echo "whsec_$(head -c 32 /dev/urandom | base64)" >secret)
    today=$(date +%F)
    k record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes --on "$today" >/dev/null
    k serve --once --config conf 2>/dev/null || true
    k record employment C-1 --on "$today" >/dev/null
    no 1 k serve --once --config conf
    compgen -G 'spool/*.json' >/dev/null
    no 1 k status --check
    has 'webhook has failed'
    printf '[spool]\nfolder = %s/spool\n' "$PWD" >conf
    ok k serve --once --config conf
    no 1 k status --check
    hasnt 'has failed'
}

@test "two mail servers that write to one person have each their own place" {
    small_store
    unset NOW
    k record referral C-1 birth_date=1990-01-01 unit=eksjo motivated=yes >/dev/null
    echo 'anna = anna@example.org' >who
    for name in mail 'mail hr'; do
        printf '[%s]\nserver = 127.0.0.1:1\nsecurity = none\nsender = k@example.org\naddresses = %s/who\n' "$name" "$PWD"
    done >conf
    k serve --once --config conf >/dev/null 2>&1 || true
    ok k status --format json
    [ "$(jq -r '[.sinks[].name] | sort | join(",")' <<<"$output")" = 'mail hr/anna,mail/anna' ]
}
