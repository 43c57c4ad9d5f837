using Buildd.Protocol.Messages;

namespace Buildd.Slave;

/// <summary>What a slave has to know about its machine.</summary>
public sealed record SlaveOptions
{
    /// <summary>The port of the reference's configuration template.</summary>
    public const int DefaultPort = 8221;

    /// <summary>The architecture that <c>info</c> reports and that builds get when they name none, such as <c>amd64</c>.</summary>
    public required string ArchitectureTag { get; init; }

    /// <summary>The file cache: one flat folder, which must exist. Results, inputs and the build log are in it.</summary>
    public required string FileCacheDirectory { get; init; }

    /// <summary>Where the folders of builds (<c>build-ID</c>) are made; the reference uses HOME. Must exist.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>What <c>status</c> reports as <see cref="WireNames.Members.BuilderVersion"/>; null leaves the member out.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// How long a build that is running when the slave is told to stop may take to be taken down. The default leaves room
    /// for the two minutes that a process may resist being killed.
    /// </summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Lists everything that is wrong with the options; empty when nothing is.</summary>
    public IReadOnlyList<string> FindMistakes()
    {
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(ArchitectureTag))
            mistakes.Add("the architecture tag is empty");
        if (!Directory.Exists(FileCacheDirectory))
            mistakes.Add($"the file cache '{FileCacheDirectory}' is not a folder: make it, owned by the slave's user");
        if (!Directory.Exists(WorkDirectory))
            mistakes.Add($"the work folder '{WorkDirectory}' is not a folder: make it, owned by the slave's user");
        return mistakes;
    }
}
