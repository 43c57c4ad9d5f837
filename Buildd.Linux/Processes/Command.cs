using System.Collections.Immutable;
using System.Text;

namespace Buildd.Linux.Processes;

/// <summary>
/// A program to run: an immutable value that can be logged, compared and tested without running it.
/// </summary>
/// <remarks>
/// There is no shell between the arguments and the program: each argument arrives as it stands, whatever it holds.
/// </remarks>
public sealed record Command
{
    /// <summary>How long a program that was asked to stop may take before it is killed, unless the command says otherwise.</summary>
    /// <remarks>sbuild needs 0.2 to 3.5 s to purge its build folder and write its summary.</remarks>
    public static readonly TimeSpan DefaultStopGrace = TimeSpan.FromSeconds(10);

    /// <summary>The program: an absolute path, or a name that is looked up in PATH.</summary>
    public required string File { get; init; }

    /// <summary>The arguments after the program's name.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Variables to set, or to remove where the value is null.</summary>
    public ImmutableDictionary<string, string?> Environment { get; init; } = ImmutableDictionary<string, string?>.Empty;

    /// <summary>Whether <see cref="Environment"/> comes on top of this process's own environment, or is all there is.</summary>
    /// <remarks>A scope without a control group adds one variable more, by which it finds its processes.</remarks>
    public bool InheritsEnvironment { get; init; } = true;

    /// <summary>The folder to run in; null means this process's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Bytes for the standard input; empty (the default) means <c>/dev/null</c>.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>
    /// Whether standard input stays open, with nothing more to read after <see cref="StandardInput"/>, until the program
    /// ends, is to stop, or this process ends: a program that watches it then never outlives us, and can be stopped where this
    /// user may not send it a signal.
    /// </summary>
    public bool KeepsStandardInputOpen { get; init; }

    /// <summary>
    /// Whether SIGTERM goes to the program's process group, so that what it runs is asked to stop too; by default it goes to
    /// the program alone, which may have to end its helpers in an order of its own.
    /// </summary>
    public bool StopsGroup { get; init; }

    /// <summary>How long the program may take to end after SIGTERM before everything it started is killed.</summary>
    public TimeSpan StopGrace { get; init; } = DefaultStopGrace;

    /// <summary>Makes a command of a program and its arguments.</summary>
    public static Command Of(string file, params IEnumerable<string> arguments) =>
        new() { File = file, Arguments = [.. arguments] };

    /// <summary>This command with further arguments behind the ones it has.</summary>
    public Command With(params IEnumerable<string> arguments) => this with { Arguments = Arguments.AddRange(arguments) };

    /// <summary>This command with a variable set, or removed where <paramref name="value"/> is null.</summary>
    public Command WithEnvironment(string name, string? value) => this with { Environment = Environment.SetItem(name, value) };

    /// <summary>
    /// This command as the last arguments of another program that ends by starting it, such as <c>setpriv</c> or <c>chroot</c>.
    /// </summary>
    public Command Behind(string file, params IEnumerable<string> arguments) =>
        this with { File = file, Arguments = [.. arguments, File, .. Arguments] };

    /// <summary>The command line as a shell would have to be given it. The environment is left out: it may hold secrets.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(File);
        foreach (var argument in Arguments)
        {
            line.Append(' ').Append(Quote(argument));
        }

        return line.ToString();
    }

    private static string Quote(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "@%_-+=:,./".Contains(c, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\"'\"'", StringComparison.Ordinal)}'";
}
