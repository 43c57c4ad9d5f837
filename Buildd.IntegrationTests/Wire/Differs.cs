namespace Buildd.IntegrationTests.Wire;

/// <summary>Where our answers to the recorded requests differ from the reference's on purpose, and why. Nothing else may differ.</summary>
internal static class Differs
{
    private const string Nameless = "The reference answers HTTP 500 with a page of HTML, which no client can read; ours is a fault.";

    private const string Stuck = "The reference is BUILDING with nothing running, and an abort never ends; a call that is refused changes nothing.";

    private const string LineEnd = "A message of the slave's own is a line of its own.";

    /// <summary>By the name of the exchange; the names of a prefix stand together.</summary>
    private static readonly Dictionary<string, Difference> Table = new()
    {
        // echo-
        ["echo-doctype-entity"] = new("Entities can expand to gigabytes; no client declares any.", "document type declarations are refused"),

        // fault-
        ["fault-no-method-name"] = new(Nameless, "the call has no method name"),
        ["fault-empty-method-name"] = new(Nameless, "the call has no method name"),
        ["fault-method-response-sent"] = new(Nameless, "the call has no method name"),
        ["fault-clean-file-gone"] = new("The reference can then never be cleaned again; a result that is gone needs no removing.", "BuilderStatus.IDLE"),

        // build-, status-, abort-: what a build leaves behind
        ["status-after-bad-args"] = new(Stuck, "BuilderStatus.IDLE"),
        ["abort-stuck"] = new(Stuck, "<string>error</string>"),
        ["status-stuck-aborting"] = new(Stuck, "BuilderStatus.IDLE"),
        ["status-after-signal-death"] = new("The reference stays BUILDING for ever; the master should know that the build is over.", "BuildStatus.BUILDERFAIL"),
        ["status-after-build-while-waiting"] = new("A call that is refused changes nothing; the reference renames the build.", "PACKAGEBUILD-1")
        {
            Turned = recorded => recorded.Replace("PACKAGEBUILD-3", "PACKAGEBUILD-1", StringComparison.Ordinal),
        },
        ["status-after-clean-file-gone"] = new("As fault-clean-file-gone: it was cleaned.", "BuilderStatus.IDLE"),
        ["status-building-extra-overflow"] = new("An extra member that can't be written is left out, rather than hiding the builder's state.", "BuilderStatus.BUILDING"),

        // filecache-buildlog-: logs
        ["filecache-input-shared-with-result"] = new("The master was told that the input is there; clean removes results only.", Scenarios.StandIns.Orig)
        {
            Turned = _ => Scenarios.StandIns.Orig,
        },
        ["filecache-buildlog-aborting"] = new(LineEnd, "asked to abort\n") { Turned = recorded => recorded + "\n" },
        ["filecache-buildlog-aborted"] = new(LineEnd, "asked to abort\n")
        {
            Turned = recorded => recorded.Replace("asked to abort[", "asked to abort\n[", StringComparison.Ordinal),
        },
    };

    /// <summary>The names of all exchanges that differ.</summary>
    internal static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>Does our answer differ on purpose?</summary>
    internal static bool Contains(string name) => Table.ContainsKey(name);

    /// <summary>What our answer is instead.</summary>
    internal static Difference Get(string name) => Table[name];

    /// <param name="Reason">Why ours is the better answer, or why nobody can notice.</param>
    /// <param name="Ours">A text in our answer.</param>
    /// <param name="Status">Our status.</param>
    internal sealed record Difference(string Reason, string Ours, int Status = 200)
    {
        /// <summary>Makes our body of the reference's, where that can be told: then nothing else may differ.</summary>
        internal Func<string, string>? Turned { get; init; }
    }
}
