using Buildd.Backends.Commands;
using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Steps;

/// <summary>Runs the steps of one build: each is announced in the build log, writes there, and belongs to the build's scope.</summary>
internal sealed class StepRunner(IBuildContext context, ProcessScope scope, RootRunner root)
{
    /// <summary>Runs a command, as the user the slave runs as, and returns how it ended.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="output">Gets what it writes; null means the log.</param>
    /// <param name="description">What the log is told in its place; null means the command.</param>
    internal async Task<ProcessResult> RunAsync(
        Command command, CancellationToken cancellationToken, OutputWriter? output = null, string? description = null)
    {
        context.Log.WriteStep(description ?? command.ToString());
        var result = await ProcessRunner.RunAsync(StepEnvironment.Complete(command), output ?? context.Log.Write, scope, cancellationToken)
            .ConfigureAwait(false);
        if (!result.OutputComplete)
            context.Log.WriteLine(
                $"(something that '{command.File}' left behind still held its output open; the build goes on without it)");
        return result;
    }

    /// <summary>Runs a command that has to succeed.</summary>
    /// <exception cref="PhaseFailedException">It did not.</exception>
    internal async Task RunOrFailAsync(
        Command command, BuildStatus orElse, CancellationToken cancellationToken, OutputWriter? output = null)
    {
        var result = await RunAsync(command, cancellationToken, output).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(orElse, $"'{command.File}' ended with {result.Describe()}");
    }

    /// <summary>Has a privileged operation done and returns the exit code.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="input">Its content.</param>
    /// <param name="description">What the log is told.</param>
    /// <param name="orElse">What the build ends with when the operation is refused.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="output">Gets what its command writes; null means the log.</param>
    /// <exception cref="PhaseFailedException">It was refused.</exception>
    internal async Task<int> RunAsRootAsync(
        RootOperation operation, ReadOnlyMemory<byte> input, string description, BuildStatus orElse, CancellationToken cancellationToken,
        OutputWriter? output = null)
    {
        context.Log.WriteStep(description);
        try
        {
            return await root.RunAsync(operation, input, output ?? context.Log.Write, cancellationToken).ConfigureAwait(false);
        }
        catch (RootOperationException e)
        {
            throw new PhaseFailedException(orElse, $"'{description}' failed: {e.Message}", e);
        }
    }

    /// <summary>Has a privileged operation done that has to succeed.</summary>
    /// <exception cref="PhaseFailedException">It did not.</exception>
    internal async Task RunAsRootOrFailAsync(
        RootOperation operation, ReadOnlyMemory<byte> input, string description, BuildStatus orElse, CancellationToken cancellationToken)
    {
        var code = await RunAsRootAsync(operation, input, description, orElse, cancellationToken).ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(orElse, $"'{description}' ended with {new ExitCode(code).Describe()}");
    }
}
