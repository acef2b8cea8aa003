# Highlighting of rule files made from the table of words:
#   LC_ALL=C awk -v editor=vim|vscode -f docs/editors/editors.awk dsl/words.def
# `make editors` writes both files; tests/cli/editors.bats holds them to the table.

# W(TOKEN, "english", "swedish") and A(TOKEN, swedish?, "form"), under the headings of the table.
/^\/\* declarations/ { class = "declaration" }
/^\/\* what a policy says/ { class = "clause" }
/^\/\* types/ { class = "type" }
/^\/\* tasks/ { class = "clause" }
/^\/\* conditions/ { class = "operator" }
/^\/\* states/ { class = "state" }
/^\/\* examples/ { class = "clause" }
/^[WA]\(/ {
    n = split($0, part, "\"")
    of = class
    if ($0 ~ /^W\((YES|NO|NONE_OF),/)
        of = "state"
    for (i = 2; i <= n; i += 2)
        add(of, part[i])
}

function add(of, word) {
    # of two that share a word, what was said first counts
    if (word in seen)
        return
    seen[word] = 1
    if (of != "declaration" && word ~ / /)
        of = "phrase"
    words[of, ++count[of]] = word
}

# The longest first: `days after due` before `days`.
function sort(of,    i, k, w) {
    for (i = 2; i <= count[of]; i++) {
        w = words[of, i]
        for (k = i - 1; k > 0 && (length(words[of, k]) < length(w) ||
                (length(words[of, k]) == length(w) && words[of, k] > w)); k--)
            words[of, k + 1] = words[of, k]
        words[of, k + 1] = w
    }
}

function joined(of, or, blank, slash,    i, w, all) {
    sort(of)
    for (i = 1; i <= count[of]; i++) {
        w = words[of, i]
        gsub(/ /, blank, w)
        gsub(/\//, slash, w)
        all = all (i > 1 ? or : "") w
    }
    return all
}

function vim_line(group, of) {
    printf "syn match %s \"\\<\\%%(%s\\)\\>\"\n", group, joined(of, "\\|", "\\\\s\\\\+", "\\/")
}

function vim() {
    print "\" Rule files of Kadens, in English and Swedish words."
    print "\" Made by docs/editors/editors.awk from dsl/words.def; do not edit."
    print "if exists(\"b:current_syntax\")"
    print "  finish"
    print "endif"
    print ""
    print "syn iskeyword @,48-57,_,192-255"
    print "syn sync minlines=50"
    print ""
    print "\" Of what begins at one place, the later line counts."
    vim_line("kadensClause", "clause")
    vim_line("kadensOperator", "operator")
    vim_line("kadensType", "type")
    vim_line("kadensState", "state")
    vim_line("kadensClause", "phrase")
    printf "syn match kadensDeclaration \"^\\%%(%s\\)\\>\" nextgroup=kadensName skipwhite\n", \
        joined("declaration", "\\|", "\\\\s\\\\+", "\\/")
    print "syn match kadensName \"\\<\\k\\+\\>\" contained"
    print "syn match kadensField \"\\.\\zs\\k\\+\\>\""
    print "syn match kadensNumber \"\\<\\d\\+\\%([ \\u00a0\\u202f]\\d\\{3}\\)*\\%([.,]\\d\\+\\)\\=\\%(\\s*%\\|\\s*\\%(SEK\\|kr\\)\\>\\)\\=\""
    print "syn match kadensDate \"\\<\\d\\{4}-\\d\\d-\\d\\d\\>\""
    print "syn match kadensTime \"\\<\\d\\d\\=:\\d\\d\\>\""
    print "syn region kadensText oneline start=+\"+ end=+\"+"
    print "syn region kadensText oneline start=+[”“„»«]+ end=+[”“‟»«]+"
    print "syn match kadensComment \"#.*$\" contains=@Spell"
    print ""
    print "hi def link kadensDeclaration Statement"
    print "hi def link kadensName Function"
    print "hi def link kadensClause Keyword"
    print "hi def link kadensOperator Operator"
    print "hi def link kadensType Type"
    print "hi def link kadensState Constant"
    print "hi def link kadensField Identifier"
    print "hi def link kadensNumber Number"
    print "hi def link kadensDate Number"
    print "hi def link kadensTime Number"
    print "hi def link kadensText String"
    print "hi def link kadensComment Comment"
    print ""
    print "let b:current_syntax = \"kadens\""
}

function vscode_line(scope, of, before, after) {
    printf "    { \"name\": \"%s.kadens\", \"match\": \"%s(?:%s)%s\" },\n", scope, before, \
        joined(of, "|", "\\\\\\\\s+", "/"), after
}

function vscode(    no_before, no_after) {
    no_before = "(?<![\\\\p{L}\\\\p{N}_])"
    no_after = "(?![\\\\p{L}\\\\p{N}_])"
    print "{"
    print "  \"information_for_contributors\": \"Made by docs/editors/editors.awk from dsl/words.def; do not edit.\","
    print "  \"name\": \"Kadens rules\","
    print "  \"scopeName\": \"source.kadens\","
    print "  \"patterns\": ["
    print "    { \"name\": \"comment.line.number-sign.kadens\", \"match\": \"#.*$\" },"
    print "    { \"name\": \"string.quoted.double.kadens\", \"match\": \"\\\"[^\\\"]*\\\"|[”“„»«][^”“‟»«]*[”“‟»«]\" },"
    printf "    { \"match\": \"^(%s)\\\\s+([\\\\p{L}_][\\\\p{L}\\\\p{N}_]*)?\", ", joined("declaration", "|", "\\\\\\\\s+", "/")
    print "\"captures\": { \"1\": { \"name\": \"keyword.declaration.kadens\" }, \"2\": { \"name\": \"entity.name.function.kadens\" } } },"
    print "    { \"name\": \"constant.numeric.date.kadens\", \"match\": \"\\\\b\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d\\\\b\" },"
    print "    { \"name\": \"constant.numeric.kadens\", \"match\": \"\\\\b\\\\d+(?:\\\\s\\\\d{3})*(?:[.,:]\\\\d+)?(?:\\\\s*%|\\\\s*(?:SEK|kr)\\\\b)?\" },"
    vscode_line("keyword.control", "phrase", no_before, no_after)
    vscode_line("constant.language", "state", no_before, no_after)
    vscode_line("storage.type", "type", no_before, no_after)
    vscode_line("keyword.operator.word", "operator", no_before, no_after)
    vscode_line("keyword.control", "clause", no_before, no_after)
    print "    { \"name\": \"variable.other.member.kadens\", \"match\": \"(?<=\\\\.)[\\\\p{L}_][\\\\p{L}\\\\p{N}_]*\" }"
    print "  ]"
    print "}"
}

END {
    if (editor == "vim")
        vim()
    else
        vscode()
}
