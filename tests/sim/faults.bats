# A short run of the second half of `make crash`.
@test "every call that fails once ends in one message, a whole store, and the right answer" {
    run "$(dirname "$KADENS")/tests/sim/faults" --short --memory 400 --seconds 25
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [[ $output == *$'\nlost 0\ncorrupt 0\ndoubled 0'* ]]
}
