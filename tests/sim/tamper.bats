# A sample of `make tamper`, and all of what is no matter of single bytes.
sim() {
    local dir
    dir=$(dirname "$KADENS")
    "$dir/tests/sim/tamper" "$@"
}
setup_file() {
    export TAMPER_ROOT=$BATS_FILE_TMPDIR/root
    bash "$KAD_SRC/tests/sim/small_ledger.sh" "$KADENS" "$KAD_SRC/tests/sim/crash.rules" \
        "$TAMPER_ROOT" "$(dirname "$KADENS")/tests/sim/tamper"
}

@test "no changed byte is silent: verify finds it, or nothing that can be read has changed" {
    run sim bytes "$TAMPER_ROOT" --every 401 --seconds 300
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [[ $output == *$'\nsilent 0\n'* ]]
}

@test "no end cut off, no page of zeroes and no two pages swapped are silent" {
    run sim pages "$TAMPER_ROOT"
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [[ $output == *$'\nsilent 0'* ]]
}

@test "what an insider changes is found by digests, tree, checkpoints, or the one kept outside" {
    run sim insider "$TAMPER_ROOT"
    [ "$status" -eq 0 ] || { echo "$output"; false; }
}
