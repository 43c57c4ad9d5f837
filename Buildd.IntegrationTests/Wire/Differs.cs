namespace Buildd.IntegrationTests.Wire;

/// <summary>Where our answers to the recorded requests differ from the reference's on purpose, and why. Nothing else may differ.</summary>
internal static class Differs
{
    private const string Nameless = "The reference answers HTTP 500 with a page of HTML, which no client can read; ours is a fault.";

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
    internal sealed record Difference(string Reason, string Ours, int Status = 200);
}
