load common

@test "replay compares the stored views with the records" {
    one_case
    ok k replay
    has 'Everything agrees'
    ok k replay --format json
    [ "$output" = '{"differences":[],"count":0}' ]
    ok k replay --rebuild
    ok k replay
    no 2 k replay --rebuild --as-of 2021-01-01
    said_once 'leave the other options out'
}

@test "replay as of a day counts every task by state" {
    one_case
    ok k replay --as-of 2021-07-01 --format json
    has '"as_of":"2021-07-01","subjects":4,"events":4'
    has '"aftercare.visit":{"instances":5,"open":1,"overdue":0,"done":1,"missed":3,"untold":0,"dropped":0,"waived":0,"upcoming":0,"done_late":0}'
    ok k replay --as-of 2021-07-01
    has 'Derived anew as of Thursday 1 July 2021'
    ok k replay --as-of 2021-07-01 --format csv
    has 'aftercare.visit,5,1,0,1,3,0,0,0,0'
    ok k replay --as-of 2021-07-01 --known-at 4 --format json
    has '"missed":4'
}

@test "replay --tasks prints every instance that opens by the day, in the lists' order" {
    one_case
    ok k replay --as-of 2021-06-10 --tasks --format jsonl
    [ "${#lines[@]}" -eq 5 ] || { show; false; }
    ok k replay --as-of 2021-06-10 --until 2021-07-20 --tasks --format csv
    ok k replay --as-of 2021-06-10 --tasks
    has 'Done'
}

@test "replay with another rule file derives with that alone" {
    one_case
    sed 's/month 1  visit every week/month 1  visit 2 times/' small.rules >other.rules
    ok k replay --policy other.rules --as-of 2021-07-01 --format json
    has '"aftercare.visit":{"instances":3,'
    ok k replay --policy small.rules --as-of 2021-07-01 --tasks --format jsonl
    k replay --as-of 2021-07-01 --tasks --format jsonl >mine
    diff -u mine <(printf '%s\n' "$output")
    no 2 k replay --policy nowhere.rules
    said_once 'cannot be read'
    echo policy >bad.rules
    no 1 k replay --policy bad.rules
    [ -n "$stderr" ]
}
