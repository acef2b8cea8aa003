# What the tests of the program share. Each test has a folder of its own, $BATS_TEST_TMPDIR, and a
# store in it; the language is English unless a test says otherwise.

setup() {
    bats_require_minimum_version 1.5.0
    export KADENS_STORE=$BATS_TEST_TMPDIR/store KADENS_KEYS=$BATS_TEST_TMPDIR/keys
    export NO_COLOR=1 COLUMNS=80
    unset LC_MESSAGES
    cd "$BATS_TEST_TMPDIR" || exit 1
}

# Runs the program in English; with the instant $NOW if it is set.
k() {
    if [ -n "${NOW-}" ]; then
        "$KADENS" --lang en --now "$NOW" "$@"
    else
        "$KADENS" --lang en "$@"
    fi
}

# say what was written where, when a test fails
show() {
    printf 'status %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" "$output" "${stderr-}"
}

# ok COMMAND...: it succeeds; its words are in $output and $stderr.
ok() {
    run --separate-stderr "$@"
    [ "$status" -eq 0 ] || { show; return 1; }
}

# no STATUS COMMAND...: it ends with this status.
no() {
    local want=$1
    shift
    run --separate-stderr "$@"
    [ "$status" -eq "$want" ] || { show; return 1; }
}

# has WORDS: they stand in the answer. said WORDS: they stand in the messages.
has() {
    [[ $output == *"$1"* ]] || { show; return 1; }
}
hasnt() {
    [[ $output != *"$1"* ]] || { show; return 1; }
}
said() {
    [[ $stderr == *"$1"* ]] || { show; return 1; }
}
# one message, and nothing else
said_once() {
    said "$1"
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] || { show; return 1; }
    [ -z "$output" ] || { show; return 1; }
}

# A store with the small policy of these tests in force from 2021.
small_store() {
    NOW=2021-01-02T08:00:00Z
    k init >/dev/null
    small_rules >small.rules
    k rules adopt small.rules --from 2021-01-01 --decision 'Board 2020-12-01' >/dev/null
}

# A policy with one of each: a guard, an expectation, a task, a cadence, a duty, a private field.
small_rules() {
    cat <<'RULES'
policy small "Small"
    language en
    calendar sweden
    source "A document"
    running cases follow the new rules

role manager "Manager"

choice reason "Reason"
    work "Work"  health "Health"

subject municipality "Municipality"
    one of eksjo "Eksjö"  nassjo "Nässjö"

event referral   "Referral"   of participant   birth_date date private, unit municipality, motivated yes/no
event motivation "Motivation" of participant   motivated yes/no
event enrollment "Enrolment"  of participant   coach person
event employment "Employment" of participant   extent percent optional, hours number optional, employer text optional
event ended      "Job ended"  of participant
event visit      "Visit"      of participant   note text private optional
event discharge  "Discharge"  of participant   reason reason
event exited     "Exited"     of participant
event certificate "Certificate" of municipality   good yes/no
event payment     "Payment"     of municipality   amount money
event meeting     "Meeting"     of programme

subject participant "Participant"
    begins with referral
    birth_date is referral.birth_date
    unit       is referral.unit
    motivated  is the latest of referral.motivated, motivation.motivated
    coach      is enrollment.coach
    enrolled   is yes after enrollment, no after discharge, otherwise no
    age        = whole years since birth_date

at enrollment
    require age from 18 to 64   otherwise "Must be 18 to 64"      source "3.0 Target group"
    require motivated           otherwise "Enrolled once motivated"
at discharge
    expect enrolled             otherwise "Discharged without being enrolled"

task exit "Leave the register"
    when discharge where reason is work  due 3 months after
    when discharge otherwise             due the same day
    moved to next working day
    done by exited
    for coach
    source "7.0 Follow-up"

cadence aftercare "Aftercare"
    from employment
    month 1  visit every week
    month 2  visit 2 times
    until ended
    for coach
    source "8.2 Aftercare"

duty certificate "Certificate" for each municipality
    every half-year
    due 1 month after
    done by certificate
    for manager

duty meeting "Meeting" for each programme
    every half-year
    done by meeting
    for manager

example "A visit in time"
    2021-05-03 referral    birth_date 1995-05-17, unit eksjo, motivated yes
    2021-05-17 enrollment  coach anna
    2021-06-01 employment  extent 75 %
    2021-06-03 visit
    on 2021-06-10  expect aftercare.visit due 2021-06-07 done
                   expect aftercare.visit due 2021-06-14 open
example "Too young"
    2021-05-03 referral    birth_date 2010-05-17, unit eksjo, motivated yes
    2021-05-17 enrollment  coach anna      refused "18 to 64"
RULES
}

# C-1: referred, enrolled and at work, with one visit, in the small store. Records 2 to 5.
one_case() {
    small_store
    NOW=2021-05-03T08:00:00Z k record referral C-1 birth_date=1995-05-17 unit=eksjo motivated=yes >/dev/null
    NOW=2021-05-17T08:00:00Z k record enrollment C-1 coach=anna >/dev/null
    NOW=2021-06-01T08:00:00Z k record employment C-1 'extent=75 %' >/dev/null
    NOW=2021-06-03T08:00:00Z k record visit C-1 >/dev/null
    NOW=2021-06-10T08:00:00Z
}
