using System.Security.Cryptography;
using System.Text;

namespace Buildd.Testing.Packages;

/// <summary>A leaf with what a build of hello 2.10-3 for amd64 left, as good as real until a test spoils it.</summary>
public sealed class UploadLeaf
{
    public const string ChangesName = "hello_2.10-3_amd64.changes";
    public const string DebName = "hello_2.10-3_amd64.deb";
    public const string BuildInfoName = "hello_2.10-3_amd64.buildinfo";

    private readonly List<(string Name, string Section, string Priority)> _listed = [];

    private UploadLeaf(string path) => Path = path;

    public string Path { get; }

    /// <summary>The fields of the <c>.changes</c> that no file makes; null leaves one out.</summary>
    public Dictionary<string, string?> Fields { get; } = new()
    {
        ["Format"] = "1.8",
        ["Date"] = "Mon, 01 Jan 2024 00:00:00 +0000",
        ["Source"] = "hello",
        ["Binary"] = "hello",
        ["Architecture"] = "amd64",
        ["Version"] = "2.10-3",
        ["Distribution"] = "bookworm",
        ["Urgency"] = "medium",
        ["Maintainer"] = "Test Author <test@example.org>",
        ["Changed-By"] = "Jane Doe <jane@example.org>",
        ["Changes"] = "\n hello (2.10-3) bookworm; urgency=medium\n .\n   * Built.",
    };

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>An empty one.</summary>
    public static UploadLeaf Make(string path) => new(Directory.CreateDirectory(path).FullName);

    /// <summary>One with a package and a <c>.buildinfo</c>, and the <c>.changes</c> of both.</summary>
    public static UploadLeaf MakeGood(string path, string version = "2.10-3", string priority = "optional")
    {
        var leaf = Make(path);
        leaf.Fields["Version"] = version;
        var control = DebFile.ControlOf("hello", version, "amd64", $"Section: devel\nPriority: {priority}\n");
        leaf.AddDeb($"hello_{version}_amd64.deb", control, priority: priority);
        leaf.Add($"hello_{version}_amd64.buildinfo", $"Format: 1.0\nSource: hello\nVersion: {version}\n");
        leaf.WriteChanges($"hello_{version}_amd64.changes");
        return leaf;
    }

    public void AddDeb(string name, string control, string section = "devel", string priority = "optional") =>
        AddDeb(name, new DebFile { Control = control }, section, priority);

    public void AddDeb(string name, DebFile deb, string section = "devel", string priority = "optional")
    {
        deb.Write(this[name]);
        List(name, section, priority);
    }

    public void Add(string name, string content, string section = "devel", string priority = "optional")
    {
        File.WriteAllText(this[name], content);
        List(name, section, priority);
    }

    /// <summary>Lists a file, which may be there or not.</summary>
    public void List(string name, string section = "devel", string priority = "optional") => _listed.Add((name, section, priority));

    public void Forget(string name) => _listed.RemoveAll(file => file.Name == name);

    /// <summary>Writes the <c>.changes</c>; of files that are not there, with the sums of nothing.</summary>
    public void WriteChanges(string name = ChangesName, Func<string, string>? spoil = null)
    {
        var text = ChangesText();
        File.WriteAllText(this[name], spoil?.Invoke(text) ?? text);
    }

    public string ChangesText()
    {
        var text = new StringBuilder();
        foreach (var (field, value) in Fields.Where(pair => pair.Value is not null))
            text.Append(field).Append(':').Append(value!.StartsWith('\n') ? "" : " ").Append(value).Append('\n');
        text.Append("Checksums-Sha1:\n");
        foreach (var (name, _, _) in _listed)
            text.Append($" {Sum(SHA1.HashData, name)} {Content(name).Length} {name}\n");
        text.Append("Checksums-Sha256:\n");
        foreach (var (name, _, _) in _listed)
            text.Append($" {Sum(SHA256.HashData, name)} {Content(name).Length} {name}\n");
        text.Append("Files:\n");
        foreach (var (name, section, priority) in _listed)
            text.Append($" {Sum(MD5.HashData, name)} {Content(name).Length} {section} {priority} {name}\n");
        return text.ToString();
    }

    private byte[] Content(string name) => File.Exists(this[name]) ? File.ReadAllBytes(this[name]) : [];

    private string Sum(Func<byte[], byte[]> hash, string name) => Convert.ToHexStringLower(hash(Content(name)));
}
