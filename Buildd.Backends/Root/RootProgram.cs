using System.Globalization;
using System.Runtime.InteropServices;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>
/// The other side of <see cref="RootAccess.ThroughSudo"/>: what <c>buildd-slave root</c> does once its configuration is read.
/// </summary>
public static class RootProgram
{
    /// <summary>The name of the subcommand.</summary>
    public const string Name = "root";

    /// <summary>The option that names the configuration file. It comes first, so that a rule of sudo can hold it fast.</summary>
    public const string ConfigurationOption = "--config";

    /// <summary>The word that has the rule for sudo printed in place of an operation.</summary>
    public const string Sudoers = "sudoers";

    /// <summary>The exit code for words that are no operation; EX_USAGE of sysexits.h.</summary>
    public const int UsageError = 64;

    /// <summary>The exit code for content that is not all there; EX_DATAERR.</summary>
    public const int ContentError = 65;

    /// <summary>The exit code for somebody who may not ask; EX_NOPERM.</summary>
    public const int NotAllowed = 77;

    /// <summary>The exit code for an operation that was refused or did not work out, unless a command in it has one.</summary>
    public const int Failed = 1;

    /// <summary>The exit code for an operation that was stopped; what a shell tells of SIGTERM.</summary>
    public const int Stopped = 143;

    /// <summary>A line for each operation.</summary>
    public static string OperationsHelp => RootOperations.Help;

    /// <summary>The beginning of every command that is run through sudo.</summary>
    internal static string CommandLine(string program, string configuration) => $"{program} {Name} {ConfigurationOption} {configuration}";

    /// <summary>The rule that lets a user have the operations done.</summary>
    /// <exception cref="RootOperationException">A name can't be written in such a rule.</exception>
    public static string SudoersRule(string user, string program, string configuration)
    {
        foreach (var word in (string[])[user, program, configuration])
        {
            // Others have a meaning in sudo's rules, and a rule that means something else is the last thing to want.
            if (word.Length == 0 || !word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+'))
                throw new RootOperationException(
                    $"'{word}' has a character in it that is not put into a rule of sudo; letters, digits and /._-+ are");
        }

        return $"""
            # Lets the build daemon do, as root, the few things that need root: {program} {Name} --help
            Defaults!{program} env_reset, !requiretty
            {user} ALL=(root:root) NOPASSWD:NOSETENV: {CommandLine(program, configuration)} *

            """;
    }

    /// <summary>Carries out the operation that the words spell, for the user who has called sudo, and returns the exit code.</summary>
    /// <remarks>
    /// Reads the operation's content from standard input; when that ends before the operation does, the operation is stopped:
    /// nobody is there any more who wants it. Changes this process's environment, so it is a program's only task.
    /// </remarks>
    /// <param name="words">The operation and its arguments.</param>
    /// <param name="user">Who may ask.</param>
    /// <param name="place">Where operations take place.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> words, UserAccount user, RootPlace place)
    {
        RootOperation operation;
        try
        {
            operation = RootOperations.Parse([.. words]);
        }
        catch (RootOperationException e)
        {
            return await FailAsync(UsageError, e.Message).ConfigureAwait(false);
        }

        if (!CurrentUser.IsRoot)
            return await FailAsync(NotAllowed, "this has to be run through sudo").ConfigureAwait(false);
        var caller = Environment.GetEnvironmentVariable("SUDO_UID");
        if (user.Id == 0 || caller != user.Id.ToString(CultureInfo.InvariantCulture))
            return await FailAsync(
                NotAllowed, $"user {caller ?? "0"} may not ask for this; user {user.Id} ({user.Name}) may, by the configuration")
                    .ConfigureAwait(false);
        SetEnvironment();

        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Stop(context, stop));
        var output = Console.OpenStandardOutput();
        await using var closing = output.ConfigureAwait(false);
        try
        {
            var input = Console.OpenStandardInput();
            var content = new byte[operation.InputBytes];
            await input.ReadExactlyAsync(content, stop.Token).ConfigureAwait(false);
            _ = StopWithInputAsync(input, stop);

            // Whoever asks has put us into a control group, if there is one.
            var scope = ProcessScope.Open(Name, withControlGroup: false);
            await using var ending = scope.ConfigureAwait(false);
            return await new RootExecutor(place, scope, output.Write, TimeProvider.System)
                .RunAsync(operation, content, stop.Token).ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            return await FailAsync(ContentError, $"of the {operation.InputBytes} bytes of content not all came").ConfigureAwait(false);
        }
        catch (RootOperationException e)
        {
            return await FailAsync(Failed, e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }
    }

    private static async Task<int> FailAsync(int code, string message)
    {
        await Console.Error.WriteLineAsync($"buildd-slave {Name}: {message}").ConfigureAwait(false);
        return code;
    }

    /// <summary>Nothing of what the caller may have set reaches a program that runs as root.</summary>
    private static void SetEnvironment()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().ToList())
            Environment.SetEnvironmentVariable(name, null);
        Environment.SetEnvironmentVariable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        Environment.SetEnvironmentVariable("HOME", "/root");
        Environment.SetEnvironmentVariable("LANG", "C");
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true; // the way out is through the clean-up
        stop.Cancel();
    }

    private static async Task StopWithInputAsync(Stream input, CancellationTokenSource stop)
    {
        try
        {
            var buffer = new byte[256];
            while (await input.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
                // what else comes means nothing
            }

            await stop.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // the operation is over
        }
    }
}
