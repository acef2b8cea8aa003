load common

@test "rules doc prints the policy in plain words, each rule beside its source" {
    ok k rules doc "$KAD_SRC/rules/se-hoglandet-2021.rules"
    has 'Supported Employment på Höglandet (LIV)'
    has '- Registrera utskrivning ur SUS – at “Avslut”'
    has 'Required: “Ålder” is 18 to 64 years.                  Source: 3.0 Målgrupp'
    has 'at the latest three months after'
    has 'Months 4 and 5  “Telefonsamtal”      once a month'
    [ -z "$stderr" ]
}

@test "rules doc speaks Swedish, in words that a board reads" {
    ok "$KADENS" --lang sv rules doc "$KAD_SRC/rules/se-hoglandet-2021.rules"
    has 'Krävs: ”Ålder” är 18 till 64 år.'
    has 'Krävs: ”I gemensam kartläggning” är nej.'
    has '- Vid ”Avslut”, om ”Avslutsorsak” är ”Arbete” eller   Källa: 7.0 Uppföljning'
    has '”Studier”: senast tre månader efter.'
    has 'Månad 1        ”Personligt besök”   varje vecka'
    has 'Månad 4 och 5  ”Telefonsamtal”      en gång i'
    has 'När: varje månad utom juli, inom perioden.'
    has 'ska vara klar inom en månad'
    has '465 000 kr om året'
}

@test "rules doc --format html is one page of its own" {
    ok "$KADENS" --lang sv rules doc --format html "$KAD_SRC/rules/se-hoglandet-2021.rules"
    [[ $output == '<!DOCTYPE html>'* ]] || { show; false; }
    has '<html lang="sv">'
    has '<th scope="col">'
    has '<th scope="row">'
    has '<h2 id="readings">Så har dokumentet tolkats</h2>'
    hasnt '<script'
    hasnt 'http:'
    hasnt 'https:'
    printf '%s' "$output" >sv.html
    ok k rules doc --format html "$KAD_SRC/rules/se-hoglandet-2021.rules"
    has '<html lang="en">'
    if command -v tidy >/dev/null; then
        tidy -q -e sv.html
    fi
}

@test "every shipped policy has its page, in both languages and forms" {
    for file in "$KAD_SRC"/rules/*.rules; do
        for lang in sv en; do
            for format in text html; do
                ok "$KADENS" --lang $lang rules doc --format $format "$file"
                [ "$(printf '%s\n' "$output" | wc -l)" -gt 50 ]
            done
        done
    done
}

@test "rules doc of a file with errors says them, and makes no page" {
    small_rules | sed 's/done by exited/done by exitd/' >bad.rules
    no 1 k rules doc bad.rules
    [ -z "$output" ]
    said 'exitd'
    no 2 k rules doc nowhere.rules
    said_once 'nowhere.rules cannot be read'
    no 2 k rules doc bad.rules --format json
    said_once 'It has: text, html.'
}
