using Buildd.Master.Builders;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Store;

/// <summary>The columns of the table <c>builder</c>, each written once: CONTRIBUTING says what a new one takes.</summary>
internal static class BuilderColumns
{
    /// <summary>All that a <see cref="Builder"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Builder>> All { get; } =
    [
        Fixed(nameof(Builder.Name), Text),
        Changing(nameof(Builder.Url), Address),
        Changing(nameof(Builder.TokenFile), OptionalText),
        Changing(nameof(Builder.Processors), Words),
        Changing(nameof(Builder.Virtualized), Flag),
        Changing(nameof(Builder.VmHost), OptionalText),
        Changing(nameof(Builder.VmResetProtocol), OrNull(Named<VmResetProtocol>(ToName))),
        Changing(nameof(Builder.InService), Flag),
        Changing(nameof(Builder.FailNotes), OptionalText),
        Changing(nameof(Builder.Manual), Flag),
        Changing(nameof(Builder.Failures), Integer),
        Changing(nameof(Builder.Version), OptionalText),
        Changing(nameof(Builder.Clean), Named<CleanState>(clean => clean.ToString().ToUpperInvariant())),
        Changing(nameof(Builder.CleanChanged), OptionalTime),
        Changing(nameof(Builder.OpenResources), Words),
        Changing(nameof(Builder.RestrictedResources), Words),
        Changing(nameof(Builder.UnableTo), Words),
        Fixed(nameof(Builder.LeaseOwner), OptionalText), // leases have statements of their own
        Fixed(nameof(Builder.LeaseExpires), OptionalTime),
        Fixed(nameof(Builder.Revision), Long), // a statement that changes a builder sets the next one
    ];

    /// <summary>Returns the protocol's name as the original stores it.</summary>
    internal static string ToName(VmResetProtocol protocol) => protocol switch
    {
        VmResetProtocol.Synchronous => "1.1",
        VmResetProtocol.Triggered => "2.0",
        _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "There is no such protocol."),
    };

    private static Column<Builder, TValue> Fixed<TValue>(string property, ColumnKind<TValue> kind) => new(property, kind, changes: false);

    private static Column<Builder, TValue> Changing<TValue>(string property, ColumnKind<TValue> kind) => new(property, kind, changes: true);
}
