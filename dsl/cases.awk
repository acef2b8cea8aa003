# The first case of each message's code in tests/data/diag, as a C table (dsl/help.h): what was
# written, without the policy that it stands behind, and what was said of it.

BEGIN {
    print "/* Made by dsl/cases.awk from tests/data/diag. */"
    print "#include \"dsl/help.h\"\n"
}

# The first file is the policy they stand behind.
FNR == NR {
    if (FNR == 1)
        print "const char kad_cases_base[] ="
    print quoted($0)
    next
}

FNR == 1 && !begun {
    begun = 1
    print ";\n\nconst struct kad_case kad_cases[] = {"
}

function quoted(s)
{
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    gsub(/\r/, "\\r", s)
    gsub(/\t/, "\\t", s)
    return "\"" s "\\n\""
}

function flush_case()
{
    if (open)
        printf "},\n"
    open = 0
}

/^=== K[0-9][0-9][0-9] / {
    flush_case()
    code = substr($2, 2) + 0
    wanted = !(code in seen)
    seen[code] = 1
    said = 0
    if (wanted) {
        printf "{%d,\n", code
        open = 1
        empty = 1
    }
    next
}

!open { next }

!said && $0 == "---" {
    printf "%s,\n", empty ? "\"\"" : ""
    said = 1
    empty = 1
    next
}

$0 == "@base" || $0 == "" { next }

{
    print quoted($0)
    empty = 0
}

END {
    flush_case()
    print "{0, NULL, NULL},\n};"
}
