# shellcheck shell=bash disable=SC2207,SC2034
# bash-completion for imdshim(1).
#
# What there is to complete, imdshim says itself: "imdshim help" has its commands, and "imdshim
# help COMMAND" its operands and options, a line each. What can be a value follows from its name
# there: a FILE or PATH, a COMMAND, or words with "|" between them.

# Those of the lines of stdin that begin with the word. compgen -W would expand the "[" of an address.
_imdshim_offer() { # WORD
    local line
    while IFS= read -r line; do
        [[ $line != "$1"* ]] || COMPREPLY+=("$line")
    done
}

_imdshim_commands() { # IMDSHIM
    "$1" help 2>/dev/null | sed -n 's/^[a-z: ]* imdshim \([a-z]*\) .*/\1/p' | sort -u
}

_imdshim_value() { # NAME WORD
    local cur=$2
    case $1 in
    FILE | PATH) _filedir ;;
    COMMAND) COMPREPLY=($(compgen -c -- "$cur")) ;;
    *'|'*) _imdshim_offer "$cur" <<<"${1//|/$'\n'}" ;;
    KEY=GLOB)
        _imdshim_offer "$cur" <<<$'port=\nexe=\nobject='
        compopt -o nospace
        ;;
    esac
}

# Set "value" to the name of what the word behind this option is, "" if that is no value of it.
# "-qp" is two options, and so is "-p8", which has its value already.
_imdshim_value_behind() { # OPTION
    local letters=$1
    value=${values[$1]-}
    [[ $1 == -[!-]* ]] || return
    while [[ $letters == -?* ]]; do
        value=${values[${letters:0:2}]-}
        [[ -z $value ]] || break
        letters=-${letters:2}
    done
    [[ $letters == -? ]] || value=
}

# The engine's own completion, as if it had been typed without us. Its functions count words as
# readline does, which parts "a:b" and "a=b": the first words that together make ours.
_imdshim_engine() { # INDEX
    local IFS= before wanted index=0
    wanted="${words[*]:0:$1}"
    while before="${COMP_WORDS[*]:0:index}" && [[ $before != "$wanted" ]]; do
        ((++index <= COMP_CWORD)) || return
    done
    unset IFS
    _command_offset "$index"
}

_imdshim_operand() { # IMDSHIM INDEX
    case $usage in
    *' ENGINE [ARG...]') _imdshim_engine "$2" ;;
    *' ENGINE') [[ $2 -ne $cword ]] || _imdshim_engine "$2" ;;
    *PORT)
        [[ $2 -eq $cword ]] || return
        _imdshim_offer "$cur" < <("$1" list 2>/dev/null | awk '$3 ~ /:[0-9]+$/ { print $3 }')
        __ltrim_colon_completions "$cur"
        ;;
    esac
}

# The usage, and the options with the names of their values, "" for those that have none.
_imdshim_read_help() {
    local line option='^ +((-[a-zA-Z]), )?(--[a-z0-9-]+)( ([^ ]+))? '
    IFS= read -r usage
    while IFS= read -r line; do
        [[ $line =~ $option ]] || continue
        values[${BASH_REMATCH[3]}]=${BASH_REMATCH[5]}
        [[ -z ${BASH_REMATCH[2]} ]] || values[${BASH_REMATCH[2]}]=${BASH_REMATCH[5]}
    done
}

_imdshim() {
    local cur prev words cword usage='' value='' index=2
    local -A values=()

    COMPREPLY=()
    _get_comp_words_by_ref -n =: cur prev words cword
    case $cword:${words[1]} in
    1:*)
        _imdshim_offer "$cur" < <(_imdshim_commands "$1" && printf '%s\n' --help --version)
        return
        ;;
    2:help) _imdshim_offer "$cur" < <(_imdshim_commands "$1") ;;
    *) _imdshim_read_help < <("$1" help "${words[1]}" 2>/dev/null) ;;
    esac
    while ((index < cword)) && [[ ${words[index]} == -?* ]]; do
        if [[ ${words[index]} == -- ]]; then
            _imdshim_operand "$1" $((index + 1))
            return
        fi
        _imdshim_value_behind "${words[index]}"
        ((index += 1))
        [[ -z $value ]] || ((index += 1))
    done
    if ((index > cword)); then
        _imdshim_value "$value" "$cur"
    elif ((index < cword)) || [[ $cur != -* ]]; then
        _imdshim_operand "$1" "$index"
    elif [[ $cur == --*=* ]]; then
        _imdshim_value "${values[${cur%%=*}]-}" "${cur#*=}"
    else
        _imdshim_offer "$cur" < <(printf '%s\n' "${!values[@]}" | sort)
    fi
}

complete -F _imdshim imdshim
