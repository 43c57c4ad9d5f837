using System.Text;

namespace Buildd.Testing.Packages;

/// <summary>
/// Pairs of versions that differ little, if at all, so that every rule of their order decides some; the same for the same seed.
/// </summary>
public static class VersionPairs
{
    private static readonly string[] Pieces =
        ["0", "1", "00", "01", "9", "10", "~", "~~", ".", "+", "-", "a", "b", "Z", "rc", "dfsg", "123456789012345678901234567890"];

    public static IEnumerable<(string Left, string Right)> Generate(int seed, int count)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var left = One(random);
            yield return random.Next(4) == 0 ? (left, One(random)) : (left, Mutate(random, left));
        }
    }

    private static string One(Random random)
    {
        var text = new StringBuilder();
        if (random.Next(4) == 0)
            text.Append(random.Next(3)).Append(':');
        text.Append(random.Next(12));
        for (var pieces = random.Next(6); pieces > 0; pieces--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.Append(text[^1] == '-' ? "0" : "").ToString();
    }

    private static string Mutate(Random random, string version)
    {
        var start = version.IndexOf(':', StringComparison.Ordinal) + 2; // what comes first stays: a digit and the epoch
        var place = random.Next(start, version.Length + 1);
        var mutated = random.Next(3) switch
        {
            0 => version.Insert(place, Pieces[random.Next(Pieces.Length)]),
            1 when place < version.Length => version.Remove(place, 1),
            _ => version + (random.Next(2) == 0 ? "0" : "-0"),
        };
        return mutated[^1] == '-' ? mutated + "0" : mutated;
    }
}
