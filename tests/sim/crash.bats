# A short run of `make crash`.
sim() {
    "$(dirname "$KADENS")/tests/sim/$1" "${@:2}"
}

@test "after a crash nothing acknowledged is lost, half there or doubled" {
    run sim crash --images 400 --seconds 20
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [[ $output == *$'\nlost 0\ncorrupt 0\ndoubled 0'* ]]
}

@test "on a disk that ignores syncs the same test finds losses" {
    run sim crash --images 60 --seconds 20 --no-sync
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [[ $output != *$'\nlost 0\n'* ]] || { echo "$output"; false; }
    [[ $output != *$'\ncorrupt 0\n'* ]] || { echo "$output"; false; }
}
