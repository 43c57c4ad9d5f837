using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends;

/// <summary>Runs the commands of one build: each is announced in the build log, writes there, and belongs to the build's scope.</summary>
internal sealed class StepRunner(IBuildContext context, ProcessScope scope)
{
    /// <summary>What the reference gives its preparing steps: no questions, messages in one language.</summary>
    private static readonly KeyValuePair<string, string?>[] Quiet =
    [
        new("LANG", "C"), new("LC_ALL", null), new("DEBIAN_FRONTEND", "noninteractive"), new("TTY", "unknown"), new("NOTIFY_SOCKET", null),
    ];

    /// <summary>
    /// Runs a command and returns how it ended. The log gets the description in place of the command line, if there is one, and
    /// the output, unless that goes somewhere else.
    /// </summary>
    internal async Task<ProcessResult> RunAsync(
        Command command, CancellationToken cancellationToken, string? description = null, OutputWriter? output = null)
    {
        context.Log.WriteStep(description ?? command.ToString());
        var result = await ProcessRunner.RunAsync(
            command with { Environment = command.Environment.SetItems(Quiet.Where(v => !command.Environment.ContainsKey(v.Key))) },
            output ?? context.Log.Write, scope, cancellationToken).ConfigureAwait(false);
        if (!result.OutputComplete)
            context.Log.WriteLine($"(something that '{command.File}' left behind still held its output open; the build goes on without it)");
        return result;
    }

    /// <summary>Runs a command that has to succeed.</summary>
    /// <exception cref="PhaseFailedException">It did not.</exception>
    internal async Task RunOrFailAsync(Command command, BuildStatus orElse, CancellationToken cancellationToken, string? description = null)
    {
        var result = await RunAsync(command, cancellationToken, description).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(orElse, $"'{description ?? command.File}' ended with {result.Describe()}");
    }
}
