using System.Text;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Makes files of OpenPGP keys that are odd, and legal or not; each character stands for a byte.</summary>
/// <param name="random">The chances.</param>
/// <param name="key">The packets of a good public key.</param>
internal sealed class OddKeys(Random random, byte[] key)
{
    private const string Label = "PGP PUBLIC KEY BLOCK";

    private readonly OddText _odd = new(random);

    internal string File() => _odd.Chance(25) ? Bare() : Armoured();

    private static string Crc(byte[] bytes)
    {
        var sum = bytes.Aggregate(0xB704CE, (sum, value) => Enumerable.Range(0, 8).Aggregate(
            sum ^ (value << 16), (shifted, _) => (shifted & 0x800000) == 0 ? shifted << 1 : (shifted << 1) ^ 0x1864CFB) & 0xFFFFFF);
        return Convert.ToBase64String([(byte)(sum >> 16), (byte)(sum >> 8), (byte)sum]);
    }

    private string Bare()
    {
        var text = Encoding.Latin1.GetString(key);
        text += _odd.Pick(
            "", "", "\u00b0\u0002\u0003\0", "\u00fc\u0001x", "\u00fd\u0001x", "\u00d5\u0001x", "\u00e9\u0001x", "\u00cb\u0001x",
            "\n", text);
        text = _odd.Chance(15) ? "\u00ca\u0003PGP" + text : text;
        return _odd.Chance(10) ? text[..random.Next(text.Length)] : text;
    }

    private string Armoured()
    {
        var text = _odd.Pick("", "", "", "a text\n", "a: b\n\n", "\u00e4\n", "\u00c3\u00a4\n", "\n\n") + Block();
        if (_odd.Chance(10))
            text += _odd.Pick("", "between\n") + Block();
        if (_odd.Chance(15))
            text += _odd.Pick("footer\n", "\n", "\0");
        return _odd.Chance(10) ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text;
    }

    private string Block()
    {
        var lines = Convert.ToBase64String(key).Chunk(_odd.Pick(64, 64, 64, 76, 4, 1000)).Select(line => new string(line)).ToList();
        if (_odd.Chance(10))
            lines = [.. lines.Select(line => _odd.Pick("", _odd.Blank()) + line.Insert(line.Length / 2, _odd.Blank()) + _odd.Blank())];
        if (_odd.Chance(5))
            lines[^1] = _odd.Pick(lines[^1].TrimEnd('='), lines[^1] + "=", lines[^1].Replace("=", " =", StringComparison.Ordinal));
        if (_odd.Chance(10))
            lines[random.Next(lines.Count)] = _odd.Disturb(lines[random.Next(lines.Count)]);
        var headers = string.Concat(Enumerable.Range(0, _odd.Pick(0, 0, 1, 2)).Select(_ => _odd.Pick(
            "Comment:\n", "Version: \n", "Version: 1\n", "X-Own: a: b\n", "Comment: \u00e4\n", "Comment:x\n", " a: b\n", ": \n",
            "Comment:\t\n", "x\n", "My Own : x\n")));
        var sum = _odd.Pick(
            $"={Crc(key)}\n", $"={Crc(key)}\n", $"={Crc(key)}\n", "", $"={Crc(key)} \t\n", $" ={Crc(key)}\n", $"={Crc(key)}x\n", "=AAAA\n",
            "=AAA\n");
        var end = _odd.Pick(
            $"-----END {Label}-----\n", $"-----END {Label}-----\n", $"-----END {Label}-----\n", $"-----END {Label}-----",
            "-----END PGP MESSAGE-----\n", $"-----END {Label}----- \n", "", $" -----END {Label}-----\n");
        return _odd.Pick(
                $"-----BEGIN {Label}-----", $"-----BEGIN {Label}-----", $"-----BEGIN {Label}-----", $"-----BEGIN {Label}----- \t",
                $" -----BEGIN {Label}-----", $"-----BEGIN {Label}-----x", $"-----begin {Label}-----", "-----BEGIN PGP MESSAGE-----")
            + "\n" + headers + _odd.Pick("\n", "\n", "\n", " \t\n", "") + string.Concat(lines.Select(line => line + "\n")) + sum + end;
    }
}
