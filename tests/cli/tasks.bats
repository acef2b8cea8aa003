load common

@test "tasks has what is late first, then in order of due days" {
    one_case
    NOW=2021-06-23T08:00:00Z
    ok k tasks --for anna
    [ "${lines[0]}" = 'Tasks for anna, Wednesday 23 June 2021' ] || { show; false; }
    has 'Late (2)'
    has 'Mon 2021-06-14  9 days late  C-1    Visit'
    has 'Next week'
    late=${output%%Next week*}
    [[ $late == *Late* ]]
}

@test "the foot says what closed undone since the last working day, and what nobody has" {
    one_case
    NOW=2021-07-01T08:00:00Z
    ok k tasks --for anna
    has '3 tasks closed undone since Wednesday 30 June 2021:'
    NOW=2021-07-02T08:00:00Z
    ok k tasks --for anna
    hasnt 'closed undone'
    ok k record referral C-2 birth_date=1990-05-17 unit=nassjo motivated=yes
    ok k record discharge C-2 reason=health
    ok k tasks --for anna
    has '1 task waits without anyone to do it: '
    has 'kadens tasks --for -'
    ok k tasks --for -
    has 'Leave the register'
    hasnt 'Visit'
    ok k tasks --unit nassjo
    has '(nobody)'
}

@test "tasks for a role, a unit, a subject and a state" {
    one_case
    ok k tasks --for role:manager
    has 'Certificate'
    hasnt 'Visit'
    ok k tasks --unit eksjo
    has 'Visit'
    ok k tasks --unit nassjo
    hasnt 'Visit'
    ok k tasks --subject C-1
    has 'Visit'
    hasnt 'Meeting'
    ok k tasks --state done
    has 'Done (1)'
    ok k tasks --all --subject C-1 --format jsonl
    [ "${#lines[@]}" -eq 6 ] || { show; false; }
    no 2 k tasks --state finished
    said_once 'no state “finished”'
    no 2 k tasks --all --state done
    said_once 'give one of them'
    no 2 k tasks --subject C-2
    said_once 'Did you mean C-1?'
}

@test "by default upcoming tasks are left out, with --until those that open by then are in" {
    one_case
    ok k tasks --for anna --format jsonl
    [ "${#lines[@]}" -eq 1 ]
    ok k tasks --for anna --until 2021-06-17 --format jsonl
    [ "${#lines[@]}" -eq 2 ]
    has '"state":"upcoming"'
}

@test "an instance in JSON has every key, in order" {
    one_case
    ok k tasks --for anna --format jsonl
    [ "$output" = '{"id":"C-1/aftercare.visit/4/m1.w2","subject":"C-1","task":"aftercare.visit","label":"Visit","opens":"2021-06-08","due":"2021-06-14","closes":"2021-06-30","state":"open","late":false,"for":"anna","unit":"eksjo","anchor":4,"done_by":null,"dropped_by":null,"policy":"small@2021-01-01","line":62,"source":"8.2 Aftercare"}' ] ||
        [ "${output/\"line\":[0-9]*,/}" = '{"id":"C-1/aftercare.visit/4/m1.w2","subject":"C-1","task":"aftercare.visit","label":"Visit","opens":"2021-06-08","due":"2021-06-14","closes":"2021-06-30","state":"open","late":false,"for":"anna","unit":"eksjo","anchor":4,"done_by":null,"dropped_by":null,"policy":"small@2021-01-01","source":"8.2 Aftercare"}' ] ||
        { show; false; }
    ok k tasks --for anna --format json
    [ "${lines[0]}" = '[' ]
    [ "${lines[2]}" = ']' ]
}

