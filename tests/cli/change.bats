# The policies that come with the program, and the change of 2021-01-01 over running cases: what was
# open under the rules of 2014 stays, what opens later is that of 2021, counted from the same day.
# The days were computed by hand.
load common

P2014=$KAD_SRC/rules/se-hoglandet-2014.rules
P2018=$KAD_SRC/rules/efterstod-jonkoping-2018.rules
P2021=$KAD_SRC/rules/se-hoglandet-2021.rules

# ev DAY TYPE SUBJECT [DATA]: a line for import
ev() {
    printf '{"type":"%s","subject":"%s","on":"%s","data":{%s}}\n' "$2" "$3" "$1" "${4-}"
}
# ref DAY SUBJECT [UNIT]: a referral as the rules of 2014 want it
ref() {
    ev "$1" referral "$2" '"birth_date":"1992-05-17","unit":"'"${3-eksjo}"'","motivated":true,"target_group":"other"'
}
# coached DAY SUBJECT: enrolled, and in the register
coached() {
    ev "$1" enrollment "$2" '"coach":"anna"'
    ev "$1" register_entered "$2"
}

# Adopted before it began, with what happened until 2020-12-30 recorded day by day.
history_of() {
    NOW=2014-06-02T08:00:00Z
    k init >/dev/null
    k rules adopt "$P2014" --from 2014-07-01 --decision 'Styrelsen 2014-05-15' >/dev/null
    NOW=2020-12-30T08:00:00Z
    ok k import --recorded-then "$1"
}
adopt_2021() {
    NOW=2020-12-30T09:00:00Z
    ok k rules adopt "$P2021" --from 2021-01-01 --decision 'Styrelsen, november 2020'
}

# tasks_of SUBJECT DAY [UNTIL]: id, due, state and year of the policy of all its instances
tasks_of() {
    k replay --tasks --as-of "$2" --until "${3-$2}" --format csv |
        awk -F, -v s="$1/" 'index($1, s) == 1 { sub(/.*@/, "", $15); print substr($1, length(s) + 1), $6, $8, substr($15, 1, 4) }'
}
# is EXPECTED: what the last command printed, blanks at the left margin aside
is() {
    diff -u <(sed 's/^ *//' <<<"$1") <(printf '%s\n' "$output")
}

@test "the policies that come with the program check, and all their examples hold" {
    ok k rules check "$P2014" "$P2018" "$P2021"
    [ -z "$stderr" ] || { show; false; }
    for name in se-hoglandet-2014 efterstod-jonkoping-2018 se-hoglandet-2021; do
        k rules show --shipped $name | cmp - "$KAD_SRC/rules/$name.rules"
    done
}

@test "aftercare that runs: the open month stays, later windows are those of 2021" {
    {
        ref 2019-01-14 C-3; coached 2019-01-21 C-3; ev 2019-03-01 employment C-3
        ref 2020-10-01 C-1; ref 2020-10-01 C-2
        coached 2020-10-12 C-1; coached 2020-10-12 C-2
        ev 2020-11-15 employment C-1; ev 2020-12-01 aftercare_call C-1
        ev 2020-12-20 employment C-2
    } >old.jsonl
    history_of old.jsonl
    run tasks_of C-1 2021-01-01 2021-03-01
    is 'register_entry/8 2020-10-12 done 2014
        aftercare.aftercare_call/12/m1.1of1 2020-12-14 done 2014
        aftercare.aftercare_call/12/m2.1of1 2021-01-14 open 2014
        aftercare.aftercare_call/12/m3.1of1 2021-02-14 upcoming 2014
        aftercare.aftercare_call/12/m4.1of1 2021-03-14 upcoming 2014'
    adopt_2021
    # Month 2 is 15 December to 14 January and stays; month 3 is a visit, months 4 and 5 calls.
    run tasks_of C-1 2021-01-01 2021-07-01
    is 'register_entry/8 2020-10-12 done 2014
        aftercare.aftercare_call/12/m1.1of1 2020-12-14 done 2014
        aftercare.aftercare_call/12/m2.1of1 2021-01-14 open 2014
        aftercare.aftercare_visit/12/m3.1of1 2021-02-14 upcoming 2021
        aftercare.aftercare_call/12/m4.1of1 2021-03-14 upcoming 2021
        aftercare.aftercare_call/12/m5.1of1 2021-04-14 upcoming 2021
        aftercare.closing_talk/12/m6.1of1 2021-05-14 upcoming 2021'
    # Month 1 from 20 December: weeks 3 (3-9 January) and 4 (10-19) open in 2021, beside the old window.
    run tasks_of C-2 2021-01-01 2021-07-01
    is 'register_entry/10 2020-10-12 done 2014
        aftercare.aftercare_visit/14/m1.w3 2021-01-09 upcoming 2021
        aftercare.aftercare_call/14/m1.1of1 2021-01-19 open 2014
        aftercare.aftercare_visit/14/m1.w4 2021-01-19 upcoming 2021
        aftercare.aftercare_visit/14/m2.1of2 2021-02-03 upcoming 2021
        aftercare.aftercare_visit/14/m2.2of2 2021-02-19 upcoming 2021
        aftercare.aftercare_visit/14/m3.1of1 2021-03-19 upcoming 2021
        aftercare.aftercare_call/14/m4.1of1 2021-04-19 upcoming 2021
        aftercare.aftercare_call/14/m5.1of1 2021-05-19 upcoming 2021
        aftercare.closing_talk/14/m6.1of1 2021-06-19 upcoming 2021'
    # Month 22 ends with the year; six months are long past.
    k replay --tasks --as-of 2021-12-31 --format csv >all.csv
    [ "$(grep -c '^C-3/aftercare.*se_hoglandet@2021' all.csv)" -eq 0 ]
    [ "$(grep -c '^C-3/aftercare' all.csv)" -eq 22 ]
}

