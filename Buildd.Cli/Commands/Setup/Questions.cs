using Buildd.Cli.Application;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Setup;

/// <summary>Asks a person at the terminal for what a command line left open.</summary>
/// <param name="session">Where to ask.</param>
/// <param name="takesDefaults">Whether nobody is asked, and defaults count.</param>
internal sealed class Questions(FarmSession session, bool takesDefaults)
{
    /// <summary>A value that was given, or asked for, or is the default.</summary>
    /// <param name="given">What the command line says; null for nothing.</param>
    /// <param name="option">The option that says it.</param>
    /// <param name="question">What is asked, without a question mark.</param>
    /// <param name="fallback">The default; null when there is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It was not given, has no default, and nobody can be asked.</exception>
    internal async Task<string> AskAsync(
        string? given, string option, string question, string? fallback, CancellationToken cancellationToken)
    {
        if (given is not null)
            return given;
        if (takesDefaults && fallback is not null)
            return fallback;
        if (takesDefaults || Console.IsInputRedirected || !session.IsErrorTerminal)
            throw FarmException.Invalid($"{option} is missing, and there is nobody to ask at a terminal");
        while (true)
        {
            await session.Error.WriteAsync(
                Printable.Text(fallback is null ? $"{question}: " : $"{question} [{fallback}]: ").AsMemory(), cancellationToken);
            var line = await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken);
            if (line is null)
                throw FarmException.Invalid($"nothing more was typed; {option} says it on the command line");
            if (line.Trim() is { Length: > 0 } answer)
                return answer;
            if (fallback is not null)
                return fallback;
        }
    }
}
