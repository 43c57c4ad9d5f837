using System.CommandLine;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm completion</c>: what makes a shell complete the command line. The words come from the program itself.</summary>
internal static class CompletionCommand
{
    /// <summary>
    /// The program is asked with the line after its own name, and the place in it; it may answer with words that only contain what was
    /// typed.
    /// </summary>
    internal const string Bash =
        """
        # bash completion of buildd-farm; put it into /usr/share/bash-completion/completions/buildd-farm
        _buildd_farm() {
            local line="${COMP_LINE#"${COMP_WORDS[0]}"}" words
            line="${line# }"
            words=$("${COMP_WORDS[0]}" "[suggest:$((COMP_POINT - ${#COMP_LINE} + ${#line}))]" "$line" 2>/dev/null) || return
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o default -F _buildd_farm buildd-farm
        """;

    internal static Command Create()
    {
        var command = new Command("completion", "Print what makes bash complete buildd-farm's commands and options.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(Bash));
        return command;
    }
}
