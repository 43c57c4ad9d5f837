using System.Collections.Frozen;
using System.Text.Json;
using Buildd.Linux.Files;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>
/// The file <c>status</c> in a plug-in's work folder: what stands in it is published, so that a <c>status</c> call never
/// touches the disk.
/// </summary>
/// <remarks>Used by one build, on one thread at a time.</remarks>
internal sealed class StatusFile(IBuildContext context, string path)
{
    /// <summary>The file's name.</summary>
    internal const string Name = "status";

    /// <summary>What is taken of it at the most; a master asks for it every few seconds.</summary>
    internal const int MaxBytes = 64 * 1024;

    /// <summary>How long a change may go unnoticed.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Members that tell what the slave itself has found; no plug-in speaks for it.</summary>
    private static readonly FrozenSet<string> Reserved =
        FrozenSet.Create(StringComparer.Ordinal, WireNames.Members.Phases, WireNames.Members.FailureCause);

    private byte[] _last = [];
    private FrozenSet<string> _published = [];
    private bool _complained;

    /// <summary>Reads the file again and again until it is told to stop.</summary>
    internal async Task FollowAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, context.Time, stop).ConfigureAwait(false);
                Read();
            }
        }
        catch (OperationCanceledException)
        {
            // as told
        }
    }

    /// <summary>
    /// Reads the file and publishes its members in place of the ones before; none if it is not there. What can't be used is
    /// passed over, and the log says so the first time.
    /// </summary>
    internal void Read()
    {
        var (content, mistake) = UnixFile.ReadSmall(path, MaxBytes);
        if (mistake is not null)
        {
            Complain(mistake);
            return;
        }

        if (_last.AsSpan().SequenceEqual(content))
            return;

        _last = content ?? []; // a file that is not there is as good as an empty one
        try
        {
            var members = _last.Length == 0
                ? new XmlRpcStruct()
                : new XmlRpcStruct(StatusMembers.Parse(_last).Where(member => !Reserved.Contains(member.Key)));
            context.SetStatusMembers(members, _published);
            _published = members.Keys.ToFrozenSet(StringComparer.Ordinal);
        }
        catch (JsonException e)
        {
            Complain($"it is no JSON object: {e.Message}");
        }
    }

    private void Complain(string mistake)
    {
        if (!_complained)
            context.Log.WriteLine($"The file '{Name}' of the build can't be used: {mistake}");
        _complained = true;
    }
}
