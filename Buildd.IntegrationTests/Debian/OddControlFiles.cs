namespace Buildd.IntegrationTests.Debian;

/// <summary>Makes control files that are odd, and legal or not; each character stands for a byte.</summary>
internal sealed class OddControlFiles(Random random)
{
    private const string SignatureBegin = "-----BEGIN PGP SIGNATURE-----";
    private const string SignatureEnd = "-----END PGP SIGNATURE-----";
    private const string MessageBegin = "-----BEGIN PGP SIGNED MESSAGE-----";

    private readonly OddText _odd = new(random);

    /// <summary>A source package's <c>.dsc</c>.</summary>
    internal string Dsc()
    {
        var version = Version();
        List<string> fields =
        [
            Field("Format", _odd.Pick("1.0", "3.0 (quilt)", "3.0 (native)", "3.0 (native)", "1.0")),
            Field("Source", _odd.Pick("hello", "lib++", "a0", "0ad", "x.y-z")),
            Field("Binary", _odd.Pick("hello", "hello, hello-doc", "hello,\n hello-doc,\n libhello1")),
            Field("Architecture", _odd.Pick("any", "all", "any all", "amd64 linux-any", "any-amd64\tall")),
            Field("Version", version),
            Field("Maintainer", _odd.Pick("A B <a@example.org>", "J\u00f6rg <j@x.org>", "J\u00c3\u00b6rg <j@x.org>")),
        ];
        if (_odd.Chance(40))
            fields.Add(Field("Build-Depends", _odd.Pick("debhelper-compat (= 13)", "a,\n b (>= 1) | c [amd64],\n d <!nocheck>", "a,")));
        fields.AddRange(Extras());
        AddLists(fields, withSections: false);
        return Finish(fields);
    }

    /// <summary>An upload's <c>.changes</c>.</summary>
    internal string Changes()
    {
        List<string> fields =
        [
            Field("Format", "1.8"),
            Field("Date", "Mon, 01 Jan 2024 00:00:00 +0000"),
            Field("Source", _odd.Pick("hello", "hello (1.0)")),
            Field("Binary", _odd.Pick("hello", "hello hello-doc", "hello\n hello-doc")),
            Field("Architecture", _odd.Pick("amd64", "all amd64", "source all")),
            Field("Version", Version()),
            Field("Distribution", _odd.Pick("bookworm", "sid experimental")),
            Field("Maintainer", "A B <a@example.org>"),
            Field("Changes", _odd.Pick("\n hello (1.0) sid; urgency=low\n .\n   * Gr\u00fc\u00dfe.", "\n hello\n .\n ..\n x", "one line")),
        ];
        fields.AddRange(Extras());
        AddLists(fields, withSections: true);
        return Finish(fields);
    }

    /// <summary>Some stanzas of an index.</summary>
    internal string Stanzas()
    {
        var text = "";
        for (var count = 1 + _odd.Next(3); count > 0; count--)
        {
            List<string> fields = [Field("Package", _odd.Pick("hello", "a0")), Field("Version", Version())];
            fields.AddRange(Extras());
            text += string.Concat(Shuffled(fields)) + _odd.Pick("\n", "\n", "\n\n", " \n", "\t \r\n", "# comment\n\n", "");
        }

        return Disturbed(_odd.Pick("", "", "\n", "# comment\n") + text);
    }

    private string Version() => _odd.Pick("1.0", "2.10-3", "1:2.0~rc1-1", "0:1", "1-2-3", "1.0+b1", "2024.01.01");

    private IEnumerable<string> Extras()
    {
        for (var count = _odd.Next(3); count > 0; count--)
        {
            yield return Field(
                _odd.Pick("X-Own", "XS-Other", "Uploaders", "Vcs-Git", "a", "X_y", "X1"),
                _odd.Pick(
                    "", "x", "# no comment", "https://x/y:z", "a\n b\n .\n c", "\n \ta\n  b", "\u00e4", "a\n \u00c3\u00a4\n \u00e4",
                    "a\n ..."));
        }

        if (_odd.Chance(10))
            yield return "# a comment\n";
    }

