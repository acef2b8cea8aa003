# The ledger of an earlier release (tests/data/ledger-2): what was written is read for ever.
load common

old_ledger() {
    local from=$KAD_DATA/data/ledger-2
    mkdir -m 0700 store keys
    install -m 0600 "$from/data.mdb" "$from/vault" store/
    : >store/writer
    chmod 0600 store/writer
    install -m 0600 "$from"/*.sign "$from"/*.master keys/
}

@test "the ledger of format 2 is whole, to its last private field" {
    old_ledger
    ok k verify --full --against "$KAD_DATA/data/ledger-2/checkpoint"
    has 'Everything is whole, and nothing was altered.'
    has 'Opened: the private fields of 2 records. Erased for good: those of 1 record.'
    has '4 fit the records, rightly signed'
    has 'notices derived again'
}

@test "the ledger of format 2 says what it said" {
    old_ledger
    ok k export
    printf '%s\n' "$output" | cmp - "$KAD_DATA/data/ledger-2/export.jsonl"
    ok k tasks --as-of 2021-06-20 --for anna
    has 'C-1    Visit'
    # and goes on
    ok k --now 2026-12-01T08:00:00Z record visit C-1 'note=years later'
    ok k --now 2026-12-01T08:00:00Z checkpoint --to now
    ok k verify --full --against now
}

@test "its checkpoint is good for the witness" {
    witness=$(dirname "$KADENS")/kadens-witness
    ok "$witness" --lang en check "$KAD_DATA/data/ledger-2/checkpoint" \
        --key "$(cat "$KAD_DATA/data/ledger-2/key")"
    has 'Good'
}
