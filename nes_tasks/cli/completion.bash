# Completion of doit in bash: eval "$(doit tabcompletion)"

_doit_files() {
    local path
    while IFS= read -r path; do
        COMPREPLY+=("$path")
    done < <(compgen -f -- "$1")
    compopt -o filenames 2> /dev/null
}

# Offers those of the words in $2 that begin with $1. compgen -W would execute what stands in them,
# and so would bash when the line is entered: a folder can have any name.
_doit_words() {
    local word words
    read -r -d '' -a words <<< "$2"
    for word in "${words[@]}"; do
        [[ $word == "$1"* && $word != *[^[:alnum:]_.:/@%+=,-]* ]] && COMPREPLY+=("$word")
    done
}

_doit() {
    COMPREPLY=()
    local line="${COMP_LINE:0:COMP_POINT}" words word cur previous="" command="" skip=""
    local completes=tasks options="" paths="-f -d --file --dir" points="" texts="" found="" where=()
    local doit="${COMP_WORDS[0]/#\~/$HOME}"
    # bash cuts words at colons; names of tasks have some.
    read -ra words <<< "$line"
    cur="${line##*[[:space:]]}"
    [[ -n $cur ]] && unset "words[$((${#words[@]} - 1))]"
    for word in "${words[@]:1}"; do
        previous="$word"
        if [[ -n $skip ]]; then
            where+=("$word")
            skip=""
            continue
        fi
        case "$word" in
        -f | -d | --file | --dir)
            where+=("$word")
            skip=yes
            ;;
        -k | --seek-file | --file=* | --dir=*) where+=("$word") ;;
        -*) ;;
        *) [[ -n $command ]] || command="$word" ;;
        esac
    done
    case "$command" in
    "") options="-f --file -d --dir -k --seek-file --version" ;;
    migrate:*) options="--force" ;;
@cases@
    esac

    if [[ $cur == -*=* ]]; then
        [[ " $paths " == *" ${cur%%=*} "* ]] && _doit_files "${cur#*=}"
        return
    fi
    if [[ -n $previous && " $paths " == *" $previous "* ]]; then
        _doit_files "$cur"
        return
    fi
    if [[ -n $previous && " $texts " == *" $previous "* ]]; then
        [[ $command == tabcompletion ]] && _doit_words "$cur" "bash zsh"
        return
    fi
    [[ -n $previous && " $points " == *" $previous "* ]] && completes=points
    if [[ $cur == -* ]]; then
        _doit_words "$cur" "$options --help"
        return
    fi

    if [[ -z $command ]]; then
        found="@commands@"
    fi
    case "$completes" in
    applied | pending | points)
        found+=" $("$doit" tabcompletion "${where[@]}" --names "$completes" 2> /dev/null)"
        ;;
    commands) found+=" @commands@" ;;
    tasks)
        if [[ $cur == *:* ]]; then
            found+=" $("$doit" list "${where[@]}" --all --quiet "${cur%%:*}" 2> /dev/null)"
        else
            found+=" $("$doit" list "${where[@]}" --quiet 2> /dev/null)"
        fi
        ;;
    esac
    _doit_words "$cur" "$found"
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
    fi
}

complete -F _doit doit
