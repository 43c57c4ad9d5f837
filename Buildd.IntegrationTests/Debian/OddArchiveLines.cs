using System.Globalization;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Makes lines of a sources.list that are odd, and legal or not; each character stands for a byte.</summary>
internal sealed class OddArchiveLines(Random random)
{
    private readonly OddText _odd = new(random);
    private int _count;

    /// <summary>One line, in which an address with a number of its own stands.</summary>
    internal string Line()
    {
        var text = (_odd.Chance(10) ? _odd.Blank() : "")
            + (_odd.Chance(95) ? _odd.Pick("deb", "deb", "deb-src") : _odd.Pick("DEB", "rpm", "#deb", ""))
            + _odd.Blank(true);
        if (_odd.Chance(45))
        {
            var options = string.Join(_odd.Blank(true), Enumerable.Range(0, _odd.Next(4)).Select(_ => Option()));
            text += $"[{_odd.Blank()}{options}{_odd.Blank()}]" + _odd.Pick(" ", " ", "\t", "");
        }

        var isFolder = _odd.Chance(20);
        var components = _odd.Chance(3) ? _odd.Next(3) : isFolder ? 0 : _odd.Pick(1, 1, 2, 3);
        text += Address() + _odd.Blank(true) + (isFolder ? Word("./", "/", "x/") : Word("bookworm", "sid-updates", "a/b"));
        text += _odd.Blank(true);
        text += string.Join(_odd.Blank(true), Enumerable.Range(0, components).Select(_ => Word("main", "contrib", "non-free")));
        if (_odd.Chance(25))
            text += _odd.Pick(" # comment", "# comment", "\t#", " #deb http://x y z", "#[", " # [x]");
        return _odd.MaybeDisturb(text + _odd.Pick("", "", "", " ", "\t", "\r"));
    }

    private string Address()
    {
        var host = string.Create(CultureInfo.InvariantCulture, $"h{_count++}.example");
        if (_odd.Chance(4))
            return _odd.Pick($"/{host}", $"[{host}]", "", host);
        return _odd.Pick(
            $"http://{host}/", $"http://{host}", $"http://{host}/debian", $"https://u:p@{host}/x", $"http://{host}:80/a~b/",
            $"file:/{host}",
            $"\"http://{host}/a\"", $"http://{host}/%7ea", $"mirror+http://{host}/x", $"\"http://{host}/a b\"");
    }

    private string Option() => _odd.Chance(92)
        ? _odd.Pick("arch", "lang", "arch", "trusted", "arch", "pdiffs", "arch+", "arch-", "by-hash") + "="
            + Word("amd64", "i386,armhf", "yes", "none")
        : _odd.Pick("Arch", "colour", "a.b", "", "trusted+", "lang") + _odd.Pick("=", " = ", "", "==") + Word("amd64", "", "a#b", "en,de");

    private string Word(params string[] words)
    {
        var word = _odd.Pick(words);
        return _odd.Chance(92) ? word
            : _odd.Pick(
                $"\"{word}\"", $"\"{word}", word.Replace("a", "%61", StringComparison.Ordinal), $"[{word}]", $"\"{word} x\"", "%20", "\"\"",
                $"[{word} x]");
    }
}
