#!/usr/bin/env -S zsh -f
# For complete.sh: a zsh at a terminal, at which each LINE and a TAB are typed.
#
# usage: complete.zsh PREFIX LINE...
#
# Completion functions hand over what they have found to compadd: there it is noted, in a file of the
# working directory. With -O, -A and -D they only ask which words would match.
zmodload zsh/zpty

cat >.zshrc <<'END'
PS1='at the prompt'
fpath=($PREFIX/share/zsh/site-functions $fpath)
autoload -Uz compinit
compinit -u -D
. ./zsh
compadd() {
    local -a found
    if ((! ${#argv[(r)-[OAD]]})); then
        builtin compadd -O found "$@"
        print -rl -- $found >>offered
    fi
    builtin compadd "$@"
}
neither_insert_nor_list() { compstate[insert]= compstate[list]=; }
complete_and_note_the_end() {
    comppostfuncs=(neither_insert_nor_list)
    zle complete-word
    print >ended
}
zle -N complete_and_note_the_end
bindkey '^I' complete_and_note_the_end
END

zpty shell "PREFIX=${(q)1} ZDOTDIR=. zsh -d -i"
zpty -r shell said '*at the prompt*'
shift
for line; do
    rm -f offered ended
    zpty -w -n shell $'\x15'"$line"$'\t' # Ctrl-U first, to empty the line
    repeat 3000; do
        [[ ! -e ended ]] || break
        sleep 0.02
    done
    [[ -e ended ]] || print -u 2 "complete.zsh: zsh has not completed '$line'"
    print -r -- ${(o)${(uf)"$(cat offered 2>/dev/null)"}}
done
zpty -d shell
rm -f offered ended .zshrc
