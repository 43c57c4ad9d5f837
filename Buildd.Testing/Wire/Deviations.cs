using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buildd.Testing.Wire;

/// <summary>The answers that differ from the reference's on purpose, from <c>Data/Wire/deviations.json</c>.</summary>
public static class Deviations
{
    /// <summary>The message of a test whose recording no longer shows the deviation.</summary>
    public const string IsNone = "Nothing shows this deviation any more: take it out of deviations.json.";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter<AnswerParts>() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Deviation> All { get; } = Read();

    /// <summary>The names of all exchanges that differ.</summary>
    public static IEnumerable<string> Names => All.SelectMany(deviation => deviation.Recordings);

    /// <summary>Whether our answer differs on purpose.</summary>
    public static bool Contains(string recording) => Names.Contains(recording);

    /// <summary>Returns the deviation of a recording.</summary>
    public static Deviation Get(string recording) => All.Single(deviation => deviation.Recordings.Contains(recording));

    private static List<Deviation> Read()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "Wire", "deviations.json"));
        return JsonSerializer.Deserialize<List<Deviation>>(file, Options)!;
    }
}
