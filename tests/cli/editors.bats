load common

@test "highlighting is made from the table of words" {
    cd "$KAD_SRC"
    LC_ALL=C awk -v editor=vim -f docs/editors/editors.awk dsl/words.def |
        diff - docs/editors/vim/syntax/kadens.vim
    LC_ALL=C awk -v editor=vscode -f docs/editors/editors.awk dsl/words.def |
        diff - docs/editors/vscode/syntaxes/kadens.tmLanguage.json
}

@test "every word of the table is highlighted" {
    cd "$KAD_SRC"
    sed -n 's/^[WA](.*/&/p' dsl/words.def | grep -o '"[^"]*"' | tr -d '"' | sort -u >"$BATS_TEST_TMPDIR/words"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/words")" -gt 200 ]
    tr '|()' '\n\n\n' <docs/editors/vscode/syntaxes/kadens.tmLanguage.json |
        sed -e 's/^?://' -e 's/\\\\s+/ /g' | sort -u >"$BATS_TEST_TMPDIR/vscode"
    comm -23 "$BATS_TEST_TMPDIR/words" "$BATS_TEST_TMPDIR/vscode" | diff /dev/null -
    sed -e 's/\\[|()]/\n/g' -e 's/%(/\n/g' docs/editors/vim/syntax/kadens.vim |
        sed -e 's/\\%$//' -e 's/\\s\\+/ /g' -e 's/\\\//\//g' | sort -u >"$BATS_TEST_TMPDIR/vim"
    comm -23 "$BATS_TEST_TMPDIR/words" "$BATS_TEST_TMPDIR/vim" | diff /dev/null -
}
