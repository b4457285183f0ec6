#compdef doit
# Completion of doit in zsh, behind compinit: eval "$(doit tabcompletion -s zsh)"

_doit() {
    local word command='' skip='' completes=tasks doit="${words[1]/#\~/$HOME}" previous=''
    local -a where options commands found points texts
    local -a paths=(-f -d --file --dir)
    commands=(@commands@)
    for word in "${(@)words[2,CURRENT-1]}"; do
        previous="$word"
        if [[ -n $skip ]]; then
            where+=("$word")
            skip=''
            continue
        fi
        case "$word" in
        (-f|-d|--file|--dir)
            where+=("$word")
            skip=yes
            ;;
        (-k|--seek-file|--file=*|--dir=*) where+=("$word") ;;
        (-*) ;;
        (*) [[ -n $command ]] || command="$word" ;;
        esac
    done
    case "$command" in
    ('') options=('-k:take the dodo.py of a folder above' '-f:take this dodo.py' --version) ;;
    (migrate:*) options=('--force:execute it again although it is applied') ;;
@cases@
    esac

    if [[ $PREFIX == -*=* ]]; then
        (( ${paths[(Ie)${PREFIX%%=*}]} )) && compset -P '*=' && _files
        return
    fi
    if (( ${paths[(Ie)$previous]} )); then
        _files
        return
    fi
    if (( ${texts[(Ie)$previous]} )); then
        [[ $command == tabcompletion ]] && compadd bash zsh
        return
    fi
    (( ${points[(Ie)$previous]} )) && completes=points
    if [[ $PREFIX == -* ]]; then
        options+=('--help:explain it')
        _describe -o option options
        return
    fi

    if [[ -z $command || $completes == commands ]]; then
        _describe command commands
    fi
    case "$completes" in
    (applied|pending|points)
        found=($("$doit" tabcompletion "${where[@]}" --names "$completes" 2> /dev/null))
        ;;
    (tasks)
        if [[ $PREFIX == *:* ]]; then
            found=($("$doit" list "${where[@]}" --all --quiet "${PREFIX%%:*}" 2> /dev/null))
        else
            found=($("$doit" list "${where[@]}" --quiet 2> /dev/null))
        fi
        ;;
    esac
    compadd -- "${found[@]}"
}

if [[ $funcstack[1] == _doit ]]; then
    _doit "$@"
else
    compdef _doit doit
fi
