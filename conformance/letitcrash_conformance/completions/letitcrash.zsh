#compdef letitcrash
# Completion of letitcrash for zsh: source <(letitcrash completion zsh)

_letitcrash() {
    local -a rows words_found told
    local row word line
    line="${(j: :)${(@)words[1,CURRENT-1]}} ${PREFIX}"
    rows=("${(@f)$("${words[1]}" completion zsh --told --line "$line" 2>/dev/null)}")
    for row in $rows; do
        if [[ "$row" == ":files" ]]; then
            _files
        elif [[ -n "$row" ]]; then
            word="${row%%$'\t'*}"
            words_found+=("$word")
            told+=("${word}  -- ${row#*$'\t'}")
        fi
    done
    (( ${#words_found} )) && compadd -l -d told -a -- words_found
}

if (( $+functions[compdef] )); then
    compdef _letitcrash letitcrash
fi
