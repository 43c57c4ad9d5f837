namespace Buildd.Testing.Wire;

/// <summary>A request that we answer otherwise than the reference, on purpose. Nothing else may differ.</summary>
public sealed record Deviation
{
    /// <summary>The names of the exchanges; empty where <see cref="Request"/> stands for one that was not recorded.</summary>
    public IReadOnlyList<string> Recordings { get; init; } = [];

    /// <summary>The body of a request whose answer by the reference was observed in other ways; null for what was recorded.</summary>
    public string? Request { get; init; }

    /// <summary>The reason: ours is the better answer, or nobody can notice.</summary>
    public required string Why { get; init; }

    /// <summary>A text in the answer of our slave; null for what was not recorded.</summary>
    public string? Ours { get; init; }

    /// <summary>The HTTP status of our answer.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The parts that are the reference's all the same.</summary>
    public AnswerParts Same { get; init; }

    /// <summary>Our answer as codec and messages alone make it; null where it takes a whole slave to differ.</summary>
    public string? Answer { get; init; }

    /// <summary>Texts of the reference's body, and their replacements in ours.</summary>
    public IReadOnlyDictionary<string, string> Replace { get; init; } = new Dictionary<string, string>();

    /// <summary>The end of our body, behind the reference's.</summary>
    public string Append { get; init; } = "";

    /// <summary>All of our body, whatever the reference's is; null where that can't be told.</summary>
    public string? Whole { get; init; }

    /// <summary>Our body, made of the reference's; null where that can't be told.</summary>
    public string? Turn(string recorded) => Whole is not null || Replace.Count > 0 || Append.Length > 0
        ? (Whole ?? Replace.Aggregate(recorded, (text, pair) => text.Replace(pair.Key, pair.Value, StringComparison.Ordinal))) + Append
        : null;
}

/// <summary>The parts of an answer that are compared.</summary>
[Flags]
public enum AnswerParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The version and the status.</summary>
    StatusLine = 1,

    /// <summary>The header fields.</summary>
    Fields = 2,

    /// <summary>The body.</summary>
    Body = 4,

    /// <summary>Whether the connection stays open.</summary>
    Connection = 8,

    /// <summary>Everything.</summary>
    All = StatusLine | Fields | Body | Connection,
}
