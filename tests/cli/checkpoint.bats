load common

# The private keys of the ledger: one file, whose name is not known.
sign_key() {
    ls "$KADENS_KEYS"/*.sign
}

@test "init shows the key that checkpoints are checked with" {
    ok k init
    has 'kadens/'
    has "$KADENS_KEYS"
    key=$(printf '%s\n' "$output" | sed -n 's/^  \(kadens\/.*\)/\1/p')
    [[ $key =~ ^kadens/[0-9a-f]{32}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$ ]]
    [ "$(stat -c %a "$(sign_key)")" = 600 ]
    [ "$(stat -c %a "$KADENS_KEYS")" = 700 ]
}

@test "a checkpoint is a signed note, the same until something is recorded" {
    one_case
    ok k checkpoint
    said 'over 5 records'
    said 'kadens-witness check CHECKPOINT --key kadens/'
    [[ ${lines[0]} == kadens/* ]]
    [ "${lines[1]}" = 5 ]
    printf '%s\n' "$output" >first
    ok k checkpoint --to again
    said 'Nothing has been recorded since'
    [ -z "$output" ]
    diff first again
    k record visit C-1 >/dev/null
    ok k checkpoint --format json
    [ "$(jq .size <<<"$output")" = 6 ]
    [ "$(jq .new <<<"$output")" = true ]
    [ "$(jq -r .checkpoint <<<"$output" | head -n 1)" = "$(jq -r .origin <<<"$output")" ]
    ok k replay
}

@test "openssl agrees with the signature" {
    one_case
    k checkpoint >note 2>/dev/null
    sed '/^$/,$d' note >text
    key=$(k checkpoint --format json | jq -r .key)
    # The key in the form that openssl reads: a fixed head and the 32 bytes.
    { printf '302a300506032b6570032100' | perl -pe 's/(..)/chr hex $1/ge'
      printf %s "${key#*+*+}" | base64 -d | tail -c 32; } >key.der
    tail -n 1 note | sed 's/.* //' | base64 -d | tail -c 64 >sig
    openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile sig
}

@test "a record is proved once a checkpoint covers it" {
    one_case
    no 1 k prove 3
    said_once 'No checkpoint covers record 3 yet.'
    k checkpoint >/dev/null 2>&1
    ok k prove 3 --to proof
    said 'record 3 is one of the 5 records'
    [ "$(head -n 1 proof)" = 'c2sp.org/tlog-proof@v1' ]
    grep -qx 'index 2' proof
    ok k prove --from 2
    [ "${lines[0]}" = 'kadens consistency proof 1' ]
    [ "${lines[2]}" = 'to 5' ]
    no 2 k prove 99
    said_once 'There is no record no. 99.'
    no 2 k prove 3 --from 2
    no 2 k prove
    no 2 k prove x
    no 2 k prove 3 --to no/such/place
    said_once 'cannot be written'
}

@test "a missing or loose signing key stops signing and nothing else" {
    one_case
    mv "$(sign_key)" kept
    no 3 k checkpoint
    said_once 'is not there'
    ok k tasks
    ok k record visit C-1
    id=$(head -n 1 kept | sed 's/.* //')
    install -m 640 kept "$KADENS_KEYS/$id.sign"
    no 3 k checkpoint
    said_once 'chmod 600'
    chmod 600 "$KADENS_KEYS/$id.sign"
    ok k checkpoint
    # another ledger's key, in the right place, is not believed
    KADENS_STORE=$BATS_TEST_TMPDIR/other k init >/dev/null
    other=$(ls "$KADENS_KEYS"/*.sign | grep -v "$id")
    sed "1s/ [0-9a-f]*$/ $id/" "$other" >"$KADENS_KEYS/$id.sign"
    k record visit C-1 >/dev/null
    no 3 k checkpoint
    said_once 'not the one that this ledger is signed with'
}

@test "--keys names the folder" {
    unset KADENS_KEYS
    ok k --keys here init
    has ' here,'
    [ "$(ls here)" != "" ]
    no 3 env HOME="$BATS_TEST_TMPDIR" XDG_CONFIG_HOME= "$KADENS" --lang en checkpoint
    said '.config/kadens'
    ok k checkpoint --keys here
    ok env HOME="$BATS_TEST_TMPDIR" "$KADENS" --store other init
    [ -d .config/kadens ]
}

@test "a new key is announced by the old one" {
    one_case
    k checkpoint >first 2>/dev/null
    ok k checkpoint --new-key --format json
    said 'record 6 says so'
    new=$(jq -r .key <<<"$output")
    [ "$(jq .size <<<"$output")" = 6 ]
    ok k log
    has 'Signing key replaced'
    [ "$(k export | tail -n 1 | jq -r .type)" = kadens.rekeyed ]
    [ "$(k export | tail -n 1 | jq -r .data.new_key)" = "$new" ]
    [ "$(ls "$KADENS_KEYS" | wc -l)" -eq "$(ls "$KADENS_KEYS" | grep -vc new)" ]
    k record visit C-1 >/dev/null
    ok k checkpoint --format json
    [ "$(jq -r .key <<<"$output")" = "$new" ]
    ok k replay
    ok k replay --rebuild
    ok k checkpoint --new-key
    no 2 k retract 6 --because slip
}

@test "asked again with the same id, a key is not changed twice" {
    one_case
    ok k checkpoint --new-key --id mine
    first=$output
    ok k checkpoint --new-key --id mine
    said 'Already recorded as no. 6'
    [ "$output" = "$first" ]
    k record visit C-1 --id other >/dev/null
    no 1 k checkpoint --new-key --id other
    said_once 'was given before, to record 7'
    [ "$(k export | grep -c rekeyed)" -eq 1 ]
}

@test "an interrupted change of keys is finished at the next signing" {
    one_case
    k checkpoint --new-key >/dev/null 2>&1
    key=$(sign_key)
    # as a crash between the record and the renaming leaves it
    mv "$key" "$key.new"
    k record visit C-1 >/dev/null
    ok k checkpoint
    [ -e "$key" ]
    [ ! -e "$key.new" ]
}

@test "another ledger's change of keys comes along as history" {
    one_case
    k checkpoint --new-key >/dev/null 2>&1
    k export >lines
    export KADENS_STORE=$BATS_TEST_TMPDIR/second
    ok k init
    mine=$(printf '%s\n' "$output" | sed -n 's/^  \(kadens\/.*\)/\1/p')
    ok k import lines
    k export >again
    diff lines again
    ok k checkpoint --format json
    [ "$(jq -r .key <<<"$output")" = "$mine" ]
    ok k replay
    # but not into a ledger that has begun, and not by hand
    tail -n 1 lines | jq -c '{type,subject,on,data}' >forged
    no 2 k import forged
    said 'not signed by the key of this ledger'
}

@test "what does not fit is not signed" {
    one_case
    k checkpoint >/dev/null 2>&1
    cp -r store copy
    k record visit C-1 >/dev/null
    k checkpoint >newer 2>/dev/null
    # the older state, continued otherwise: its checkpoint still fits, the newer one is not its own
    export KADENS_STORE=$BATS_TEST_TMPDIR/copy
    ok k checkpoint
    said 'Nothing has been recorded since'
}

@test "records that a restored ledger gets back bring its key and its checkpoints with them" {
    one_case
    unset NOW
    k checkpoint >/dev/null 2>&1
    k backup kept >/dev/null
    k checkpoint --new-key >/dev/null 2>&1
    k record visit C-1 >/dev/null
    k checkpoint --to before 2>/dev/null
    k export >lines
    k restore kept >/dev/null
    k import lines >/dev/null
    ok k checkpoint --to after
    diff before after
    ok k verify
}

@test "prove: no record has the number 0, and a size is a size" {
    small_store
    no 2 k prove 0
    said "no record's number"
    no 2 k prove --from x
    said 'how many records'
}
