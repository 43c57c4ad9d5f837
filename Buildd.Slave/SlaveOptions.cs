using Buildd.Linux.Files;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Slave.Http;
using Buildd.Slave.Logs;

namespace Buildd.Slave;

/// <summary>What a slave has to know about its machine, and what it builds with. Not changed once the slave is made.</summary>
public sealed record SlaveOptions
{
    /// <summary>The port of the reference's configuration template.</summary>
    public const int DefaultPort = 8221;

    /// <summary>The architecture that <c>info</c> reports and that builds get when they name none, such as <c>amd64</c>.</summary>
    public string ArchitectureTag { get; set; } = "";

    /// <summary>The file cache: one flat folder, which must exist. Results, inputs and the build log are in it.</summary>
    public string FileCacheDirectory { get; set; } = "";

    /// <summary>Where the folders of builds (<c>build-ID</c>) are made; the reference uses HOME. Must exist.</summary>
    public string WorkDirectory { get; set; } = "";

    /// <summary>
    /// Where the slave remembers what it is doing, and keeps the end of a log that grew too long: its own, and no other
    /// slave's. Must exist. Null means <see cref="WorkDirectory"/>, which slaves can share only with a folder here for each.
    /// </summary>
    public string? StateDirectory { get; set; }

    /// <summary>What <c>status</c> reports as <see cref="WireNames.Members.BuilderVersion"/>; null leaves the member out.</summary>
    public string? Version { get; set; }

    /// <summary>
    /// How long a build that is running when the slave is told to stop may take to be taken down. The default leaves room
    /// for the two minutes that a process may resist being killed.
    /// </summary>
    public TimeSpan StopDeadline { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// How long a build that the master has aborted may take to end before what runs in it is killed and, if that does not help,
    /// <see cref="Lifecycle.BuilderWatch.Stuck"/> completes. The default of half an hour is more than the ending of a build allows
    /// itself: 14 minutes for killing, unmounting and removing, and 22 for a plug-in's. Also how long what an earlier slave left may take
    /// to be ended.
    /// </summary>
    public TimeSpan AbortDeadline { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The kinds of build, in the order that <c>info</c> names them; at least one, each tag once.</summary>
    public IList<IBuildBackend> Backends { get; init; } = [];

    /// <summary>How much the file cache may hold, and for how long.</summary>
    public FileCacheOptions Cache { get; set; } = new();

    /// <summary>What the backends keep that they made of files of the cache; nothing by default.</summary>
    public IList<IDerivedFiles> Derived { get; init; } = [];

    /// <summary>How long a build log may become.</summary>
    public BuildLogOptions Log { get; set; } = new();

    /// <summary>What is served beside the calls and the files.</summary>
    public EndpointOptions Endpoints { get; set; } = new();

    /// <summary>Lists everything that is wrong with the options; empty when nothing is.</summary>
    public IReadOnlyList<string> FindMistakes()
    {
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(ArchitectureTag))
            mistakes.Add("the architecture tag is empty");
        if (!Directory.Exists(FileCacheDirectory))
            mistakes.Add($"the file cache '{FileCacheDirectory}' is not a folder: make it, owned by the slave's user");
        else if (UnixFile.FindRefusal(FileCacheDirectory) is { } refusal)
            mistakes.Add($"the file cache '{FileCacheDirectory}' can't be listed and written to: {refusal}");
        mistakes.AddRange(Cache.FindMistakes());
        if (!Directory.Exists(WorkDirectory))
            mistakes.Add($"the work folder '{WorkDirectory}' is not a folder: make it, owned by the slave's user");
        if (StateDirectory is not null && !Directory.Exists(StateDirectory))
            mistakes.Add($"the folder for the slave's state '{StateDirectory}' is not a folder: make it, owned by the slave's user");
        if (Backends.Count == 0)
            mistakes.Add("there is no backend: a slave that builds nothing is of no use");
        foreach (var twice in Backends.CountBy(backend => backend.Tag).Where(tag => tag.Value > 1))
            mistakes.Add($"the tag '{twice.Key}' has {twice.Value} backends");
        mistakes.AddRange(Log.FindMistakes());
        return mistakes;
    }
}