@test "one visit in January does the old month and the new week" {
    {
        ref 2020-10-01 C-2; coached 2020-10-12 C-2; ev 2020-12-20 employment C-2
    } >old.jsonl
    history_of old.jsonl
    adopt_2021
    NOW=2021-01-05T15:00:00Z
    ok k record aftercare_visit C-2
    run tasks_of C-2 2021-01-20
    is 'register_entry/3 2020-10-12 done 2014
        aftercare.aftercare_visit/5/m1.w3 2021-01-09 done 2021
        aftercare.aftercare_call/5/m1.1of1 2021-01-19 done 2014
        aftercare.aftercare_visit/5/m1.w4 2021-01-19 missed 2021
        aftercare.aftercare_visit/5/m2.1of2 2021-02-03 open 2021'
}

@test "an extension said in 2020 opens calls from 2021 on, when extensions exist" {
    {
        ref 2020-01-13 C-4; coached 2020-01-20 C-4; ev 2020-03-01 employment C-4
        ev 2020-12-10 aftercare_extended C-4 '"until":"2021-03-15","by":"employer"'
    } >old.jsonl
    history_of old.jsonl
    adopt_2021
    run tasks_of C-4 2021-01-01 2021-06-01
    [ "${#lines[@]}" -eq 14 ] || { show; false; }
    output=$(printf '%s\n' "${lines[@]:10}")
    is 'aftercare.aftercare_call/5/m10.1of1 2020-12-31 missed 2014
        aftercare.aftercare_call/5/m11.1of1 2021-01-31 open 2021
        aftercare.aftercare_call/5/m12.1of1 2021-02-28 upcoming 2021
        aftercare.aftercare_call/5/m13.1of1 2021-03-31 upcoming 2021'
}

# 4 January + 3 months = 4 April 2021, Easter Day; then Easter Monday.
@test "leaving the register: the same day until 2020, three months and a working day from 2021" {
    {
        ref 2020-09-01 C-5; ref 2020-09-01 C-6
        coached 2020-09-14 C-5; coached 2020-09-14 C-6
        ev 2020-12-26 discharge C-5 '"reason":"work"'
    } >old.jsonl
    history_of old.jsonl
    adopt_2021
    NOW=2021-01-04T15:00:00Z
    ok k record discharge C-6 reason=work
    has '2021-04-06'
    run tasks_of C-5 2021-01-04
    is 'register_entry/4 2020-09-14 done 2014
        register_exit/8 2020-12-26 overdue 2014'
    run tasks_of C-6 2021-01-04
    is 'register_entry/6 2020-09-14 done 2014
        register_exit/10 2021-04-06 open 2021'
    # Recorded afterwards, a discharge of 2020 follows the rules of its day.
    ref 2020-12-21 C-7 >late.jsonl
    coached 2020-12-28 C-7 >>late.jsonl
    ev 2020-12-31 discharge C-7 '"reason":"job_seeking"' >>late.jsonl
    ok k import late.jsonl
    run tasks_of C-7 2021-01-04
    is 'register_entry/12 2020-12-28 done 2014
        register_exit/14 2020-12-31 overdue 2014'
    # The reason is kept and shown, and cannot be given anew.
    ok k show C-7
    has 'job_seeking'
    NOW=2021-01-05T15:00:00Z
    no 2 k record discharge C-7 reason=job_seeking
}

