load common

# refused LINE PLACE WORDS: the line is refused with one message in each language, and nothing is
# written.
refused() {
    printf '%s\n' "$1" >lines
    no 2 k import lines
    said "lines:$2"
    said_once "$3"
    local english=$stderr
    run --separate-stderr "$KADENS" --lang sv --now "$NOW" import lines
    [ "$status" -eq 2 ] && [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] || { show; return 1; }
    [ "$stderr" != "$english" ] || { show; return 1; }
    [ "$(k export | wc -l)" -eq 1 ]
}

@test "JSON that is none is refused with its place" {
    small_store
    NOW=2021-06-01T08:00:00Z
    refused 'nonsense' 1:8 'This is not JSON.'
    refused '{"type":"meeting"' 1:17 'ends too early'
    refused '[1]' 1:1 'a line is one object'
    refused '{"type":"meeting","type":"meeting","subject":"programme","on":"2021-05-04"}' '1:' 'twice'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04"} {}' '1:' 'Something stands behind'
    refused '{"type":"mee\u0000ting","subject":"programme","on":"2021-05-04"}' '1:' 'NUL'
    printf '{"type":"meeting"\0,"subject":"programme"}\n' >lines
    no 2 k import lines
    said_once 'NUL'
    printf '{"type":"m\xe4te","subject":"programme"}\n' >lines
    no 2 k import lines
    said_once 'lines:1:11: This is not UTF-8.'
}

@test "lines that are too long or too deep" {
    small_store
    NOW=2021-06-01T08:00:00Z
    { printf '{"type":"meeting","subject":"programme","on":"2021-05-04","id":"'; head -c 1100000 /dev/zero | tr '\0' x; echo '"}'; } >lines
    no 2 k import lines
    said_once 'longer than 1024 KiB'
    deep=$(printf '[%.0s' {1..17})
    refused "{\"type\":$deep" 1: 'nested more than 16 deep'
}

@test "keys that no event has, and values of the wrong kind" {
    small_store
    NOW=2021-06-01T08:00:00Z
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","dta":{}}' 1:59 'Did you mean “data”?'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","colour":1}' 1:59 'no key “colour”'
    refused '{"type":7,"subject":"programme","on":"2021-05-04"}' 1:2 '“type” is a text'
    refused '{"subject":"programme","on":"2021-05-04"}' 1:1 '“type” is missing'
    refused '{"type":"meeting","on":"2021-05-04"}' 1:1 '“subject” is missing'
    refused '{"type":"meeting","subject":"programme"}' 1:1 '“on” is missing'
    refused '{"type":"meeting","subject":"programme","on":"2021-02-29"}' 1:41 'is no date'
    refused '{"type":"meeting","subject":"programme","on":"9999-12-31"}' 1:41 'between the years 1800 and 2999'
    refused '{"type":"meeting","subject":"programme","on":"4 May"}' 1:41 'is no date'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","at":"noon"}' 1:59 'is no instant'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","clock":"mine"}' 1:59 '“own” or “given”'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","seq":0}' 1:59 'from 1'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","data":[]}' 1:59 'is an object'
    refused '{"type":"meeting","subject":"programme","on":"2021-05-04","override":7}' 1:59 'a text in quotes'
}

