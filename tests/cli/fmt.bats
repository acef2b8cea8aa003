load common

# As typed in a hurry, with what comes along from a word processor.
untidy_rules() {
    printf 'policy\tsmall   ”Small”\r\n'
    printf '   calendar sweden\r\n  language en     # the words\r\n\r\n\r\n'
    printf '  running  cases follow the\xc2\xa0new rules\r\n'
    printf '# who\r\nrole manager "Manager"\r\nrole boss   "Boss"   \r\n'
    printf 'event a of thing x number,\r\n   y text optional\r\n'
    printf 'task t "T"\r\n   when a where x at least 3 due 1 days after\r\n  when a otherwise due the same day\r\n  done by a'
}

tidy_rules() {
    cat <<'RULES'
policy small "Small"
    calendar sweden
    language en  # the words

    running cases follow the new rules

# who
role manager "Manager"
role boss    "Boss"

event a of thing  x number, y text optional

task t "T"
    when a where x at least 3  due 1 day after
    when a otherwise           due the same day
    done by a
RULES
}

@test "fmt prints the file laid out, and laying it out again changes nothing" {
    untidy_rules >untidy.rules
    tidy_rules >tidy.rules
    k rules fmt untidy.rules >once
    diff -u tidy.rules once
    k rules fmt once >twice
    cmp once twice
    k rules fmt - <untidy.rules >stdin
    cmp once stdin
}

@test "fmt --check names the files that would change and ends with 1" {
    untidy_rules >untidy.rules
    tidy_rules >tidy.rules
    ok k rules fmt --check tidy.rules
    [ -z "$output$stderr" ]
    no 1 k rules fmt --check tidy.rules untidy.rules
    [ "$output" = untidy.rules ]
    [ -z "$stderr" ]
}

@test "fmt --write replaces what changes and leaves the rest, with its mode and links" {
    untidy_rules >untidy.rules
    tidy_rules >tidy.rules
    chmod 640 untidy.rules
    ln -s untidy.rules link.rules
    touch -d 2021-01-01 tidy.rules
    ok k rules fmt --write link.rules tidy.rules
    [ "$output" = link.rules ]
    cmp untidy.rules tidy.rules
    [ -L link.rules ]
    [ "$(stat -c %a untidy.rules)" = 640 ]
    [ "$(stat -c %Y tidy.rules)" = "$(date -d 2021-01-01 +%s)" ]
    [ -z "$(find . -name "*.new-*")" ]
}

@test "fmt leaves a file with mistakes in its writing alone, and says what they are" {
    small_rules | sed 's/done by exited/done exited/' >bad.rules
    cp bad.rules before.rules
    no 1 k rules fmt --write bad.rules
    said 'bad.rules:'
    said 'error K'
    [ -z "$output" ]
    cmp bad.rules before.rules
    no 1 k rules fmt --check bad.rules
    # one that only says something wrong is laid out all the same
    small_rules | sed 's/done by exited/done by exitd/' >wrong.rules
    ok k rules fmt wrong.rules
    has 'done by exitd'
}

@test "fmt --language translates the keywords, there and back" {
    small_rules >small.rules
    k rules fmt small.rules >english
    k rules fmt --language sv small.rules >swedish
    grep -q '^händelse' swedish
    grep -q 'språk' swedish
    grep -q '"Aftercare"' swedish
    ok k rules check swedish
    k rules fmt --language en swedish >back
    cmp english back
    no 1 k rules fmt --check --language sv small.rules
    ok k rules fmt --check --language sv swedish
}

@test "a name that would become a keyword beside a translated word stays a name" {
    cat >names.rules <<'RULES'
policy p
    language en
    running cases follow the new rules
role det
event dagen of thing
subject thing
    begins with dagen
task t
    when dagen due the same day
    done by dagen
    for det
RULES
    k rules fmt --language sv names.rules >swedish
    ok k rules check swedish
    k rules fmt names.rules >english
    k rules fmt --language en swedish >back
    cmp english back
}

@test "wrong use of fmt is answered" {
    tidy_rules >tidy.rules
    no 2 k rules fmt
    said_once 'rules fmt FILE'
    no 2 k rules fmt --write --check tidy.rules
    said_once 'give one of the two'
    no 2 k rules fmt --language de tidy.rules
    said_once '“de”'
    no 2 k rules fmt --write -
    said_once 'standard input'
    no 2 k rules fmt nowhere.rules
    said_once 'nowhere.rules cannot be read'
    no 2 k rules fmt --write .
    said_once 'folder'
}

@test "what comes with the program is laid out, in both languages" {
    cd "$KAD_SRC"
    ok k rules fmt --check rules/*.rules rules/sv/*.rules tests/rules/*.rules
    for f in rules/*.rules; do
        k rules fmt --language sv "$f" | cmp - "rules/sv/${f#rules/}"
        k rules fmt --language en "rules/sv/${f#rules/}" | cmp - "$f"
    done
    ok k rules check rules/sv/*.rules
    [ "$(ls rules/*.rules | wc -l)" -eq "$(ls rules/sv/*.rules | wc -l)" ]
}