@test "mapping: started at placement until 2020, in the way of an enrolment from 2021" {
    {
        ref 2020-11-02 C-8; ref 2020-11-02 C-9; ref 2020-11-02 C-10
        ev 2020-12-01 gk_started C-8; ev 2020-12-01 gk_started C-9
        coached 2020-12-14 C-10; coached 2020-12-15 C-8
        ev 2020-12-16 placement_started C-10 '"kind":"work_trial","setting":"sheltered"'
    } >old.jsonl
    history_of old.jsonl
    adopt_2021
    # C-8 was enrolled while it ran, and stays; C-9 is not, until it has ended.
    NOW=2021-01-11T08:00:00Z
    no 1 k record enrollment C-9 coach=anna
    said 'Kan inte samtidigt vara i gemensam kartläggning'
    ok k record gk_ended C-9
    ok k record enrollment C-9 coach=anna
    ok k show C-8 --format json
    has '"enrolled":true'
    # What the old rules opened can still be done; a placement opens nothing more.
    NOW=2021-01-12T08:00:00Z
    ok k record af_entered C-10
    ok k record gk_meeting C-8
    no 1 k record placement_started C-8 kind=work_trial setting=sheltered
    ok k record placement_started C-8 kind=work_trial setting=open_market
    run tasks_of C-8 2021-01-12
    is 'register_entry/9 2020-12-15 done 2014
        gk_meeting/5 2021-01-01 done 2014'
    run tasks_of C-10 2021-01-17
    is 'register_entry/7 2020-12-14 done 2014
        af_entry/11 2021-01-16 done 2014
        gk_start/11 2021-01-16 overdue 2014'
}

# Ten working days from Friday 18 December: 21-23 (3), 28-30 (6), 4-5 January (8), 7-8 January (10).
@test "who settles a dispute: the preparatory group until 2020, the managers from 2021" {
    {
        ref 2020-12-01 C-11; ref 2020-12-01 C-12
        ev 2020-12-18 decision C-11 '"outcome":"disagree"'
    } >old.jsonl
    history_of old.jsonl
    adopt_2021
    NOW=2021-01-14T08:00:00Z
    no 2 k record preparatory_decision C-11 outcome=include
    ok k record decision C-12 outcome=disagree
    run tasks_of C-11 2021-01-14
    is 'preparatory_decide/4 2021-01-08 overdue 2014'
    run tasks_of C-12 2021-01-14
    is 'managers_decide/6 2021-01-28 open 2021'
    no 1 k record enrollment C-11 coach=anna
    said 'inte beslutat om inkludering'
    # The managers decide on both; the task that can no longer be done is waived.
    ok k record managers_decision C-11 outcome=include
    ok k record enrollment C-11 coach=anna
    ok k waive C-11/preparatory_decide/4 --because 'Cheferna beslutar från 2021'
}

@test "certificates: on request until 2020, every half-year from 2021" {
    ev 2020-12-15 certificate_requested eksjo >old.jsonl
    history_of old.jsonl
    adopt_2021
    run tasks_of eksjo 2021-01-01
    output=$(grep certificate <<<"$output")
    is 'certificate/2 2021-01-15 open 2014
        certificate/2020-H2 2021-01-31 open 2021'
    run tasks_of aneby 2021-01-01
    output=$(grep certificate <<<"$output")
    is 'certificate/2020-H2 2021-01-31 open 2021'
    # The first certificate does the one that was requested; the half-year's own comes next.
    NOW=2021-01-12T08:00:00Z
    ok k record certificate eksjo per_description=yes beyond_ordinary=yes share_worked=yes
    no 1 k record requisition eksjo amount=348750
    said 'Intyget för perioden saknas'
    NOW=2021-01-20T08:00:00Z
    ok k record certificate eksjo per_description=yes beyond_ordinary=yes share_worked=yes
    ok k record requisition eksjo amount=348750
    run tasks_of eksjo 2021-01-20
    output=$(grep certificate <<<"$output")
    is 'certificate/2 2021-01-15 done 2014
        certificate/2020-H2 2021-01-31 done 2021'
    no 2 k record certificate_requested eksjo
}

