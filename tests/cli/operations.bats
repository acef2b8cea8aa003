# docs/operations.md is followed chapter by chapter, each from its beginning in an empty home folder.
load common
load pages

# The commands of a chapter and what they answer; a chapter has one "## " heading.
chapter() {
    awk -v title="## $1" '
    /^## / { inside = $0 == title }
    !inside { next }
    /^```$/ { fenced = 0; next }
    /^```console$/ { fenced = 1; next }
    fenced { print }' "$KAD_SRC/docs/operations.md"
}

follow() {
    shopt -s expand_aliases
    PATH=$(dirname "$KADENS"):$PATH
    unset KADENS_STORE KADENS_KEYS XDG_CONFIG_HOME
    export HOME=$PWD
    chapter "$1" >step
    [ "$(grep -c '^\$ ' step)" -ge 3 ]
    run_step step
}

@test "The service" { follow 'The service'; }
@test "The service: how people are told" { follow 'The service: how people are told'; }
@test "Backups" { follow 'Backups'; }
@test "Getting a ledger back" { follow 'Getting a ledger back'; }
@test "Private fields and erasure" { follow 'Private fields and erasure'; }
@test "When something goes wrong" { follow 'When something goes wrong'; }
@test "Moving to another machine" { follow 'Moving to another machine'; }
@test "Upgrading" { follow 'Upgrading'; }
@test "Checkpoints for somebody outside" { follow 'Checkpoints for somebody outside'; }
@test "Is everything whole?" { follow 'Is everything whole?'; }
@test "What an auditor is given" { follow 'What an auditor is given'; }

@test "every chapter of the page is followed, and stands in its table of contents" {
    local title link
    while IFS= read -r title; do
        chapter "$title" | grep -q . || continue
        grep -qF "@test \"$title\" {" "$BATS_TEST_FILENAME" || { echo "$title"; false; }
    done < <(sed -n 's/^## //p' "$KAD_SRC/docs/operations.md")
    while IFS= read -r title; do
        link=$(printf '%s' "$title" | tr 'A-Z ' 'a-z-' | tr -d '?!,:')
        grep -qxF -- "- [$title](#$link)" "$KAD_SRC/docs/operations.md" || { echo "$title"; false; }
    done < <(sed -n 's/^## //p' "$KAD_SRC/docs/operations.md")
}