@test "types, fields, choices, subjects and numbers that the policy does not have" {
    small_store
    NOW=2021-06-01T08:00:00Z
    r='"type":"referral","subject":"C-1","on":"2021-05-03"'
    refused '{"type":"moting","subject":"programme","on":"2021-05-04"}' 1:1 'no event “moting”'
    refused '{"type":"meeting","subject":"C-1","on":"2021-05-04"}' 1:1 'programme'
    refused '{"type":"certificate","subject":"eksjoo","on":"2021-05-04","data":{"good":true}}' 1:1 'eksjo'
    refused "{$r,\"data\":{\"birth_date\":\"1995-05-17\",\"unit\":\"eksjo\"}}" 1: 'motivated'
    refused "{$r,\"data\":{\"birth_date\":\"1995-05-17\",\"unit\":\"lund\",\"motivated\":true}}" 1: 'eksjo'
    refused "{$r,\"data\":{\"birth_date\":\"1995-05-17\",\"unit\":\"eksjo\",\"motivated\":\"yes\"}}" 1: 'true or false'
    refused "{$r,\"data\":{\"birth_date\":19950517,\"unit\":\"eksjo\",\"motivated\":true}}" 1: 'a date'
    refused "{$r,\"data\":{\"birth_date\":\"1995-05-17\",\"unit\":\"eksjo\",\"motivated\":true,\"age\":7}}" 1: 'no field “age”'
    refused "{$r,\"data\":{\"birth_date\":{\"x\":1},\"unit\":\"eksjo\",\"motivated\":true}}" 1: 'cannot be an object'
    refused '{"type":"payment","subject":"eksjo","on":"2021-05-04","data":{"amount":1234567890.1234567}}' 1:72 'more than 15 digits'
    refused '{"type":"payment","subject":"eksjo","on":"2021-05-04","data":{"amount":0.1234567}}' 1:63 'at most 12 digits before the point and 6 behind it'
    refused '{"type":"payment","subject":"eksjo","on":"2021-05-04","data":{"amount":1e300}}' 1: 'at most 12 digits'
    refused '{"type":"kadens.issued","subject":"eksjo","on":"2021-05-04"}' 1:1 'kadens.issued'
    refused '{"type":"kadens.nothing","subject":"eksjo","on":"2021-05-04"}' 1:1 'kadens.nothing'
    refused '{"type":"kadens.foo","subject":null,"foo":1}' 1: 'no key “foo”. What'
    refused '{"type":"kadens.foo","subject":null}' 1: 'kadens.foo'
    refused '{"type":"meeting","subject":"","on":"2021-05-04"}' 1:19 '“subject” is empty.'
    refused '{"type":"referral","subject":"811218-9876","on":"2021-05-03","data":{"birth_date":"1995-05-17","unit":"eksjo","motivated":true}}' 1:1 'personal or coordination number'
}

@test "exact decimals stay exact" {
    small_store
    NOW=2021-06-01T08:00:00Z
    for amount in 0.1 100000000000.001 999999999999 0.000001 -12.5 1e3 37.50; do
        echo "{\"type\":\"payment\",\"subject\":\"eksjo\",\"on\":\"2021-05-04\",\"data\":{\"amount\":$amount}}"
    done >lines
    ok k import lines
    ok k export --from 2
    for amount in 0.1 100000000000.001 999999999999 0.000001 -12.5 1000 37.5; do
        has "\"amount\":$amount}"
    done
}

@test "at runs forwards only, and days lie at most a year ahead" {
    small_store
    NOW=2021-06-01T08:00:00Z
    refused '{"type":"meeting","subject":"programme","on":"2020-05-04","at":"2020-12-31T00:00:00Z"}' 1:1 'backwards'
    refused '{"type":"meeting","subject":"programme","on":"2023-05-04"}' 1:1 'more than a year ahead'
}

@test "stores that are none, and one that is there already" {
    no 3 k tasks
    said_once 'There is no store'
    mkdir "$KADENS_STORE"
    no 3 k tasks
    said_once 'holds no store'
    echo x >"$KADENS_STORE/other"
    no 2 k init
    said_once 'holds something else'
    rm "$KADENS_STORE/other"
    ok k init
    no 1 k init
    said_once 'holds a store already'
    no 1 k demo
    said_once 'holds a store already'
    echo x >file
    no 3 k --store file tasks
    said_once 'is a file'
    head -c 6000 "$KADENS_STORE/data.mdb" >cut
    cp cut "$KADENS_STORE/data.mdb"
    no 3 k tasks
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
}

@test "a live ledger takes no given clock" {
    NOW=2021-01-02T08:00:00Z
    k init --live >/dev/null
    small_rules >small.rules
    no 2 k rules adopt small.rules --from 2021-01-01
    said_once 'This ledger is live'
    no 2 k --store other init --live --simulated
    said_once 'not both'
}

@test "an answer that cannot be written is said" {
    [ -w /dev/full ] || skip "no /dev/full"
    run --separate-stderr bash -c '"$KADENS" --lang en help >/dev/full'
    [ "$status" -eq 3 ]
    said_once 'The answer could not be written'
}

@test "what is not UTF-8 on the command line is refused" {
    one_case
    no 2 k record visit C-1 --by $'\xff'
    said_once '--by is not UTF-8'
    no 2 k record visit C-1 --override $'\xff'
    said_once '--override is not UTF-8'
    no 2 k record visit $'C-\xff'
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    no 2 k record visit C-1 $'note=\xff'
    printf 'policy \xff\xfe\n' >bad.rules
    for command in 'check bad.rules' 'test bad.rules' 'adopt bad.rules --from 2021-01-01'; do
        # shellcheck disable=SC2086
        no 2 k rules $command
    done
    no 2 k rules check nowhere.rules --format json
    [ -z "$output" ]
}
