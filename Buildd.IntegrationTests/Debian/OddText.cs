namespace Buildd.IntegrationTests.Debian;

/// <summary>Changes texts at random; each character stands for a byte.</summary>
internal sealed class OddText(Random random)
{
    /// <summary>Bytes that mean something to a reader, or should not.</summary>
    private const string Bytes = "\n\n\n  \t\r\v\f\0:::##--.,;=+~_%\"'[]()<>|/\\$@aZ09\u0001\u007f\u0080\u00a0\u00c3\u00e4\u00ff";

    internal T Pick<T>(params IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    internal bool Chance(int one, int of = 100) => random.Next(of) < one;

    internal int Next(int max) => random.Next(max);

    /// <summary>White space that is none, one or some.</summary>
    internal string Blank(bool needed = false) => Pick(needed ? " " : "", " ", "  ", "\t", " \t ");

    /// <summary>Hexadecimal digits.</summary>
    internal string Hex(int digits) => string.Concat(Enumerable.Range(0, digits).Select(_ => "0123456789abcdef"[random.Next(16)]));

    /// <summary>Inserts, removes, replaces, doubles or cuts off something.</summary>
    internal string Disturb(string text)
    {
        if (text.Length == 0)
            return text;
        var place = random.Next(text.Length);
        return random.Next(6) switch
        {
            0 or 1 => text.Insert(place, Pick<char>(Bytes.ToCharArray()).ToString()),
            2 => text.Remove(place, 1),
            3 => text.Remove(place, 1).Insert(place, Pick<char>(Bytes.ToCharArray()).ToString()),
            4 => text.Insert(place, text.Substring(place, Math.Min(random.Next(8), text.Length - place))),
            _ => Chance(20) ? text[..place] : text.Remove(place, Math.Min(random.Next(4), text.Length - place)),
        };
    }

    /// <summary>Disturbs one text in four, once or twice.</summary>
    internal string MaybeDisturb(string text)
    {
        for (var times = Pick(0, 0, 0, 0, 0, 0, 1, 2); times > 0; times--)
            text = Disturb(text);
        return text;
    }
}
