using Buildd.Master.Results;
using Buildd.Protocol.Messages;

namespace Buildd.Master;

/// <summary>How a build ended, and where what it left behind is now.</summary>
public sealed record BuildOutcome
{
    /// <summary>The build, as the job called it.</summary>
    public required string Cookie { get; init; }

    /// <summary>How it ended, as the slave says.</summary>
    public required BuildStatus Status { get; init; }

    /// <summary>Whether the caller cancelled it. Its results were then not fetched, whatever the status is.</summary>
    public required bool Cancelled { get; init; }

    /// <summary>After <see cref="BuildStatus.DepFail"/>, the dependencies that can't be met; else empty.</summary>
    public required string Dependencies { get; init; }

    /// <summary>The folder below <c>incoming</c> with the results and the log; null if a cancelled build's log was not to be had.</summary>
    public required string? Leaf { get; init; }

    /// <summary>The folder in the leaf with the results; null when there is no leaf.</summary>
    public required string? Folder { get; init; }

    /// <summary>The log, in the leaf; null when the slave had none.</summary>
    public required string? LogPath { get; init; }

    /// <summary>The results, in the order of the slave's file map; only of a build that is <see cref="BuildStatus.Ok"/>.</summary>
    public required IReadOnlyList<FetchedFile> Files { get; init; }

    /// <summary>
    /// What is wrong with the results by their <c>.changes</c>; empty when nothing is, or when this kind of build has none.
    /// </summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>
    /// Whether the slave was cleaned and is idle. If not, it still waits with the results: log the reason (the runner has
    /// done so) and clean it later.
    /// </summary>
    public required bool SlaveCleaned { get; init; }

    /// <summary>How long each part took.</summary>
    public required BuildDurations Durations { get; init; }

    /// <summary>Whether the build was good: it ended OK, was not cancelled, and nothing is wrong with its results.</summary>
    public bool Succeeded => Status == BuildStatus.Ok && !Cancelled && Findings.Count == 0;
}

/// <summary>How long each part of a build took, by the master's clock.</summary>
public sealed record BuildDurations
{
    /// <summary>From the first call until the slave had taken the build: mostly its downloads.</summary>
    public TimeSpan Dispatch { get; init; }

    /// <summary>From then until the master saw that it had ended; up to one poll interval longer than the build.</summary>
    public TimeSpan Build { get; init; }

    /// <summary>Fetching the results and the log.</summary>
    public TimeSpan Fetch { get; init; }

    /// <summary>Cleaning the slave.</summary>
    public TimeSpan Clean { get; init; }

    /// <summary>Checking the results.</summary>
    public TimeSpan Check { get; init; }

    /// <summary>All of it.</summary>
    public TimeSpan Total => Dispatch + Build + Fetch + Clean + Check;
}
