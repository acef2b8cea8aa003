# What the tests share that follow a page of the documents: its commands are run, and what they answer is
# what the page shows.

# same SHOWN ANSWERED: line by line; "..." stands for anything in a line, alone for any lines.
same() {
    awk '
    function fits(line, pat,   i, n, part, at) {
        n = split(pat, part, /\.\.\./)
        if (n <= 1)
            return line == pat
        if (index(line, part[1]) != 1)
            return 0
        line = substr(line, length(part[1]) + 1)
        for (i = 2; i <= n; i++) {
            if (part[i] == "")
                continue
            at = index(line, part[i])
            if (!at)
                return 0
            line = substr(line, at + length(part[i]))
        }
        return part[n] == "" || line == ""
    }
    NR == FNR { shown[++n] = $0; next }
    { said[++m] = $0 }
    END {
        i = 1; gap = 0
        for (k = 1; k <= n; k++) {
            if (shown[k] == "...") {
                gap = 1
                continue
            }
            while (gap && i <= m && !fits(said[i], shown[k]))
                i++
            if (i > m || !fits(said[i], shown[k])) {
                print "shown:    " shown[k]
                print "answered: " said[i]
                exit 1
            }
            i++; gap = 0
        }
        if (!gap && i <= m) {
            print "not shown: " said[i]
            exit 1
        }
    }' "$1" "$2"
}

# answers COMMAND: it answers what is in the file shown; what is shown to say nothing goes well.
answers() {
    local status=0
    eval "$1" >answered 2>&1 || status=$?
    if ! same shown answered || { [ ! -s shown ] && [ "$status" -ne 0 ]; }; then
        echo "\$ $1 ($status)"
        cat answered
        return 1
    fi
}

# A step that runs: each line after "$ " is a command, the lines below it are its answer.
run_step() {
    local line command=
    while IFS= read -r line; do
        if [[ $line == '$ '* ]]; then
            [ -z "$command" ] || answers "$command"
            command=${line#'$ '}
            : >shown
        else
            printf '%s\n' "$line" >>shown
        fi
    done <"$1"
    answers "$command"
}