@test "the programme keeps what the board still owes, and gains the duties of 2021" {
    ev 2017-08-29 evaluation_done programme >old.jsonl
    history_of old.jsonl
    adopt_2021
    run tasks_of programme 2021-01-01
    is 'evaluation/2016-12-31 2016-12-31 done 2014
        continuation/2017-12-31 2017-12-31 overdue 2014
        network_meeting/2021-H1.1of2 2021-03-31 open 2021
        referrer_meeting/2021 2021-12-31 open 2021'
}

@test "municipalities that begin on different days in 2014, and all change in 2021" {
    NOW=2014-06-02T08:00:00Z
    k init >/dev/null
    ok k rules adopt "$P2014" --from 2014-07-01 --only unit=eksjo
    ok k rules adopt "$P2014" --from 2014-09-01 --only unit=nassjo,vetlanda
    ok k rules adopt "$P2014" --from 2014-12-31 --only unit=aneby,savsjo,tranas
    no 2 k rules adopt "$P2014" --from 2014-12-31 --only unit=anneby
    said 'aneby'
    # The same day in October: Eksjö and Nässjö may, Aneby may not yet.
    NOW=2014-10-01T08:00:00Z
    ok k record referral C-1 birth_date=1992-05-17 unit=eksjo motivated=yes target_group=other
    ok k record referral C-2 birth_date=1992-05-17 unit=nassjo motivated=yes target_group=other
    no 1 k record referral C-3 birth_date=1992-05-17 unit=aneby motivated=yes target_group=other
    ok k record enrollment C-1 coach=anna
    ok k record certificate_requested vetlanda
    no 1 k record certificate_requested tranas
    NOW=2014-12-31T08:00:00Z
    ok k record referral C-3 birth_date=1992-05-17 unit=aneby motivated=yes target_group=other
    ok k record enrollment C-3 coach=bo
    run tasks_of C-3 2014-12-31
    is 'register_entry/9 2014-12-31 open 2014'
    ok k rules list
    has 'se_hoglandet@2014-12-31'
    # The programme follows all of them: one evaluation, open from the first day.
    run tasks_of programme 2015-01-01
    is 'evaluation/2016-12-31 2016-12-31 open 2014
        continuation/2017-12-31 2017-12-31 open 2014'
    NOW=2020-12-30T09:00:00Z
    ok k rules adopt "$P2021" --from 2021-01-01
    run tasks_of programme 2021-01-01
    [ "${#lines[@]}" -eq 4 ] || { show; false; }
    for unit in aneby eksjo nassjo savsjo tranas vetlanda; do
        run tasks_of $unit 2021-01-01
        [[ $output == *'certificate/2020-H2 2021-01-31 open 2021'* ]] || { show; false; }
    done
}

@test "a change for one municipality leaves the others where they are" {
    {
        ref 2020-10-01 C-1 eksjo; ref 2020-10-01 C-2 tranas
        coached 2020-10-12 C-1; coached 2020-10-12 C-2
        ev 2020-11-15 employment C-1; ev 2020-11-15 employment C-2
    } >old.jsonl
    history_of old.jsonl
    tasks_of C-2 2021-02-01 2021-12-31 >before
    NOW=2020-12-30T09:00:00Z
    ok k rules adopt "$P2021" --from 2021-01-01 --only unit=eksjo
    tasks_of C-2 2021-02-01 2021-12-31 | diff before -
    run tasks_of C-1 2021-02-01 2021-12-31
    has 'closing_talk/8/m6.1of1 2021-05-14 upcoming 2021'
    hasnt 'm7.1of1'
    run tasks_of tranas 2021-02-01
    [ -z "$output" ] || { show; false; }
}

@test "Jönköping's aftercare has its own ledger: beside se_hoglandet it is refused, and both are named" {
    for first in "$P2014" "$P2021"; do
        NOW=2014-06-02T08:00:00Z
        rm -rf store
        k init >/dev/null
        k rules adopt "$first" --from 2014-07-01 >/dev/null
        no 1 k rules adopt "$P2018" --from 2018-06-01
        said 'se_hoglandet and efterstod_jonkoping cannot be in force side by side'
    done
    rm -rf store
    k init >/dev/null
    ok k rules adopt "$P2018" --from 2018-06-01
    no 1 k rules adopt "$P2021" --from 2021-01-01
    said 'efterstod_jonkoping and se_hoglandet cannot be in force side by side'
    # One after the other is another matter.
    ok k rules end efterstod_jonkoping --from 2020-09-01
    ok k rules adopt "$P2021" --from 2021-01-01
}

