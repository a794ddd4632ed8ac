# Completion of letitcrash for fish: letitcrash completion fish > ~/.config/fish/completions/letitcrash.fish

function __letitcrash_complete
    set -l line (commandline -cp)
    set -l program (commandline -opc)[1]
    for row in ($program completion fish --told --line "$line" 2>/dev/null)
        if test "$row" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $row
        end
    end
end

complete -c letitcrash -f -a '(__letitcrash_complete)'
