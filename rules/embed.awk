# Turns "file NAME" lines and decimal bytes into the C table declared in rules/shipped.h.

BEGIN {
    print "/* Made by rules/embed.awk from the files of rules/local.mk. */"
    print "#include \"rules/shipped.h\"\n"
}

function close_text() {
    if (n > 0)
        printf "0};\n\n"
}

$1 == "file" {
    close_text()
    name[++n] = $2
    size[n] = 0
    printf "static const char text_%d[] = {\n", n
    next
}

{
    for (i = 1; i <= NF; i++) {
        # Bytes above 127 as negative numbers: plain char is signed on some machines only, so the
        # cast says which value is meant.
        printf "%s,", $i + 0 < 128 ? $i + 0 : "(char)" $i
        size[n]++
    }
    printf "\n"
}

END {
    close_text()
    print "const struct kad_shipped kad_shipped[] = {"
    for (i = 1; i <= n; i++)
        printf "    {\"%s\", text_%d, %d},\n", name[i], i, size[i]
    print "    {NULL, NULL, 0},\n};"
}