@test "CSV has a heading and one line each" {
    one_case
    ok k tasks --for anna --format csv
    [ "${lines[0]}" = $'id,subject,task,label,opens,due,closes,state,late,for,unit,anchor,done_by,dropped_by,policy,line,source\r' ] || { show; false; }
    [[ ${lines[1]} == C-1/aftercare.visit/4/m1.w2,C-1,aftercare.visit,Visit,2021-06-08,2021-06-14,2021-06-30,open,false,anna,eksjo,4,,,small@2021-01-01,*,8.2\ Aftercare$'\r' ]] || { show; false; }
}

@test "as of an earlier day, and as known at an earlier moment" {
    one_case
    ok k tasks --as-of 2021-06-02 --format jsonl --for anna
    has '"due":"2021-06-07"'
    has '"state":"open"'
    ok k tasks --known-at 4 --for anna --format jsonl
    has '"due":"2021-06-07"'
    has '"state":"overdue"'
    ok k tasks --known-at 2021-06-02T00:00:00Z --for anna --format jsonl
    has '"state":"overdue"'
    ok k tasks --as-of 2021-05-31 --for anna --format json
    [ "$output" = '[]' ]
}

@test "the list in Swedish" {
    one_case
    NOW=
    ok "$KADENS" --lang sv --now 2021-06-23T08:00:00Z tasks --for anna
    has 'Uppgifter för anna, onsdag 23 juni 2021'
    has 'Försenat (2)'
    has 'mån 2021-06-14  9 dagar sen  C-1'
    has 'Nästa vecka'
}

@test "a name, role or unit that nobody has is said to be one" {
    one_case
    ok k tasks --for Anna
    has 'Nothing to do.'
    said 'Nobody called “Anna” is on any list. Did you mean anna?'
    no 2 k tasks --for role:nix
    said_once 'There is no role “nix”. There are: role:manager.'
    no 2 k tasks --unit eksjoo
    said_once 'There is no unit “eksjoo”. There are: eksjo, nassjo.'
    no 2 k log --type vist
    said_once 'Did you mean visit?'
}

@test "known at a day is known at its end" {
    one_case
    ok k tasks --for anna --known-at 2021-06-02 --format jsonl
    has '"state":"overdue"'
    ok k tasks --for anna --known-at 2021-06-02
    has 'as known on Wednesday 2 June 2021'
    ok k tasks --for anna --known-at 4
    has 'as known with record no. 4'
}

@test "nothing to do is said, and an empty list is a list" {
    small_store
    ok k tasks --for nobody-here
    has 'Nothing to do.'
    ok k tasks --for nobody-here --format json
    [ "$output" = '[]' ]
    ok k tasks --for nobody-here --format jsonl
    [ -z "$output" ]
}

@test "show has where things stand, the tasks and the story, private fields too" {
    one_case
    ok k show C-1
    has 'C-1  Participant, Thursday 10 June 2021'
    has 'Where things stand'
    has 'birth_date  1995-05-17'
    has 'Not yet open'
    has 'Story'
    ok k show eksjo
    has 'Eksjö  Municipality'
    ok k show programme
    has 'Meeting'
    no 2 k show C-2
    said_once 'Did you mean C-1?'
    ok k show C-1 --format json
    has '"attributes":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true,"coach":"anna","enrolled":true,"age":26}'
    ok k show C-1 --as-of 2021-05-10
    has 'Not recorded'
    has 'more happen after this day'
}

@test "the log hides private values and marks what an auditor looks for" {
    one_case
    ok k log
    has 'Recorded Thursday 3 June 2021'
    has 'birth_date: (private)'
    hasnt '1995'
    ok k log --type visit --format jsonl
    [ "${#lines[@]}" -eq 1 ]
    ok k log --from 2021-05-10 --to 2021-05-31 --format jsonl
    [ "${#lines[@]}" -eq 1 ]
    has '"type":"enrollment"'
    ok k record visit C-1 --on 2021-06-01
    ok k log --marked
    has '9 days later'
    ok k log --marked --format csv
    has 'given clock'
    ok k log --by somebody-else
    has 'No records.'
}
