load common

# The auditor: a program that knows the readme and nothing of ours.
audit() {
    perl "$KAD_DATA/data/check-bundle.pl" "$@"
}

# A ledger with private fields, corrections, two keys and three checkpoints, and its bundle.
bundled() {
    small_store
    key=$(k checkpoint --format json 2>/dev/null | jq -r .key)
    NOW=2021-05-03T08:00:00Z k record referral C-1 birth_date=1995-05-17 unit=eksjo motivated=yes >/dev/null
    NOW=2021-05-17T08:00:00Z k record enrollment C-1 coach=anna >/dev/null
    NOW=2021-06-01T08:00:00Z k record employment C-1 'extent=75 %' hours=32.5 employer='Åsa & Söner "AB"' >/dev/null
    NOW=2021-06-03T08:00:00Z k record visit C-1 note=secretive >/dev/null
    unset NOW
    k checkpoint --new-key >/dev/null 2>&1
    k correct 4 --because 'a slip' 'extent=50 %' --on 2021-06-02 >/dev/null
    k record discharge C-1 reason=work --on 2021-07-01 >/dev/null
    k record payment eksjo amount=1250.50 --on 2021-07-01 >/dev/null
    k retract last --because 'of another year' >/dev/null
    k checkpoint >/dev/null 2>&1
    k export --bundle bundle >/dev/null
}

@test "an auditor's own program finds the bundle whole" {
    bundled
    ok audit bundle "$key"
    [ "$output" = 'whole: 10 records, 4 checkpoints, 2 keys' ]
    # the key decides, not what the bundle says of it
    no 255 audit bundle "kadens/00000000000000000000000000000000+${key#*+}"
    # in both languages, with the steps
    grep -q 'SÅ KONTROLLERAS DEN' bundle/README.txt
    grep -q 'HOW TO CHECK IT' bundle/README.txt
    [ "$(cat bundle/policies/*)" = "$(cat small.rules)" ]
    [ "$(wc -l <bundle/records.jsonl)" -eq 10 ]
    no 2 k export --bundle "$KADENS_STORE/bundle"
    said 'lies in the store itself'
}

@test "the readme's own lines for openssl work" {
    bundled
    cd bundle
    sed -n '/HOW TO CHECK/,$s/^     //p' README.txt | sed "s|THE-KEYS-LAST-PART|$(tail -n 1 keys | sed 's/.*+[0-9a-f]\{8\}+//')|" >steps
    [ "$(wc -l <steps)" -eq 5 ]
    ok sh -e steps
    has 'Verified Successfully'
}

@test "a changed byte in any file is found, also by who mends the list of sums" {
    bundled
    find bundle -type f | sort >files
    while read -r file; do
        size=$(stat -c %s "$file")
        for at in 0 $((size / 2)) $((size - 1)); do
            rm -rf changed
            cp -r bundle changed
            perl -e 'open F, "+<", $ARGV[0]; binmode F; seek F, $ARGV[1], 0; read F, $c, 1;
                     seek F, $ARGV[1], 0; print F chr(ord($c) ^ 1)' "changed/${file#bundle/}" "$at"
            run audit changed "$key"
            [ "$status" -ne 0 ] || { echo "$file at $at: $output"; false; }
        done
        case $file in
        */README.txt | */SHA256SUMS) continue ;;
        esac
        (cd changed && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | xargs sha256sum >../sums && mv ../sums SHA256SUMS)
        run audit changed "$key"
        [ "$status" -ne 0 ] || { echo "$file with new sums: $output"; false; }
    done <files
    # a record left out, one put in
    rm -rf changed
    cp -r bundle changed
    touch changed/policies/99999999-none.rules
    run audit changed "$key"
    [ "$status" -ne 0 ]
}

@test "private fields leave sealed" {
    bundled
    grep -q '"note":{"sealed":true}' bundle/records.jsonl
    k export | grep -q '"note":"secretive"'
    ! grep -rq secretive bundle
    ! grep -rq 1995-05-17 bundle
    ok k prove 5
    [[ $(printf '%s\n' "$output" | sed -n 's/^extra //p' | base64 -d | tr -d '\0') != *secretive* ]]
}

@test "what keeps a bundle from being written" {
    small_store
    no 1 k export --bundle bundle
    said_once 'kadens checkpoint'
    [ ! -e bundle ]
    k checkpoint >/dev/null 2>&1
    mkdir full && touch full/letter
    no 2 k export --bundle full
    said_once 'is not empty'
    no 2 k export --bundle no/such/place
    no 2 k export --bundle bundle --from 2
    no 2 k export --bundle bundle --known-at 1
    said_once 'neither --from nor --known-at'
    ok k export --bundle bundle/
    mkdir empty
    ok k export --bundle empty
    [ -z "$(find . -name '*.new-*')" ]
}

@test "more than one tile of records" {
    NOW=2026-01-05T08:00:00Z k demo --cases 8 >/dev/null
    key=$(k checkpoint --format json 2>/dev/null | jq -r .key)
    ok k export --bundle bundle
    [ -s bundle/tile/entries/000 ]
    [ "$(stat -c %s bundle/tile/0/000)" -eq 8192 ]
    [ -e bundle/tile/1/000.p/"$(ls bundle/tile/1/000.p)" ]
    ok audit bundle "$key"
    diff <(k export | jq -c 'del(.data)') <(jq -c 'del(.data)' bundle/records.jsonl)
}
