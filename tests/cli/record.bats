load common

@test "record says what it did to the list" {
    one_case
    ok k record visit C-1
    has 'Recorded as no. 6: C-1, Visit, Thu 2021-06-10.'
    has 'Done: Visit, due Mon 2021-06-14'
    has 'Next: Visit, due Mon 2021-06-21 (in 11 days)'
}

@test "the first event of a subject says that it is new, and what was perhaps meant" {
    small_store
    NOW=2021-05-03T08:00:00Z
    ok k record referral C-1042 birth_date=1995-05-17 unit=eksjo motivated=yes
    has 'C-1042 is new here (Participant).'
    hasnt 'Did you mean'
    ok k record referral C-1024 birth_date=1995-05-17 unit=eksjo motivated=yes
    has 'Did you mean C-1042? Then take it back: '
    has 'kadens retract 3 --because'
}

@test "a guard refuses with message, source, line, what was found and what can be done" {
    small_store
    NOW=2021-05-03T08:00:00Z
    ok k record referral C-2 birth_date=2010-05-17 unit=eksjo motivated=no
    no 1 k record enrollment C-2 coach=anna
    said 'Refused: Must be 18 to 64'
    said 'rule: small@2021-01-01, line 37, source: 3.0 Target group'
    said 'found: age is 10'
    said 'Refused: Enrolled once motivated'
    said '--override WHY'
    [ -z "$output" ]
    ok k export
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 2 ]
}

@test "an override is recorded with its reason and the rules that failed" {
    small_store
    NOW=2021-05-03T08:00:00Z
    ok k record referral C-2 birth_date=2010-05-17 unit=eksjo motivated=yes
    ok k record enrollment C-2 coach=anna --override 'The manager decided'
    has 'Recorded although a rule says no: Must be 18 to 64'
    ok k log --format jsonl --subject C-2
    has '"override":{"because":"The manager decided","failed":['
    no 2 k record enrollment C-2 coach=anna --override ''
    said 'needs a reason'
}

@test "what the rules only expect is recorded and noted" {
    small_store
    NOW=2021-05-03T08:00:00Z
    ok k record referral C-2 birth_date=1990-05-17 unit=eksjo motivated=yes
    ok k record discharge C-2 reason=health
    has 'Noted as a deviation: Discharged without being enrolled'
    ok k log --marked
    has 'deviates'
}

@test "the same id and content again changes nothing; other content is refused" {
    one_case
    ok k record visit C-1 --id v1
    ok k record visit C-1 --id v1
    has 'Already recorded as no. 6; nothing was written.'
    no 1 k record visit C-1 --on 2021-06-09 --id v1
    said_once 'The id “v1” was given before'
    ok k export
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 6 ]
}

@test "record in JSON gives the record and what it did" {
    one_case
    ok k record visit C-1 --format json
    has '{"seq":6,"id":null,"type":"visit","subject":"C-1","on":"2021-06-10"'
    has '"already":false,"new_subject":false,"effects":{"done":[{"id":"C-1/aftercare.visit/4/m1.w2"'
}

@test "who says so and how the system knows the writer are both recorded" {
    one_case
    ok k record visit C-1 --by bo
    ok k log --format jsonl --by bo
    has '"by":"bo","via":"os:'
}

@test "mistakes in what is typed are answered with what was expected" {
    one_case
    no 2 k record vist C-1
    said_once 'Did you mean visit?'
    no 2 k record
    said 'record TYPE SUBJECT'
    said 'referral     Referral'
    no 2 k record visit
    said 'record visit SUBJECT'
    said 'a text  optional'
    no 2 k record vist
    said_once 'Did you mean visit?'
    no 2 k record visit C-1 note
    said_once 'FIELD=VALUE'
    no 2 k record visit C-1 nota=x
    said_once 'Did you mean note?'
    no 2 k record enrollment C-1
    said_once 'coach'
    no 2 k record discharge C-1 reason=wrok
    said_once 'work'
    no 2 k record employment C-1 extent=0.75
    said_once '75 %'
    no 2 k record visit C-1 --on 2021-02-30
    said_once 'no date'
    no 2 k record visit C-1 --on 2023-06-10
    said_once 'more than a year ahead'
    no 2 k record visit C-9
    said_once 'Did you mean C-1?'
    no 2 k record visit eksjo
    said '“eksjo” is a municipality'
    no 2 k record certificate C-1 good=yes
    [ -n "$stderr" ]
    no 2 k record kadens.adopted x
    said_once 'the ledger'
}

@test "a key that reads as a personal number is refused, and not repeated" {
    small_store
    for key in 811218-9876 8112189876 19811218-9876 811278-9873; do
        no 2 k record referral "$key" birth_date=1981-12-18 unit=eksjo motivated=yes
        said_once 'personal or coordination number'
        [[ $stderr != *"$key"* ]]
    done
}

@test "correct keeps what it does not name, and both records stay" {
    one_case
    ok k correct 4 --because 'half time' 'extent=50 %'
    has 'Recorded as no. 6'
    ok k show C-1
    has 'extent: 50 % [corrected in no. 6]'
    ok k correct 4 --because 'began later' --on 2021-06-02
    has 'New due day: Visit'
    ok k export
    has '"data":{"corrects":4,"because":"began later","on":"2021-06-02","data":{}}'
    ok k tasks --known-at 5 --format jsonl --until 2021-06-30
    has '"id":"C-1/aftercare.visit/4/m1.w2"'
    has '"due":"2021-06-14"'
    ok k tasks --format jsonl
    has '"due":"2021-06-15"'
}

