load common

@test "rules check says that a good file is good" {
    small_rules >small.rules
    ok k rules check small.rules
    [ "$output" = 'small.rules: no errors, all 2 examples hold' ] || { show; false; }
    [ -z "$stderr" ]
    ok "$KADENS" --lang sv rules check small.rules
    has 'inga fel, alla 2 exempel stämmer'
    ok k rules check "$KAD_SRC/rules/se-hoglandet-2021.rules"
}

@test "rules check says everything that is wrong, with its place, and ends with 1" {
    small_rules | sed -e 's/motivated yes\/no$/motivated yesno/' -e 's/done by exited/done by exitd/' >bad.rules
    no 1 k rules check bad.rules
    said 'bad.rules:15:102: '
    said 'exitd'
    said 'exited'
    has '3 errors'
    no 1 k rules check bad.rules --format json
    has '"severity":"error"'
    has '"line":15'
}

@test "several files are checked in one run" {
    small_rules >small.rules
    echo 'policy' >bad.rules
    no 1 k rules check small.rules bad.rules
    has 'small.rules: no errors'
    has 'bad.rules: '
    no 2 k rules check nowhere.rules
    said_once 'nowhere.rules cannot be read'
    no 2 k rules check
    said_once 'rules check FILE'
}

@test "an example that fails is named with its line, and ends with 1" {
    small_rules | sed 's/due 2021-06-07 done/due 2021-06-07 open/' >bad.rules
    no 1 k rules check bad.rules
    said 'the example “A visit in time” fails'
    has '1 of 2 examples fails'
    no 1 k rules test bad.rules
    said 'A visit in time'
    has 'FAILS  A visit in time'
    has 'holds  Too young'
    no 1 k rules test bad.rules --format tap
    has 'not ok 1 - A visit in time'
    has 'ok 2 - Too young'
    has '1..2'
}

