load common

@test "a demo is made from nothing, and shows what to try" {
    NOW=2026-11-20T12:00:00Z
    ok k demo
    has 'A made-up programme of 60 participants'
    has 'kadens tasks --for anna'
    ! compgen -G "store.demo-*"
    ok k tasks --for anna
    has 'Late'
    has 'closed undone since'
    has 'waits without anyone'
    ok k show C-1001
    has 'Story'
    ok k replay
    [ "$(k rules show)" = "$(cat "$KAD_SRC/rules/se-hoglandet-2021.rules")" ]
}

@test "the same N, S and now give the same store; another seed another" {
    NOW=2026-11-20T12:00:00Z
    ok k --store a demo --cases 30 --seed 7
    ok k --store b demo --cases 30 --seed 7
    ok k --store c demo --cases 30 --seed 8
    k --store a export >one
    k --store b export >two
    k --store c export >three
    cmp one two
    ! cmp -s one three
}

@test "its export imports into an empty store" {
    NOW=2026-11-20T12:00:00Z
    ok k demo --cases 40
    k export >one
    k --store other init
    ok k --store other import one
    k --store other export | cmp one -
}

@test "a demo of another time, and of one case" {
    NOW=2015-06-01T12:00:00Z
    ok k demo --cases 25
    ok k replay
    NOW=2028-02-29T12:00:00Z
    ok k --store other demo --cases 1
    no 2 k --store third demo --cases 0
    said_once 'no whole number'
    [ ! -e third ]
}