@test "running cases keep the old rules in Jönköping: a new text is for those who begin under it" {
    NOW=2018-05-02T08:00:00Z
    k init >/dev/null
    k rules adopt "$P2018" --from 2018-06-01 >/dev/null
    sed -e '/^example/,$d' -e 's/contact once a month/contact 2 times a month/' "$P2018" >new.rules
    {
        ev 2018-08-20 referral E-1 '"birth_date":"1994-05-17","operation":"enter"'
        ev 2018-09-03 enrollment E-1 '"coach":"eva"'
        ev 2018-10-01 employment E-1
    } >old.jsonl
    NOW=2018-12-27T08:00:00Z
    ok k import --recorded-then old.jsonl
    ok k rules adopt new.rules --from 2019-01-01
    NOW=2019-01-14T08:00:00Z
    ok k record referral E-2 birth_date=1994-05-17 operation=ips
    ok k record enrollment E-2 coach=eva
    ok k record studies_started E-2
    run tasks_of E-1 2019-02-01
    is 'aftercare.contact/4/m1.1of1 2018-10-31 missed 2018
        aftercare.contact/4/m2.1of1 2018-11-30 missed 2018
        aftercare.contact/4/m3.1of1 2018-12-31 missed 2018
        aftercare.contact/4/m4.1of1 2019-01-31 missed 2018
        aftercare.contact/4/m5.1of1 2019-02-28 open 2018'
    run tasks_of E-2 2019-02-01
    is 'aftercare.contact/8/m1.1of2 2019-01-28 overdue 2019
        aftercare.contact/8/m1.2of2 2019-02-13 open 2019'
}

# --- the same over many made-up histories ---

# lives SEED CASES: what happened to so many until 2020-12-28, in the order of the days
lives() {
    awk -v seed="$1" -v cases="$2" '
    function luck(n) { state = (state * 16807) % 2147483647; return int(state / 16) % n }
    # The civil date of a day counted from 1970-01-01.
    function date(z,   era, doe, yoe, doy, mp, d, m, y) {
        z += 719468; era = int(z / 146097); doe = z - era * 146097
        yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
        y = yoe + era * 400; doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
        mp = int((5 * doy + 2) / 153); d = doy - int((153 * mp + 2) / 5) + 1
        m = mp < 10 ? mp + 3 : mp - 9
        return sprintf("%04d-%02d-%02d", m <= 2 ? y + 1 : y, m, d)
    }
    function tell(on, type, data) {
        if (on < LAST)
            printf "%s\t{\"type\":\"%s\",\"subject\":\"%s\",\"on\":\"%s\",\"data\":{%s}}\n", date(on), type, who, date(on), data
    }
    function work(on,   n, i) {
        tell(on, "employment", "\"extent\":0.5")
        n = luck(14)
        for (i = 0; i < n; i++)
            tell(on + luck(400), luck(2) ? "aftercare_visit" : "aftercare_call")
        if (luck(4) == 0)
            tell(on + 30 + luck(200), "aftercare_extended", "\"until\":\"" date(on + 200 + luck(300)) "\",\"by\":\"employer\"")
        if (luck(3) == 0)
            tell(on + luck(300), "employment_ended")
        if (luck(4) == 0)
            tell(on + luck(500), "aftercare_ended")
    }
    BEGIN {
        state = seed; FIRST = 17167; LAST = 18624   # 2017-01-01, 2020-12-28
        split("aneby eksjo nassjo savsjo tranas vetlanda", unit, " ")
        split("work studies job_seeking health moved", reason, " ")
        for (i = 1; i <= cases; i++) {
            who = "C-" i; on = FIRST + luck(LAST - FIRST - 5)
            tell(on, "referral", "\"birth_date\":\"1992-05-17\",\"unit\":\"" unit[1 + luck(6)] "\",\"motivated\":true,\"target_group\":\"other\"")
            if (luck(5) == 0) {
                tell(on + 7, "decision", "\"outcome\":\"disagree\"")
                tell(on + 7 + luck(20), "preparatory_decision", "\"outcome\":\"include\"")
            }
            on += 14 + luck(20)
            if (luck(6) == 0)
                tell(on - 5, "gk_started")
            tell(on, "enrollment", "\"coach\":\"anna\"")
            tell(on + luck(4), "register_entered")
            if (luck(2)) {
                tell(on + 30, "placement_started", "\"kind\":\"work_trial\",\"setting\":\"open_market\"")
                tell(on + 30 + luck(60), "gk_started")
                tell(on + 40 + luck(90), "gk_meeting")
                tell(on + 30 + luck(60), "af_entered")
            }
            if (luck(4))
                work(on + 20 + luck(300))
            if (luck(5) == 0)
                work(on + 300 + luck(200))
            if (luck(2)) {
                on += 100 + luck(400)
                tell(on, "discharge", "\"reason\":\"" reason[1 + luck(5)] "\"")
                tell(on + luck(20), "register_exited")
            }
        }
        for (i = 1; i <= 6; i++)
            for (on = FIRST + luck(200); on < LAST; on += 60 + luck(200)) {
                who = unit[i]
                tell(on, "certificate_requested")
                tell(on + luck(40), "certificate", "\"per_description\":true,\"beyond_ordinary\":true")
            }
        who = "programme"; tell(FIRST + 240, "evaluation_done"); tell(FIRST + 300, "continuation_decided")
    }' | sort -s -k1,1 | cut -f2
}

