load common

# The commands of later releases, as the table has them.
reserved() {
    sed -n 's/^RESERVED("\(.*\)")$/\1/p' "$KAD_SRC/cli/cmd.def"
}

@test "help lists every command that there is, and none that is not" {
    ok k help
    has 'Every day'
    for command in tasks show record correct retract waive log 'rules check' 'rules adopt' import export replay demo init; do
        has "  $command "
    done
    reserved | while read -r command; do
        hasnt "  $command "
    done
}

@test "help on one command shows its arguments and options" {
    ok k help tasks
    has 'Usage: kadens tasks [--for WHO]'
    has '--until DATE'
    ok k tasks --help
    has 'Usage: kadens tasks [--for WHO]'
    ok k help rules adopt
    has '--accept-questions'
}

@test "help in Swedish has Swedish words for what is to be filled in" {
    ok "$KADENS" --lang sv help record
    has 'kadens record TYP NYCKEL [FÄLT=VÄRDE...] [--on DATUM] [--override SKÄL]'
}

@test "a locale that is neither Swedish nor English is Swedish" {
    ok env LC_ALL=C.UTF-8 "$KADENS" help
    has 'Varje dag'
    ok env -u LC_ALL LANG=de_DE.UTF-8 "$KADENS" help
    has 'Varje dag'
    ok env -u LC_ALL LANG=en_GB.UTF-8 "$KADENS" help
    has 'Every day'
    ok env LC_ALL=sv_SE.UTF-8 LANG=en_GB.UTF-8 "$KADENS" help
    has 'Varje dag'
    ok env LC_ALL=sv_SE.UTF-8 "$KADENS" --lang en help
    has 'Every day'
}

@test "a command that comes later is known, and answered in one sentence" {
    reserved >commands
    [ -s commands ]
    while read -r command; do
        # shellcheck disable=SC2086
        no 2 k $command
        said_once "kadens $command” yet."
        # shellcheck disable=SC2086
        no 2 k $command something --format json
    done <commands
}

@test "a slip in a command or an option is answered with what was meant" {
    no 2 k taks
    said_once 'Did you mean “tasks”?'
    no 2 k rules chek x
    said_once 'Did you mean “rules check”?'
    no 2 k tasks --util 2021-01-01
    said_once 'Did you mean --until?'
    no 2 k tasks --nonsense
    said_once 'There is no option --nonsense.'
    no 2 k help taks
    said_once 'Did you mean “tasks”?'
}

@test "wrong usage says how it is written" {
    no 2 k
    said_once 'No command was given.'
    no 2 k show
    said_once 'kadens show SUBJECT'
    no 2 k show a b
    said_once '“b” is one word too many.'
    no 2 k rules
    said_once 'rules adopt'
    no 2 k tasks --for
    said_once '--for needs a value: --for WHO.'
    no 2 k tasks --rejects x
    said_once 'has no option --rejects.'
    no 2 k tasks -x
    said_once 'two dashes'
    no 2 k tasks --format xml
    said_once 'There is no format “xml”.'
    no 2 k tasks --format tap
    said_once 'has no format tap.'
    no 2 k tasks --as-of 2021-02-30
    said_once '“2021-02-30” is no date'
    no 2 k tasks --known-at tomorrow
    said_once 'neither a record'
    no 2 k tasks --now 2021-01-01
    said_once 'is no instant'
    no 2 k --lang de tasks
    said_once 'varken sv eller en'
    no 2 k record visit C-1 --as-of 2021-01-01
    said_once '--on'
}

@test "global options stand before or after the command" {
    k init >/dev/null
    ok k --format json tasks
    [ "$output" = '[]' ]
    ok k tasks --format json
    [ "$output" = '[]' ]
    ok k tasks --format=json
    [ "$output" = '[]' ]
}

@test "--version says the version" {
    ok k --version
    [[ $output =~ ^kadens\ [0-9]+\.[0-9]+ ]]
}

@test "the manual's COMMANDS and OPTIONS are those of the program" {
    k help --man >made
    awk '/^\.SH COMMANDS/ { on = 1 } /^\.SH EXIT STATUS/ { on = 0 } on' "$KAD_SRC/docs/kadens.1" >there
    diff -u there made
}

@test "the completion script is the program's own" {
    k help --completion >made
    diff -u "$KAD_SRC/cli/completion/kadens" made
    bash -n made
}

@test "completion offers commands, options and what follows" {
    . "$KAD_SRC/cli/completion/kadens"
    complete_line() {
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        COMPREPLY=()
        _kadens
    }
    complete_line kadens ta
    [ "${COMPREPLY[*]}" = tasks ]
    complete_line kadens tasks --unt
    [ "${COMPREPLY[*]}" = --until ]
    complete_line kadens --store x rules ad
    [ "${COMPREPLY[*]}" = adopt ]
    complete_line kadens tasks --lang ''
    [ "${COMPREPLY[*]}" = 'sv en' ]
    complete_line kadens tasks --state wai
    [ "${COMPREPLY[*]}" = waived ]
    complete_line kadens rules show --shipped se-hoglandet-2021
    [ "${COMPREPLY[*]}" = se-hoglandet-2021 ]
    complete_line kadens help wai
    [ "${COMPREPLY[*]}" = waive ]
    complete_line kadens ''
    [[ ${COMPREPLY[*]} != *--* ]]
    small_store
    complete_line "$KADENS" record refe
    [ "${COMPREPLY[*]}" = referral ]
    complete_line "$KADENS" record referral C-1 moti
    [ "${COMPREPLY[*]}" = motivated= ]
}

@test "every sentence of the program has its Swedish" {
    command -v xgettext >/dev/null || skip "no xgettext"
    cd "$KAD_SRC"
    keep=$BATS_TEST_TMPDIR
    xgettext --from-code=UTF-8 -L C -k_ -kN_ -kngettext_:1,2 -o "$keep/all.pot" \
        cli/*.c cli/*.def core/*.c dsl/*.c dsl/*.def 2>/dev/null
    run msgcmp cli/po/sv.po "$keep/all.pot"
    [ "$status" -eq 0 ] || { printf '%s\n' "$output" | grep -v warning | head -n 5; false; }
    msgfmt --check --statistics -o "$keep/sv.mo" cli/po/sv.po
}

@test "an option says what it is for in this command, brackets and all" {
    ok k help status
    has 'end with status 1 when something needs somebody'
    ok k help rules fmt
    has 'only name the files that would change'
    ok k help serve
    has '  --clock START[xSPEED] '
    ok "$KADENS" --lang sv help prove
    has '--from STORLEK'
}
