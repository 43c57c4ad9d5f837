using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buildd.Testing.Wire;

/// <summary>Where our answers to the recorded requests differ from the reference's on purpose: <c>Data/Wire/deviations.json</c>.</summary>
public static class Deviations
{
    /// <summary>What a test says of a deviation that its recording does not show any more.</summary>
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

    /// <summary>Does our answer differ on purpose?</summary>
    public static bool Contains(string recording) => Names.Contains(recording);

    /// <summary>What our answer is instead.</summary>
    public static Deviation Get(string recording) => All.Single(deviation => deviation.Recordings.Contains(recording));

    private static List<Deviation> Read()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "Wire", "deviations.json"));
        return JsonSerializer.Deserialize<List<Deviation>>(file, Options)!;
    }
}
