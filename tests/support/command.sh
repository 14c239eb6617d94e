# shellcheck shell=sh
# Sourced by scripts that prepare a place, run a command in it and clear it away.

# Run COMMAND and return its status. It is started in the background, for a shell acts on a signal
# only when what runs in the foreground has ended; but it finds everything as in the foreground:
# this script's input, INT and QUIT not ignored. A signal that ends this script ends COMMAND first.
run_command() { # COMMAND [ARG...]
    exec 3<&0
    trap 'kill -TERM "$command" 2>/dev/null' HUP INT TERM
    setpriv --pdeathsig TERM env --default-signal=INT,QUIT "$@" <&3 3<&- &
    command=$!
    exec 3<&-
    wait "$command"
    command_status=$?
    while kill -0 "$command" 2>/dev/null; do # a signal came before COMMAND's end
        wait "$command"
        command_status=$?
    done
    return "$command_status"
}
