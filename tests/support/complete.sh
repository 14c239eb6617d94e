#!/bin/bash
# shellcheck disable=SC1091,SC2016 # files of this machine; fish's own variables
# What a shell offers at the end of a command line, by the completion that is installed in a tree.
#
# usage: tests/support/complete.sh bash|zsh|fish PREFIX LINE...
#
# Prints a line for each LINE: what is offered, in the order of sort(1). PREFIX/bin comes first in
# PATH. Completion of other commands is read from the file bash, zsh or fish of the working directory.
shell=$1 prefix=$2
shift 2
export PATH="$prefix/bin:$PATH" HOME="$PWD"

# readline parts words at "=" and ":" too. Options for readline are none of what is offered.
ask_bash() { # LINE
    mapfile -t COMP_WORDS < <(grep -oE '[^ =:]+|[=:]+' <<<"$1")
    [[ $1 != *[' :='] ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
    _imdshim imdshim "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
}

if [ "$shell" = bash ]; then
    . /usr/share/bash-completion/bash_completion
    . "$prefix/share/bash-completion/completions/imdshim"
    . ./bash
    compopt() { :; }
fi

# fish puts a description behind a tab, and before a value the option and "=" that are there.
ask_fish() { # LINE
    XDG_CONFIG_HOME=$PWD/config XDG_DATA_HOME=$PWD/data fish --private -c '
        set -p fish_complete_path $argv[1]/share/fish/vendor_completions.d
        source fish
        complete -C $argv[2]' "$prefix" "$1" | cut -f 1 | sed 's/^--[a-z-]*=//'
}

if [ "$shell" = zsh ]; then
    exec "${0%/*}/complete.zsh" "$prefix" "$@"
fi
for line; do
    "ask_$shell" "$line" | LC_ALL=C sort | xargs
done
