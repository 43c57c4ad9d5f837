using System.Collections.Concurrent;
using System.Globalization;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Logs;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.IntegrationTests.Support;

/// <summary>Runs builds on a slave by the master's library, one after the other, and notes what it sees.</summary>
/// <param name="root">The folder of the results.</param>
internal sealed class BuildDriver(string root)
{
    private static int _count;

    private readonly LogStore _logs = new(Path.Combine(root, "logs"));
    private readonly ConcurrentQueue<MasterEvent> _events = new();
    private NotingClient? _client;

    /// <summary>The events of the last build.</summary>
    internal IEnumerable<MasterEvent> Events => _events;

    /// <summary>The phases of the last build that have ended.</summary>
    internal IEnumerable<string> Phases =>
        Events.OfType<BuildPhaseChanged>().Where(changed => changed.Duration is not null).Select(changed => changed.Phase);

    /// <summary>The extra members of the status with which the last build ended.</summary>
    internal IReadOnlyDictionary<string, XmlRpcValue> LastMembers => _client?.End?.Extra ?? new XmlRpcStruct();

    /// <summary>The cause that this status gives for a failure; null when there is none.</summary>
    internal string? Cause => LastMembers.GetValueOrDefault(WireNames.Members.FailureCause) is XmlRpcString cause ? cause.Value : null;

    /// <summary>A cookie that no other test run on this machine has.</summary>
    internal static BuildCookie NextCookie(string jobType) => BuildCookie.Parse(
        string.Create(CultureInfo.InvariantCulture, $"{jobType}-{Environment.ProcessId}{Interlocked.Increment(ref _count):000}"));

    /// <summary>Runs one.</summary>
    internal async Task<DrivenBuild> RunAsync(
        ISlaveClient slave, BuildJob job, Func<MasterEvent, ValueTask>? observe = null, CancellationToken abort = default)
    {
        _events.Clear();
        _client = new NotingClient(slave);
        var finished = await BuildMaster.RunOneAsync(
            _client,
            job,
            new MasterOptions { Root = root, PollInterval = TimeSpan.FromMilliseconds(200), ScansPerFailure = 1 },
            happened =>
            {
                _events.Enqueue(happened);
                return observe?.Invoke(happened) ?? ValueTask.CompletedTask;
            },
            cancellationToken: abort);
        return new DrivenBuild(finished, _client.End?.BuildStatus, TextOf(_logs.OpenStored(finished.Build)));
    }

    /// <summary>The log of the last build, as far as it has come here.</summary>
    internal string StreamedLog() => Events.OfType<BuildLogGrew>().LastOrDefault() is { } grew ? TextOf(_logs.OpenRunning(grew.Build)) : "";

    /// <summary>An observer that does something once, as soon as a text is in the log.</summary>
    internal Func<MasterEvent, ValueTask> WhenLogHas(string text, Func<Task> action)
    {
        var done = false;
        return async happened =>
        {
            if (done || happened is not BuildLogGrew || !StreamedLog().Contains(text, StringComparison.Ordinal))
                return;
            done = true;
            await action();
        };
    }

    private static string TextOf(Stream? log)
    {
        using var reader = new StreamReader(log ?? Stream.Null);
        return reader.ReadToEnd();
    }

    /// <summary>Notes the status with which a build ended.</summary>
    private sealed class NotingClient(ISlaveClient slave) : ISlaveClient
    {
        internal StatusReply? End { get; private set; }

        public Uri Url => slave.Url;

        public async Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default)
        {
            var status = await slave.StatusAsync(cancellationToken);
            if (status.Status == BuilderStatus.Waiting)
                End = status;
            return status;
        }

        public Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
            IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default) =>
            slave.EchoAsync(arguments, cancellationToken);

        public Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default) => slave.InfoAsync(cancellationToken);

        public Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken = default) =>
            slave.EnsurePresentAsync(call, cancellationToken);

        public Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default) =>
            slave.BuildAsync(call, cancellationToken);

        public Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default) => slave.AbortAsync(cancellationToken);

        public Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default) => slave.CleanAsync(cancellationToken);

        public Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default) =>
            slave.ProxyInfoAsync(cancellationToken);

        public Task<SlaveFile> OpenFileAsync(string name, long offset = 0, CancellationToken cancellationToken = default) =>
            slave.OpenFileAsync(name, offset, cancellationToken);
    }
}

/// <summary>A build that was run, and the slave's word for its end.</summary>
/// <param name="Finished">Its end, for the master.</param>
/// <param name="Status">Its end, for the slave; null when the slave never said.</param>
/// <param name="Log">Its log.</param>
internal sealed record DrivenBuild(FinishedBuild Finished, BuildStatus? Status, string Log)
{
    internal bool Succeeded => Finished.Succeeded;

    internal BuildState State => Finished.Build.State;

    internal string Dependencies => Finished.Build.Dependencies;

    internal IReadOnlyList<BuildFile> Files => Finished.Build.Files;

    internal string? Folder => Finished.Folder;

    /// <summary>For messages of assertions.</summary>
    internal string Story => $"{Finished.Build}: {Finished.Build.Reason}\n{string.Join('\n', Finished.Findings)}\n{Log}";
}
