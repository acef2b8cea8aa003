# docs/administrator.md is walked through as it is written: every step of "A change from beginning to
# end" and of "A reminder and an escalation", in its order, in an empty folder, and what the program
# answers is what the page shows.
load common
load pages

# The steps: a line "run", "edit" or "append", then the step's lines, each after a tab.
steps() {
    awk '
    /^## / { inside = /^## A / }
    !inside { next }
    /^```$/ { fenced = 0; next }
    /^```/ {
        fenced = 1
        print $0 == "```console" ? "run" : $0 == "```diff" ? "edit" : $0 == "```rules" ? "append" : "unknown " $0
        next
    }
    fenced { print "\t" $0 }' "$1"
}

# edit FILE PATCH: the lines of the patch are looked for one after the other; those with a minus go,
# those with a plus come. A line that is not found is an error. How many blanks stand together is no
# matter.
edit() {
    awk '
    function bare(s) { gsub(/ +/, " ", s); return s }
    NR == FNR { patch[++n] = $0; next }
    function come() { while (p <= n && patch[p] ~ /^\+/) print substr(patch[p++], 2) }
    BEGIN { p = 1 }
    FNR == 1 { come() }
    p <= n && bare($0) == bare(substr(patch[p], 2)) {
        if (patch[p++] ~ /^ /)
            print
        come()
        next
    }
    { print }
    END { if (p <= n) { print "not found: " patch[p] >"/dev/stderr"; exit 1 } }' "$2" "$1" >edited &&
        mv edited "$1"
}

take_step() {
    case $1 in
    run) run_step step ;;
    edit) edit ny.rules step ;;
    append) { echo; cat step; } >>ny.rules ;;
    *) echo "a step of another kind: $1"; return 1 ;;
    esac
}

@test "the administrator's page is true from the first step to the last" {
    shopt -s expand_aliases
    PATH=$(dirname "$KADENS"):$PATH
    unset KADENS_STORE
    steps "$KAD_SRC/docs/administrator.md" >all
    [ "$(grep -c '^run' all)" -ge 7 ]
    [ "$(grep -c '^edit' all)" -eq 3 ]
    kind= && : >step
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line == $'\t'* ]]; then
            printf '%s\n' "${line#$'\t'}" >>step
            continue
        fi
        [ -z "$kind" ] || take_step "$kind"
        kind=$line && : >step
    done <all
    take_step "$kind"
    # And it ended where it says: the new texts are adopted.
    kadens --store prova export | grep -c '"kadens.adopted"' | grep -qx 3
}

@test "a step that is not true is found" {
    printf 'a\nb\nc\n' >answered
    printf 'a\n...\nc\n' >shown
    same shown answered
    printf 'a\n...\n' >shown
    same shown answered
    for wrong in 'a\n' 'a\nb\nc\nd\n' 'a\n...\nd\n' 'a\nc\n' '...\nb\n'; do
        printf '%b' "$wrong" >shown
        ! same shown answered || { echo "$wrong"; false; }
    done
    printf 'x ... z\n' >shown
    printf 'x y z\n' >answered
    same shown answered
    printf 'one\ntwo\nthree\n' >ny.rules
    printf ' one\n-two\n+2\n' >step
    edit ny.rules step
    [ "$(cat ny.rules)" = $'one\n2\nthree' ]
    run ! edit ny.rules step
}
