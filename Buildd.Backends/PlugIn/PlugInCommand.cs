using System.Collections.Immutable;
using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>The command of a plug-in's build, and what its end means.</summary>
/// <param name="context">What the build has of its slave.</param>
/// <param name="scope">What the command belongs to.</param>
/// <param name="arguments">What the master said.</param>
/// <param name="options">What is run.</param>
/// <param name="verdict">Receives how the command ended.</param>
internal sealed class PlugInCommand(
    IBuildContext context, ProcessScope scope, PlugInArguments arguments, PlugInOptions options, Verdict verdict)
{
    /// <summary>The time that a command has to stop by itself before it is killed with all that it started.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>The PATH of every Debian system.</summary>
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private BuildWatch? _watch;

    /// <summary>Whether there may be results to be taken over.</summary>
    internal bool HasResults { get; private set; }

    /// <summary>Adds the line that says what the build has used; nothing when the command was not run.</summary>
    internal void WriteUsage() => _watch?.WriteUsage();

    /// <summary>Runs it, and follows the file that it writes its status to meanwhile.</summary>
    /// <param name="work">The folder that it runs in.</param>
    /// <param name="status">That file.</param>
    /// <param name="abort">Ends it.</param>
    internal async Task RunAsync(string work, StatusFile status, CancellationToken abort)
    {
        var command = new Command
        {
            File = options.Command,
            Environment = ImmutableDictionary.CreateRange(new Dictionary<string, string?>
            {
                ["PATH"] = SearchPath,
                ["HOME"] = work,
                ["LANG"] = "C.UTF-8",
                ["TERM"] = "unknown",
            }),
            InheritsEnvironment = false,
            WorkingDirectory = work,
            StandardInput = PlugInRequest.Write(context, arguments, options.Tag),
            StopsGroup = true,
            StopGrace = StopGrace,
        };
        context.Log.WriteStep(command.ToString());
        if (options.Network == false)
            command = await WithoutNetworkAsync(command, abort).ConfigureAwait(false);

        using var over = new CancellationTokenSource();
        var following = status.FollowAsync(over.Token);
        var watch = new BuildWatch(context, scope, options.EffectiveLimits, abort);
        _watch = watch;
        await using var closing = watch.ConfigureAwait(false);
        try
        {
            var result = await ProcessRunner.RunAsync(command, context.Log.Write, scope, watch.Token).ConfigureAwait(false);
            if (!result.OutputComplete)
                context.Log.WriteLine("(something that the build left running still held its output open; it is ended)");
            Judge(result, watch);
        }
        catch (OperationCanceledException) when (watch.Cause is not null)
        {
            // The command is gone; what it runs beside it has the rest of the time.
            await scope.EmptiesWithinAsync(StopGrace - context.Time.GetElapsedTime(watch.EndedAt)).ConfigureAwait(false);
            verdict.Override(new BuildOutcome(watch.Status), watch.Cause);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(false);
        }
    }

    /// <summary>Tried with a command that does nothing, so that a machine that can't is not taken for a plug-in that fails.</summary>
    private async Task<Command> WithoutNetworkAsync(Command command, CancellationToken abort)
    {
        var nothing = NetworkIsolation.IsolateHere(command with { File = "true", StandardInput = default });
        var said = new Complaint();
        var result = await ProcessRunner.RunAsync(nothing, said.Write, scope, abort).ConfigureAwait(false);
        return result.Succeeded
            ? NetworkIsolation.IsolateHere(command)
            : throw new PhaseFailedException(
                BuildStatus.BuilderFail, $"this slave is to build without a network, which this machine can't: {said}");
    }

    private void Judge(ProcessResult result, BuildWatch watch)
    {
        HasResults = PlugInExitCode.HasResults(result.ExitCode);
        if (result.Succeeded)
            return;

        context.Log.WriteLine($"'{options.Command}' ended with {result.Describe()}");
        if (watch.HasRunOutOfMemory())
        {
            HasResults = false;
            verdict.Override(new BuildOutcome(watch.Status), BuildWatch.OutOfMemory);
            return;
        }

        verdict.Override(new BuildOutcome(PlugInExitCode.ToStatus(result.ExitCode)), Verdict.CauseOf(new ExitCode(result.ExitCode)));
    }
}
