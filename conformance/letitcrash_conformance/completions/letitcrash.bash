# Completion of letitcrash for bash: source <(letitcrash completion bash)

_letitcrash() {
    local line="${COMP_LINE:0:COMP_POINT}" current="${COMP_WORDS[COMP_CWORD]}" word answer head
    # Bash splits words at these signs, too, and replaces only what stands behind them.
    case "$current" in [=:]) current="" ;; esac
    word="${line##*[[:space:]]}"
    head="${word%"$current"}"
    COMPREPLY=()
    while IFS= read -r answer; do
        if [[ "$answer" == ":files" ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -f -- "$current")
        else
            COMPREPLY+=("${answer#"$head"}")
        fi
    done < <("${COMP_WORDS[0]}" completion bash --line "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _letitcrash letitcrash