@test "over made-up histories the change leaves alone what had opened, and ids stay unique" {
    for seed in 1 20 300; do
        rm -rf store
        lives $seed 120 >old.jsonl
        NOW=2014-06-02T08:00:00Z
        k init >/dev/null
        k rules adopt "$P2014" --from 2014-07-01 >/dev/null
        NOW=2020-12-30T08:00:00Z
        # Decided before it was enrolled or not: a few are refused, and not part of the story.
        k import --recorded-then --rejects refused.jsonl old.jsonl >/dev/null || [ $? -eq 1 ]
        [ "$(wc -l <refused.jsonl)" -lt 100 ]
        k replay --tasks --as-of 2020-12-31 --format jsonl >before
        adopt_2021
        k replay --tasks --as-of 2020-12-31 --format jsonl >after
        cmp before after
        [ "$(wc -l <before)" -gt 900 ]
        for day in 2021-01-01 2021-02-14 2021-12-31; do
            k replay --tasks --as-of $day --format csv >then.csv
            # Every id once; who opened in 2020 belongs to 2014, who opened later to 2021.
            [ -z "$(cut -d, -f1 then.csv | sort | uniq -d)" ]
            awk -F, 'NR > 1 && ($5 < "2021-01-01") != ($15 ~ /@2014/) { bad = 1; print } END { exit bad }' then.csv
            grep -q '@2021' then.csv
            # None of those from before has gone, or has other days.
            awk -F, 'NR > 1 && $5 < "2021-01-01" { print $1, $5, $6, $7 }' then.csv | sort >kept
            sed 's/.*"id":"\([^"]*\)".*"opens":"\([^"]*\)","due":"\([^"]*\)","closes":\("\([^"]*\)"\|null\).*/\1 \2 \3 \5/' before |
                sort | diff - kept
        done
        ok k replay
    done
}

# ids FILE: of the tasks of a replay as csv
ids() {
    cut -d, -f1 "$1" | sort
}

@test "over made-up histories the diff says before what the change then does" {
    lives 7 60 >old.jsonl
    NOW=2014-06-02T08:00:00Z
    k init >/dev/null
    k rules adopt "$P2014" --from 2014-07-01 >/dev/null
    NOW=2020-12-30T08:00:00Z
    k import --recorded-then --rejects refused.jsonl old.jsonl >/dev/null || [ $? -eq 1 ]
    for only in '' unit=eksjo,tranas; do
        no 1 k rules diff "$P2021" --from 2021-01-01 --until 2021-12-31 ${only:+--only $only} --format csv
        printf '%s\n' "$output" >diff.csv
        k replay --tasks --as-of 2020-12-30 --until 2021-12-31 --format csv >before.csv
        NOW=2020-12-30T09:00:00Z
        ok k rules adopt "$P2021" --from 2021-01-01 ${only:+--only $only}
        k replay --tasks --as-of 2020-12-30 --until 2021-12-31 --format csv >after.csv
        comm -13 <(ids before.csv) <(ids after.csv) |
            diff - <(awk -F, '$5 == "added" { print $4 }' diff.csv | sort)
        comm -23 <(ids before.csv) <(ids after.csv) |
            diff - <(awk -F, '$5 == "withdrawn" { print $4 }' diff.csv | sort)
        [ "$(grep -c ,added, diff.csv)" -gt 30 ]
        # And it would change nothing more.
        ok k rules diff "$P2021" --from 2021-01-01 ${only:+--only $only}
        ok k retract last --because 'Tried'
    done
}
