using System.Collections.Immutable;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>The phases of a plug-in's build: init, run, reap, gather if there may be results, umount if something is mounted, cleanup.</summary>
/// <remarks>Reaping comes before gathering: nothing that was left running changes a result while it is taken over.</remarks>
internal sealed class PlugInRun(IBuildContext context, ProcessScope scope, PlugInArguments arguments, PlugInOptions options)
{
    /// <summary>The file, in the work folder, with what a build that ends as DEPFAIL waits for.</summary>
    internal const string DependenciesFile = "dependencies";

    /// <summary>How long that may be. It goes into every status answer, and people read it.</summary>
    internal const int MaxDependenciesBytes = 16 * 1024;

    /// <summary>How many entries the folder of results may have: a status answer names them all.</summary>
    internal const int MaxResults = 10_000;

    /// <summary>How long what was asked to stop may take before all of it is killed.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>How long unmounting and removing may take, each. Longer than any disk needs, short enough to be told about.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromMinutes(10);

    /// <summary>What every Debian system looks for programs in.</summary>
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly string _work = Path.Combine(context.Directory, PlugInArguments.WorkFolder);
    private readonly string _results = Path.Combine(context.Directory, PlugInArguments.ResultsFolder);
    private readonly PhaseClock _phases = new(context);
    private BuildOutcome _outcome = new(BuildStatus.Ok);

    private StepRunner Steps => new(context, scope, RootRunner.For(options.Root, context.Directory, scope, context.Time));

    private Action? _writeUsage;
    private string? _cause;
    private bool _hasResults;

    /// <summary>Runs the build to its end, whatever happens in it.</summary>
    internal async Task<BuildOutcome> RunAsync(CancellationToken abort)
    {
        var status = new StatusFile(context, Path.Combine(_work, StatusFile.Name));
        if (await TryAsync(Phase.Init, MakeFoldersAsync, abort).ConfigureAwait(false))
            await TryAsync(Phase.Run, () => RunCommandAsync(status, abort), abort).ConfigureAwait(false);
        var reaped = await TryAsync(Phase.Reap, () => Reaping.ReapAsync(context, scope), abort).ConfigureAwait(false);
        _writeUsage?.Invoke();
        status.Read(); // what was written last is what stays
        if (_outcome.Status == BuildStatus.DepFail)
            _outcome = _outcome with { Dependencies = ReadDependencies() };
        if (_hasResults && reaped)
            await TryAsync(Phase.Gather, () => GatherAsync(abort), abort).ConfigureAwait(false);
        if (MountTable.Below(context.Directory).Count > 0)
            await TryAsync(Phase.Umount, () => CleanUpAsync(UnmountAsync), abort).ConfigureAwait(false);
        await TryAsync(Phase.Cleanup, () => CleanUpAsync(RemoveAsync), abort).ConfigureAwait(false);
        _phases.Leave();

        if (abort.IsCancellationRequested && _outcome.Status != BuildStatus.BuilderFail)
            Fail(BuildStatus.Aborted, BuildWatch.Aborted); // also when the command was quicker
        if (_cause is not null)
            context.SetStatusMember(WireNames.Members.FailureCause, _cause);
        return _outcome;
    }

    private Task MakeFoldersAsync()
    {
        Directory.CreateDirectory(_work);
        Directory.CreateDirectory(_results);
        return Task.CompletedTask;
    }

    private async Task RunCommandAsync(StatusFile status, CancellationToken abort)
    {
        var command = new Command
        {
            File = options.Command,
            Environment = ImmutableDictionary.CreateRange(new Dictionary<string, string?>
            {
                ["PATH"] = SearchPath,
                ["HOME"] = _work,
                ["LANG"] = "C.UTF-8",
                ["TERM"] = "unknown",
            }),
            InheritsEnvironment = false,
            WorkingDirectory = _work,
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
        _writeUsage = watch.WriteUsage;
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
            Fail(watch.Status, watch.Cause);
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
            : throw new PhaseFailedException(BuildStatus.BuilderFail, $"this slave is to build without a network, which this machine can't: {said}");
    }

    private void Judge(ProcessResult result, BuildWatch watch)
    {
        _hasResults = PlugInExitCode.HasResults(result.ExitCode);
        if (result.Succeeded)
            return;

        context.Log.WriteLine($"'{options.Command}' ended with {result.Describe()}");
        if (watch.HasRunOutOfMemory())
        {
            _hasResults = false;
            Fail(watch.Status, BuildWatch.OutOfMemory);
            return;
        }

        Fail(PlugInExitCode.ToStatus(result.ExitCode), Verdict.CauseOf(result));
    }

    /// <summary>The relation that the build waits for, or an empty text: the exit code has said already that it waits.</summary>
    private string ReadDependencies()
    {
        var (content, mistake) = UnixFile.ReadSmall(Path.Combine(_work, DependenciesFile), MaxDependenciesBytes);
        mistake ??= content is null ? UnixFile.Describe(FileKind.Missing) : null;
        if (mistake is null)
        {
            try
            {
                var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content!).Trim();
                if (text.Length > 0 && !text.Any(char.IsControl))
                    return text;
                mistake = "it has to hold one line";
            }
            catch (DecoderFallbackException)
            {
                mistake = "it is not UTF-8";
            }
        }

        context.Log.WriteLine($"The file '{DependenciesFile}' of the build can't be used: {mistake}");
        return "";
    }

