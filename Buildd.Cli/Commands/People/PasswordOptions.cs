using System.CommandLine;
using System.Text;
using Buildd.Cli.Application;
using Buildd.Farm.People;
using Buildd.Linux.Files;

namespace Buildd.Cli.Commands.People;

/// <summary>Where a command has a password from. Never from the command line, which everybody on the machine may read.</summary>
internal sealed class PasswordOptions
{
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(20);

    private readonly Option<string?> _file = new("--password-file")
    {
        Description = "The file with the password in its one line; refused when everybody on the machine may read it.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _asks = new("--password") { Description = "Ask for the password at the terminal, without showing it." };

    internal void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_asks);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_file) is not null && result.GetValue(_asks))
                result.AddError("--password-file and --password can't be given together.");
        });
    }

    /// <summary>The password; null when none is to be set.</summary>
    /// <exception cref="FarmException">It can't be a password, or nobody can be asked for one.</exception>
    /// <exception cref="IOException">The file can't be used.</exception>
    internal async Task<string?> ReadAsync(FarmSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var password = parsed.GetValue(_file) is { } file ? SecretText.Read(Path.GetFullPath(file)).TrimEnd('\r', '\n')
            : parsed.GetValue(_asks) ? await AskTwiceAsync(session, cancellationToken)
            : null;
        if (password is not null)
            PasswordRecords.Check(password);
        return password;
    }

    private static async Task<string> AskTwiceAsync(FarmSession session, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected || !session.IsErrorTerminal)
            throw FarmException.Invalid("--password asks at a terminal, and there is none: give --password-file");
        var first = await AskAsync(session, "New password: ", cancellationToken);
        return await AskAsync(session, "The same again: ", cancellationToken) == first
            ? first
            : throw FarmException.Invalid("the two passwords are not the same; nothing was changed");
    }

    private static async Task<string> AskAsync(FarmSession session, string question, CancellationToken cancellationToken)
    {
        await session.Error.WriteAsync(question);
        var typed = new StringBuilder();
        try
        {
            while (true)
            {
                while (!Console.KeyAvailable)
                    await Task.Delay(KeyInterval, session.Time, cancellationToken); // reading a key could not be called off
                var key = Console.ReadKey(intercept: true);
                if (key.Key == ConsoleKey.Enter)
                    return typed.ToString();
                if (key.Key == ConsoleKey.Backspace)
                    typed.Length = Math.Max(0, typed.Length - 1);
                else if (key.KeyChar != '\0' && typed.Length <= PasswordRecords.MaxLength)
                    typed.Append(key.KeyChar);
            }
        }
        finally
        {
            await session.Error.WriteLineAsync();
        }
    }
}
