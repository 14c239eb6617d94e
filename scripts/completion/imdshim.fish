# fish completion for imdshim(1).
#
# What there is to complete, imdshim says itself: "imdshim help" has its commands, and "imdshim
# help COMMAND" its operands and options, a line each. What can be a value follows from its name
# there: a FILE or PATH, a COMMAND, or words with "|" between them.

# The index of the first operand among the words before the cursor and the one at it. If that is an
# option or the value of one, there is none, and the status is 1.
function __imdshim_operand # COMMAND
    set -l words (commandline -opc) (commandline -ct)
    set -l with_value __imdshim_with_value_$argv[1]
    set -l letters -(string match -rg '^-([a-zA-Z])' -- $$with_value | string join '')
    set -l index 3
    test (count $words) -ge 3 -a "$words[2]" = $argv[1]; or return
    while test $index -lt (count $words)
        switch $words[$index]
            case --
                set index (math $index + 1)
                break
            case '--*'
                contains -- $words[$index] $$with_value; and set index (math $index + 1)
            case '-*' # "-qp" is two options, and so is "-p8", which has its value already
                string match -rq "^-[^$letters]*[$letters]\$" -- $words[$index]
                and set index (math $index + 1)
            case '*'
                break
        end
        set index (math $index + 1)
    end
    test $index -le (count $words); or return
    # What begins with "-" is an option, unless "--" or an operand is before it.
    test $index -lt (count $words) -o "$words[$(math $index - 1)]" = --
    or not string match -q -- '-*' $words[$index]
    or return
    echo $index
end

function __imdshim_is_at_option # COMMAND
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; and not contains -- -- $words
    and not __imdshim_operand $argv[1] >/dev/null
end

# The operand is the word at the cursor.
function __imdshim_is_at_operand # COMMAND
    set -l index (__imdshim_operand $argv[1])
    and test $index -eq (math 1 + (count (commandline -opc)))
end

# The engine's own completion, as if it had been typed without us.
function __imdshim_complete_engine # COMMAND
    set -l words (commandline -opc)
    set -l index (__imdshim_operand $argv[1])
    complete -C (string join ' ' -- (string escape -- $words[$index..]) (commandline -ct))
end

# The runs of this user that listen.
function __imdshim_complete_ports
    imdshim list 2>/dev/null | string match -rg '^ *\d+ +\S+ +(\S+:\d+) '
end

function __imdshim_add_option # COMMAND "-LETTER"|"" NAME " VALUE"|"" TEXT
    set -l option -c imdshim -n "__imdshim_is_at_option $argv[1]" -l $argv[3] -d $argv[5]
    test -z $argv[2]; or set -a option -s (string sub -s 2 -- $argv[2])
    switch (string trim $argv[4])
        case ''
            complete $option -f
            return
        case FILE PATH
            complete $option -r -F
        case COMMAND
            complete $option -x -a '(__fish_complete_command)'
        case '*|*'
            complete $option -x -a (string replace -a '|' ' ' $argv[4])
        case KEY=GLOB
            complete $option -x -a 'port= exe= object='
        case '*'
            complete $option -x
    end
    set -ga __imdshim_with_value_$argv[1] --$argv[3] $argv[2]
end

function __imdshim_add_operands # COMMAND USAGE
    switch $argv[2]
        case '* ENGINE [ARG...]'
            complete -c imdshim -n "__imdshim_operand $argv[1]" \
                -x -a "(__imdshim_complete_engine $argv[1])"
        case '* ENGINE'
            complete -c imdshim -n "__imdshim_is_at_operand $argv[1]" \
                -x -a "(__imdshim_complete_engine $argv[1])"
        case '*PORT'
            complete -c imdshim -n "__imdshim_is_at_operand $argv[1]" \
                -x -a '(__imdshim_complete_ports)'
    end
end

function __imdshim_add_command # COMMAND
    set -l help (imdshim help $argv[1] 2>/dev/null)
    set -l option '^ +((?:-[a-zA-Z])?)(?:, )?--([a-z0-9-]+)((?: [^ ]+)?) +(.*)'
    set -ge __imdshim_with_value_$argv[1]
    __imdshim_add_operands $argv[1] $help[1]
    for line in $help[2..]
        set -l found (string match -rg $option -- $line)
        and __imdshim_add_option $argv[1] $found
    end
end

set -l commands (imdshim help 2>/dev/null | string match -rg ' imdshim ([a-z]+) ')
set -l first 'test (count (commandline -opc)) -eq 1'
complete -c imdshim -e
complete -c imdshim -f
complete -c imdshim -n $first -a "$commands"
complete -c imdshim -n $first -s h -l help
complete -c imdshim -n $first -s V -l version
complete -c imdshim -n 'test (count (commandline -opc)) -eq 2 -a (commandline -opc)[-1] = help' \
    -a "$commands"
for command in $commands
    contains $command help; or __imdshim_add_command $command
end
functions -e __imdshim_add_command __imdshim_add_operands __imdshim_add_option