@test "rules test says what the examples exercise, and names what none does" {
    small_rules >small.rules
    ok k rules test small.rules
    has '  the examples exercise: rules '
    has 'small.rules:38: In no example is an event refused by this condition: motivated'
    ok k rules test small.rules --format tap
    has '# the examples exercise: rules '
    has '# small.rules:38: In no example is an event refused by this condition: motivated'
    [[ $output == *$'\n1..2' ]] || { show; false; }
    ok k rules test small.rules --format json
    has '"guards":{"of":'
    has '"wheres":{"of":1,"exercised":'
    has '{"kind":"guards","line":38,"message":"In no example is an event refused by'
    hasnt '"missing":[]'
    ok k rules check small.rules --format json
    hasnt coverage
    # The policies that come with the program are exercised wholly.
    ok k rules test "$KAD_SRC"/rules/*.rules "$KAD_SRC"/rules/sv/*.rules --format json
    hasnt '"missing":[{'
    ok "$KADENS" --lang sv rules test small.rules
    has 'exemplen prövar: regler '
    has 'nekas någon händelse av det här villkoret: motivated'
}

@test "adopting records the text, and says from when it is in force" {
    NOW=2020-12-15T08:00:00Z
    k init >/dev/null
    small_rules >small.rules
    ok k rules adopt small.rules --from 2021-01-01 --decision 'Board § 7'
    has 'small will be in force from Friday 1 January 2021.'
    ok k rules list
    has 'small@2021-01-01'
    has 'Board § 7'
    ok k rules list --format json
    has '"in_force":false'
    k rules show small@2021-06-01 >shown
    cmp shown small.rules
    NOW=2021-02-01T08:00:00Z
    k rules show >shown
    cmp shown small.rules
    ok k rules adopt small.rules --from 2021-01-15
    has 'That day has passed'
    ok k rules adopt small.rules --from 2021-01-15
    has 'adopted from that day already (no. 2); nothing was written'
}

@test "a file with errors, failing examples or open questions is not adopted" {
    NOW=2021-01-02T08:00:00Z
    k init >/dev/null
    small_rules | sed 's/done by exited/done by exitd/' >bad.rules
    no 1 k rules adopt bad.rules --from 2021-01-01
    said 'The policy was not adopted.'
    small_rules | sed 's/due 2021-06-07 done/due 2021-06-07 open/' >bad.rules
    no 1 k rules adopt bad.rules --from 2021-01-01
    said 'The policy was not adopted.'
    small_rules | sed 's/^    calendar sweden/    calendar sweden\n    question "Who decides?"/' >open.rules
    no 1 k rules adopt open.rules --from 2021-01-01
    said 'The policy leaves 1 question open:'
    said 'Who decides?'
    ok k export
    [ -z "$output" ]
    ok k rules adopt open.rules --from 2021-01-01 --accept-questions
    ok k export
    has '"accepted":["Who decides?"]'
    no 2 k rules adopt open.rules
    said_once '--from is missing'
}

@test "a policy for some units only" {
    NOW=2021-01-02T08:00:00Z
    k init >/dev/null
    small_rules >small.rules
    no 2 k rules adopt small.rules --from 2021-01-01 --only eksjo
    said_once '--only unit='
    no 2 k rules adopt small.rules --from 2021-01-01 --only unit=eksjoo
    said_once 'Did you mean eksjo?'
    ok k rules adopt small.rules --from 2021-01-01 --only unit=eksjo
    ok k export
    has '"only":["eksjo"]'
    ok k record certificate eksjo good=yes
    no 1 k record certificate nassjo good=yes
    said 'nassjo'
}

@test "ending a policy" {
    small_store
    ok k rules end small --from 2021-07-01
    has 'small is no longer in force from Thursday 1 July 2021'
    ok k rules list
    has 'ends'
    no 2 k rules show small@2021-08-01
    said_once 'not in force'
    no 2 k rules end smal --from 2021-07-01
    said_once 'Did you mean small?'
    no 2 k rules end small
    said_once '--from is missing'
}

@test "what comes with the program can be shown" {
    k rules show --shipped se-hoglandet-2021 >shown
    cmp shown "$KAD_SRC/rules/se-hoglandet-2021.rules"
    no 2 k rules show --shipped nothing
    said_once 'se-hoglandet-2021'
    no 3 k rules show
    said_once 'There is no store'
}

@test "rules check warns of a review that has passed, on the day it is run, and still ends with 0" {
    small_rules | sed '1a\    review by 2026-12-31' >small.rules
    NOW=2026-12-30T08:00:00Z
    ok k rules check small.rules
    [ -z "$stderr" ]
    # The last minutes of the day in UTC are tomorrow in the policy's zone.
    NOW=2026-12-31T23:30:00Z
    ok k rules check small.rules
    said 'small.rules:2:5: warning K170: `small` was to be reviewed by 2026-12-31.'
    has 'no errors, 1 warning'
    ok k rules test small.rules --format json
    has '"severity":"warning"'
}

@test "rules check --calendar goes through every start day, in words and in numbers" {
    rules=$KAD_SRC/rules/se-hoglandet-2021.rules
    ok k rules check --calendar "$rules"
    has 'for each of the 146,097 days from 1 January 2021 to 31 December 2420'
    has 'month 1 aftercare_visit every week
      It always has 4 windows. Windows are 7 to 10 days long, as from Fri 2021-01-01'
    has '3 months after Sun'
    has 'The due day is moved in 31'
    has 'leads into another month, as'
    ok "$KADENS" --lang sv rules check --calendar "$rules"
    has 'Den har alltid 4 fönster.'
    has 'hamnar den i en annan månad'
    ok k rules check "$rules"
    hasnt 'start day'
    ok k rules check --calendar "$rules" --format json
    jq -e '.[0].calendar.start_days == 146097 and
        ([.[0].calendar.lines[] | select(.rule == "aftercare") | .windows.most]
            == [4, 2, 1, 2, 1]) and
        ([.[0].calendar.lines[] | select(.rule == "register_exit")][0]
            | .clipped == {"start_days": 1903, "months": 3, "from": "2021-01-31", "to": "2021-04-30"}
                and .moved.days == 5)' <<<"$output" >/dev/null || { show; false; }
    echo 'policy p
 running cases keep the old rules' >none.rules
    ok k rules check --calendar none.rules
    has 'Nothing in it depends on the calendar.'
}

@test "rules check --explain says what a code means, in both languages, and lists them all" {
    ok k rules check --explain K060
    has 'K060, an error: There is no event called `…`.'
    has 'For example:'
    has '> '
    has 'Correct the name, or declare the event.'
    ok "$KADENS" --lang sv rules check --explain k164
    has 'K164, en varning: `…` kan aldrig vara sant.'
    ok k rules check --explain
    has 'K001  The file is larger than … MiB'
    has 'K170  '
    ok k rules check --explain K060 K164 --format json
    [ "$(jq -r '.[].code' <<<"$output" | tr '\n' ' ')" = 'K060 K164 ' ] || { show; false; }
    no 2 k rules check --explain K999
    said_once 'There is no message with the code K999.'
}
