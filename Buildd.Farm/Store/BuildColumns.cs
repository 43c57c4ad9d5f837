using Buildd.Master.Builds;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Store;

/// <summary>The columns of the table <c>build</c>, each written once: CONTRIBUTING says what a new one takes.</summary>
internal static class BuildColumns
{
    /// <summary>All that a <see cref="Build"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Build>> All { get; } =
    [
        Fixed(nameof(Build.Id), Long),
        Fixed(nameof(Build.Title), Text),
        Changing(nameof(Build.State), Named<BuildState>(state => state.ToName())),
        Changing(nameof(Build.Queue), OrNull(Named<QueueState>(queue => queue.ToString().ToUpperInvariant()))),
        Fixed(nameof(Build.Subject), Text),
        Fixed(nameof(Build.Owner), Text),
        Fixed(nameof(Build.Archive), Text),
        Fixed(nameof(Build.Distribution), Text),
        Fixed(nameof(Build.JobType), Text),
        Fixed(nameof(Build.Manager), Text),
        Fixed(nameof(Build.Processor), OptionalText),
        Fixed(nameof(Build.Virtualized), Flag),
        Fixed(nameof(Build.Resources), Words),
        Changing(nameof(Build.Score), Integer),
        Changing(nameof(Build.ScoredByHand), Flag),
        Changing(nameof(Build.EstimatedDuration), Duration, "estimated_seconds"),
        Fixed(nameof(Build.Created), Time),
        Changing(nameof(Build.Queued), Time),
        Changing(nameof(Build.NotBefore), OptionalTime),
        Changing(nameof(Build.Started), OptionalTime),
        Changing(nameof(Build.FirstDispatched), OptionalTime),
        Changing(nameof(Build.Finished), OptionalTime),
        Changing(nameof(Build.Builder), OptionalText),
        Changing(nameof(Build.Attempt), Integer),
        Changing(nameof(Build.Failures), Integer),
        Changing(nameof(Build.GivenBack), Integer),
        Changing(nameof(Build.CancelRequested), OptionalTime),
        Changing(nameof(Build.Leaf), OptionalText),
        Changing(nameof(Build.LogName), OptionalText),
        Changing(nameof(Build.UploadLogName), OptionalText),
        Changing(nameof(Build.Dependencies), Text),
        Changing(nameof(Build.Reason), OptionalText),
        Changing(nameof(Build.Files), ColumnKind.Files),
        Fixed(nameof(Build.Revision), Long), // a statement that changes a build sets the next one
    ];

    private static Column<Build, TValue> Fixed<TValue>(string property, ColumnKind<TValue> kind) => new(property, kind, changes: false);

    private static Column<Build, TValue> Changing<TValue>(string property, ColumnKind<TValue> kind, string? jsonName = null) =>
        new(property, kind, changes: true, jsonName);
}