    /// <summary>Takes over every regular file that stands in the folder of results: all of them, or the build has failed.</summary>
    private async Task GatherAsync(CancellationToken abort)
    {
        try
        {
            if (UnixFile.KindOf(_results) is var folder and not FileKind.Folder)
                throw new IOException($"'{_results}' is no folder any more: {UnixFile.Describe(folder)}");
            var names = Directory.EnumerateFileSystemEntries(_results).Take(MaxResults + 1).Select(path => Path.GetFileName(path)!).ToList();
            if (names.Count > MaxResults)
                throw new IOException($"there are more than {MaxResults} of them");
            foreach (var name in names.Order(StringComparer.Ordinal))
                await GatherAsync(name, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }
    }

    private async Task GatherAsync(string name, CancellationToken abort)
    {
        var path = Path.Combine(_results, name);
        switch (UnixFile.KindOf(path))
        {
            case FileKind.Regular:
                await context.AddResultAsync(path, name, abort).ConfigureAwait(false);
                break;
            case FileKind.Missing: // it was listed, so it is its name's bytes that text can't hold
                throw new IOException($"'{Printable(name)}' can't be used: the name is not UTF-8");
            case var kind:
                context.Log.WriteLine($"'{Printable(name)}' is no result: {UnixFile.Describe(kind)}");
                break;
        }
    }

    /// <summary>What a command that was killed had no time to unmount.</summary>
    private Task UnmountAsync(CancellationToken deadline) => Steps.RunAsRootOrFailAsync(
        new RootOperation.Unmount(context.Request.BuildId), default, "unmount what is mounted below the build's folder", BuildStatus.BuilderFail, deadline);

    /// <summary>A program's work: it removes names that are no text and trees of any depth too, and stays on this file system.</summary>
    private Task RemoveAsync(CancellationToken deadline) => Steps.RunOrFailAsync(
        Command.Of("rm", "-rf", "--one-file-system", "--", _work, _results), BuildStatus.BuilderFail, deadline);

    private async Task CleanUpAsync(Func<CancellationToken, Task> part)
    {
        using var deadline = new CancellationTokenSource(CleanUpDeadline, context.Time);
        try
        {
            await part(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new PhaseFailedException(BuildStatus.BuilderFail, $"this took longer than {CleanUpDeadline.TotalMinutes} minutes", e);
        }
    }

    /// <summary>Runs a phase; what goes wrong in it decides how the build ends, whatever was before.</summary>
    /// <returns>Whether it went well. The command's own failure does: there are results to be taken over.</returns>
    private async Task<bool> TryAsync(Phase phase, Func<Task> part, CancellationToken abort)
    {
        _phases.Enter(phase);
        try
        {
            await part().ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            Fail(BuildStatus.Aborted, BuildWatch.Aborted);
        }
        catch (PhaseFailedException e)
        {
            context.Log.WriteLine(e.Message);
            Fail(e.Status, PhaseClock.NameOf(phase));
        }
        catch (Exception e) // what else goes wrong is the builder's fault; cleaning up goes on
        {
            context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
            Fail(BuildStatus.BuilderFail, PhaseClock.NameOf(phase));
        }

        return false;
    }

    private void Fail(BuildStatus status, string cause)
    {
        _outcome = new BuildOutcome(status);
        _cause = cause;
    }

    private static string Printable(string name) => new([.. name.Select(c => char.IsControl(c) ? '?' : c)]);
}
