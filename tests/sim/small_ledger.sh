#!/bin/bash
# A small ledger with a record of every kind: small_ledger.sh KADENS RULES ROOT [ISSUE]
# makes ROOT/store, ROOT/keys and ROOT/kept (a checkpoint for somebody else). ISSUE is a program that
# runs the scheduler on a store up to an instant: ISSUE STORE INSTANT. The last lines of RULES, the
# examples, are left out, so that the ledger stays small.
set -eu
kadens=$1 rules=$2 root=$3 issue=${4-}
export KADENS_STORE=$root/store KADENS_KEYS=$root/keys LC_ALL=C.UTF-8
at() {
    local now=$1
    shift
    "$kadens" --lang en --now "$now" --by anna "$@" >/dev/null 2>>"$root/said"
}
issue() {
    if [ -n "$issue" ]; then "$issue" issue "$KADENS_STORE" "$1"; fi
}

mkdir -p "$root"
sed '/^example /,$d' "$rules" >"$root/policy.rules"
at 2021-01-02T08:00:00Z init --programme Tamper
at 2021-01-02T08:00:00Z rules adopt "$root/policy.rules" --from 2021-01-01 --decision 'Board 2020-12-01'
at 2021-05-03T08:00:00Z record referral C-1 birth_date=1995-05-17 unit=eksjo --id form-1
at 2021-05-03T08:10:00Z record referral C-2 birth_date=1988-02-29 unit=nassjo --id form-2
at 2021-05-17T08:00:00Z record enrollment C-1 coach=anna
at 2021-05-17T08:05:00Z record enrollment C-2 coach=bo
at 2021-06-01T08:00:00Z record employment C-1 'extent=75 %'
issue 2021-06-02T08:00:00Z
at 2021-06-03T08:00:00Z record visit C-1 'note=says that it goes well' 'remark=at work'
at 2021-06-04T08:00:00Z checkpoint
at 2021-06-07T08:00:00Z record employment C-2 'extent=50 %'
at 2021-06-08T08:00:00Z correct 6 --because 'a slip of the pen' 'extent=80 %'
issue 2021-06-16T08:00:00Z
at 2021-06-17T08:00:00Z record visit C-2 'remark=by mistake'
at 2021-06-17T08:10:00Z retract last --because 'wrong person'
at 2021-06-17T08:20:00Z record discharge C-2 reason=health
task=$("$kadens" --lang en --now 2021-06-18T08:00:00Z tasks --format json |
    sed -n 's/^.*{"id":"\(C-1[^"]*\)".*$/\1/p' | head -n 1)
if [ -n "$task" ]; then at 2021-06-18T08:00:00Z waive "$task" --because 'on holiday'; fi
at 2021-06-18T08:30:00Z checkpoint --new-key
at 2021-06-18T08:40:00Z checkpoint
if "$kadens" --lang en help erase >/dev/null 2>&1; then
    at 2021-06-19T08:00:00Z erase C-2 --because 'asked for it' --yes
fi
issue 2021-07-20T08:00:00Z
at 2021-07-21T08:00:00Z checkpoint --to "$root/kept"
at 2021-07-21T09:00:00Z record exited C-2