    private string Field(string name, string value)
    {
        var lines = value.Split('\n');
        var head = Cased(name) + (_odd.Chance(3) ? _odd.Blank() : "") + ":" + (_odd.Chance(10) ? _odd.Blank() : " ") + lines[0];
        return string.Concat(lines.Skip(1).Prepend(head).Select(line => line + (_odd.Chance(3) ? _odd.Blank() : "") + "\n"));
    }

    private string Cased(string name) => _odd.Chance(5) ? _odd.Chance(50) ? name.ToUpperInvariant() : name.ToLowerInvariant() : name;

    private void AddLists(List<string> fields, bool withSections)
    {
        var names = Enumerable.Range(0, 1 + _odd.Next(3)).Select(i => _odd.Pick(
            "hello_1.0.orig.tar.gz", "hello_1.0.tar.xz", "hello_1.0-1.diff.gz", "a,b=c:d~e", "ab", "x", "_a", "h\u00e4", "a%20b", "a/b",
            "~x"))
            .Take(_odd.Chance(90) ? 1 : 3).ToList();
        if (_odd.Chance(85))
            names = ["hello_1.0.tar.xz", .. _odd.Chance(50) ? (string[])["hello_1.0.tar.xz.asc"] : []];
        var sizes = names.Select(_ => _odd.Pick("1", "0", "123456789", "007", "99999999999")).ToList();
        string Entries(int digits, string middle) => string.Concat(names.Index().Select(file =>
            $"\n {_odd.Hex(digits)}{(_odd.Chance(3) ? _odd.Blank(true) : " ")}{sizes[file.Index]}{middle} {file.Item}"));
        var files = Entries(32, withSections ? " misc optional" : "");
        fields.Add(Field("Files", _odd.Chance(3) ? files[2..] : files));
        if (_odd.Chance(70))
            fields.Add(Field("Checksums-Sha256", Entries(64, "")));
        if (_odd.Chance(50))
            fields.Add(Field("Checksums-Sha1", Entries(40, "")));
    }

    private List<string> Shuffled(List<string> fields)
    {
        if (_odd.Chance(30))
            fields = [.. fields.OrderBy(_ => random.Next())];
        if (_odd.Chance(3))
            fields.RemoveAt(random.Next(fields.Count));
        if (_odd.Chance(2))
            fields.Add(fields[random.Next(fields.Count)]);
        return fields;
    }

    private string Finish(List<string> fields)
    {
        var text = string.Concat(Shuffled(fields));
        if (_odd.Chance(40))
            text = Signed(text);
        else if (_odd.Chance(10))
            text += _odd.Pick("\n", " \n\n", "\nsecond: paragraph\n", "\n# comment\n", "\ntext\n");
        return Disturbed(_odd.Chance(10) ? _odd.Pick("\n", "# comment\n", " \t\n", "#\n\n") + text : text);
    }

    private string Signed(string text)
    {
        string Mark(string mark) => mark + (_odd.Chance(5) ? _odd.Pick(" ", "\t", "\r", " \r", "x") : "") + "\n";
        var before = _odd.Chance(10) ? _odd.Pick("text\n", "# comment\n", "\n\n", "From: x\n") : "";
        var headers = _odd.Pick("Hash: SHA512\n", "", "Hash: SHA256\nComment: x\n", "Hash:\n") + _odd.Pick("\n", "\n", " \t\n");
        var after = _odd.Chance(30)
            ? _odd.Pick("-- \nfooter\n", "\n", "x: y\n", "\n\n_____\nlist\n", MessageBegin + "\n\nA: b\n", "# comment\n")
            : "";
        return before + Mark(MessageBegin) + headers + text + _odd.Pick("", "\n", "\n", "\n\n") + Mark(SignatureBegin)
            + _odd.Pick("\n", "Version: 1\n\n") + "iQ==\n=abcd\n" + Mark(SignatureEnd) + after;
    }

    private string Disturbed(string text)
    {
        if (_odd.Chance(10))
            text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
        if (_odd.Chance(3))
            text = text.TrimEnd('\n');
        return _odd.MaybeDisturb(text);
    }
}