@test "correct wants to know what was wrong" {
    one_case
    no 2 k correct 4 --because x
    said_once 'What was wrong?'
    no 2 k correct 4 'extent=50 %'
    said_once '--because is missing'
    no 2 k correct four --because x 'extent=50 %'
    said_once 'no record'
    no 2 k correct 99 --because x 'extent=50 %'
    said_once 'no. 99'
}

@test "retract takes back a record, also a correction" {
    one_case
    ok k retract last --because 'wrong person'
    has 'Recorded as no. 6: C-1, Taken back'
    has 'Visit, due Mon 2021-06-07'
    ok k tasks --format jsonl
    has '"due":"2021-06-07"'
    ok k correct 4 --because x 'extent=50 %'
    ok k retract last --because y
    ok k show C-1
    has 'extent: 75 %'
    ok k retract 1 --because 'not decided after all'
    ok k tasks
    has 'No policy has been adopted'
}

@test "waive takes a task by its whole id or by the end that the list shows" {
    one_case
    ok k tasks
    has 'm1.w2'
    ok k waive C-1/m1.w2 --because 'on holiday'
    has 'Waived: Visit'
    ok k tasks --format jsonl --state waived
    has '"id":"C-1/aftercare.visit/4/m1.w2"'
    ok k waive C-1/aftercare.visit/4/m1.w3 --because 'on holiday'
    no 1 k waive C-1/m1.w1 --because x
    said 'done'
    no 2 k waive C-1 --because x
    said_once 'SUBJECT/REF'
    no 1 k waive C-1/m9.w9 --because x
    [ -n "$stderr" ]
    no 2 k waive C-1/m1.w4
    said_once '--because is missing'
    ok k retract last --because 'back early'
    has 'Open again: Visit'
}

@test "something is not recorded before the time of the ledger's last record" {
    one_case
    NOW=2021-06-01T08:00:00Z
    no 2 k record visit C-1
    said_once 'Now cannot be 2021-06-01'
}

@test "in Swedish it is all Swedish" {
    one_case
    NOW=
    ok "$KADENS" --lang sv --now 2021-06-10T08:00:00Z record visit C-1
    has 'Registrerat som nr 6: C-1, Visit, tor 2021-06-10.'
    has 'Klart: Visit, senast mån 2021-06-14'
    has 'Nästa: Visit, senast mån 2021-06-21 (om 11 dagar)'
}

@test "asking again to take back the last record, with the same id, takes back nothing more" {
    one_case
    ok k retract last --because 'wrong' --id r1
    ok k retract last --because 'wrong' --id r1
    has 'Already recorded as no. 6'
}

@test "labels are taken for names, in any case of letters" {
    one_case
    ok k record Visit C-1
    has 'C-1, Visit'
    ok k record 'EMPLOYMENT' C-1 Extent='50 %'
    ok k tasks --unit EKSJÖ
    has 'Tasks, Eksjö, '
}

@test "correct and retract say what it was" {
    one_case
    ok k correct 4 --because x --on 2021-06-02 'extent=50 %' employer=Mill
    has 'Corrected: no. 4, Employment: Tue 2021-06-01 → Wed 2021-06-02'
    has 'employer: nothing → Mill'
    ok k retract 5 --because y
    has 'Taken back: no. 5, Visit, Thu 2021-06-03'
    no 2 k correct last --because z 'note=x'
}

@test "a change of owner says who has the tasks now" {
    small_store
    sed -e 's/^event employment/event coach_change "New coach" of participant  to person\nevent employment/' \
        -e 's/coach      is enrollment.coach/coach is the latest of enrollment.coach, coach_change.to/' small.rules >two.rules
    ok k rules adopt two.rules --from 2021-01-01
    NOW=2021-05-03T08:00:00Z k record referral C-1 birth_date=1995-05-17 unit=eksjo motivated=yes
    NOW=2021-05-17T08:00:00Z k record enrollment C-1 coach=anna
    NOW=2021-06-01T08:00:00Z k record employment C-1
    NOW=2021-06-10T08:00:00Z
    ok k record coach_change C-1 to=bo
    has 'On another list: Visit, due Mon 2021-06-07 (anna → bo)'
}

@test "a person never named before, with a name near to another's, is asked about" {
    one_case
    ok k record referral C-2 birth_date=1990-05-17 unit=Eksjö motivated=yes
    ok k record enrollment C-2 coach=Anna
    has 'Anna is named here for the first time. Did you mean anna?'
    ok k record referral D-3 birth_date=1990-05-17 unit=eksjo motivated=yes
    ok k record enrollment D-3 coach=zacharias
    hasnt 'first time'
    ok k record discharge D-3 reason=WORK
    has 'Leave the register'
}

@test "an answer that cannot be written says whether it was recorded" {
    [ -w /dev/full ] || skip "no /dev/full"
    one_case
    run --separate-stderr bash -c '"$KADENS" --lang en --now 2021-06-10T08:00:00Z record visit C-1 >/dev/full'
    [ "$status" -eq 3 ]
    said 'The answer could not be written'
    said 'It has been recorded all the same, up to and including no. 6.'
}
