using System.Security.Cryptography;
using System.Text;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Debian.Relations;
using Buildd.Debian.Versions;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Debian;

/// <summary>All source and binary packages of this machine's archive, by its indexes, which are kept between runs.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
public sealed class WholeArchiveTests
{
    private const string Cache = "/var/cache/buildd/indexes";

    /// <summary>How many pairs of neighbours among the sorted versions dpkg judges.</summary>
    private const int Pairs = 1000;

    private static readonly string[] RelationFields =
    [
        "Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances", "Breaks", "Conflicts", "Replaces", "Provides", "Build-Depends",
        "Build-Depends-Arch", "Build-Depends-Indep", "Build-Conflicts", "Build-Conflicts-Arch", "Build-Conflicts-Indep",
    ];

    [SetUp]
    public void RequireTools()
    {
        foreach (var file in (string[])["/usr/share/perl5/Dpkg/Control.pm", "/usr/bin/xz"])
            Machine.Require(File.Exists(file), $"{file}: run 'make test', which installs it");
        Machine.Require(Environment.IsPrivilegedProcess, "root, for the folder where indexes are kept");
    }

    [Test]
    public async Task Every_source_package_is_read(CancellationToken cancellationToken)
    {
        var index = await IndexAsync("source/Sources", cancellationToken);
        var versions = new HashSet<string>(StringComparer.Ordinal);
        var relations = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        foreach (var stanza in Stanzas(index))
        {
            // The index has the fields of the .dsc, with another name for one of them, and the .dsc itself among the files.
            var text = Encoding.UTF8.GetString(index.AsSpan(stanza)).Split('\n').Select(line =>
                line.StartsWith("Package:", StringComparison.Ordinal) ? "Source:" + line["Package:".Length..] : line);
            var dsc = SourceControl.Read("x.dsc", Encoding.UTF8.GetBytes(string.Join('\n', text) + "\n"));
            Assert.That(dsc.Files.Count(file => file.Name.EndsWith(".dsc", StringComparison.Ordinal)), Is.EqualTo(1), dsc.Source);
            versions.Add(dsc.Version);
            Collect(dsc.Paragraph, relations);
            count++;
        }

        Assert.That(count, Is.GreaterThan(10_000));
        await CheckAsync(versions, relations, cancellationToken);
    }

    [Test]
    public async Task Every_binary_package_is_read_and_its_section_and_priority_known(CancellationToken cancellationToken)
    {
        var (_, architecture) = await BuildEnvironment.ReleaseAsync();
        var index = await IndexAsync($"binary-{architecture}/Packages", cancellationToken);
        var versions = new HashSet<string>(StringComparer.Ordinal);
        var relations = new HashSet<string>(StringComparer.Ordinal);
        var places = new HashSet<(string Section, string Priority)>();
        var count = 0;
        foreach (var part in Parts(Stanzas(index).ToList()))
        {
            foreach (var paragraph in ControlReader.Read("Packages", index.AsMemory(part)))
            {
                versions.Add(paragraph["Version"]!);
                places.Add((paragraph["Section"]!, paragraph["Priority"]!));
                Collect(paragraph, relations);
                count++;
            }
        }

        Assert.That(count, Is.GreaterThan(20_000));
        await CheckAsync(versions, relations, cancellationToken);
        await CheckPlacesAsync(places, cancellationToken);
    }

    private static void Collect(Paragraph paragraph, HashSet<string> relations) =>
        relations.UnionWith(RelationFields.Select(name => paragraph[name]).OfType<string>());

    private static async Task CheckAsync(
        HashSet<string> versions, HashSet<string> relations, CancellationToken cancellationToken)
    {
        Assert.That(versions.Where(text => Spelled(DebianVersion.Parse(text), text) != text), Is.Empty);
        var sorted = versions.OrderBy(DebianVersion.Parse, Comparer<DebianVersion>.Create((left, right) => left.CompareTo(right))).ToList();
        var step = Math.Max(1, sorted.Count / Pairs);
        var neighbours = sorted.Zip(sorted.Skip(1)).Where((_, index) => index % step == 0);
        Assert.That(await VersionJudge.DenyAsync(neighbours, cancellationToken), Is.Empty);

        var forms = relations.Select(text => (Text: text, Form: RelationComparison.Form(RelationGroup.ParseList(text)))).ToList();
        var others = forms.Where(pair => pair.Form != Plain(pair.Text)).ToList();
        var normal = await DpkgReader.ReadAsync("relations", [.. others.Select(pair => pair.Text)], cancellationToken);
        Assert.That(others.Zip(normal).Where(pair => pair.First.Form != pair.Second.Form), Is.Empty);
        TestContext.Out.WriteLine($"{versions.Count} versions, {relations.Count} lists of relations, {others.Count} by dpkg's normal form");
    }

    private static string Spelled(DebianVersion version, string text) =>
        (text.Contains(':', StringComparison.Ordinal) ? $"{version.Epoch}:" : "") + version.Upstream
        + (version.Revision.Length > 0 ? $"-{version.Revision}" : "");

    private static string Plain(string text) =>
        string.Join(' ', text.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd(',', ' ');

    /// <summary>What the checks of an upload say of a .changes in which all of them stand.</summary>
    private static async Task CheckPlacesAsync(
        HashSet<(string Section, string Priority)> places, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        var leaf = UploadLeaf.Make(folder["leaf"]);
        foreach (var (index, place) in places.Index())
            leaf.List($"x{index}_1_all.deb", place.Section, place.Priority);
        leaf.WriteChanges();
        var findings = (await new UploadCheck().CheckAsync(folder["leaf"], new UploadTarget(), cancellationToken)).Findings;

        var unknown = findings.Select(finding => finding.Text)
            .Where(text => text.Contains("unknown", StringComparison.Ordinal) || text.Contains("more findings", StringComparison.Ordinal));
        Assert.That(unknown, Is.Empty);
    }

    /// <summary>Where each stanza of an index is.</summary>
    private static IEnumerable<Range> Stanzas(byte[] index)
    {
        for (var start = 0; start < index.Length;)
        {
            var length = index.AsSpan(start).IndexOf("\n\n"u8);
            var end = length < 0 ? index.Length : start + length + 2;
            yield return start..end;
            start = end;
        }
    }

    /// <summary>Pieces that our reader takes as files.</summary>
    private static IEnumerable<Range> Parts(List<Range> stanzas)
    {
        for (var first = 0; first < stanzas.Count;)
        {
            var last = first;
            while (last + 1 < stanzas.Count && last + 1 - first < ControlLimits.MaxParagraphs
                && stanzas[last + 1].End.Value - stanzas[first].Start.Value <= ControlLimits.MaxFileBytes)
                last++;
            yield return stanzas[first].Start.Value..stanzas[last].End.Value;
            first = last + 1;
        }
    }

    /// <summary>An index of main, which is fetched when the archive has another than the one that is kept.</summary>
    private static async Task<byte[]> IndexAsync(string name, CancellationToken cancellationToken)
    {
        var (suite, _) = await BuildEnvironment.ReleaseAsync();
        var release = $"{(await BuildEnvironment.MirrorAsync()).TrimEnd('/')}/dists/{suite}";
        using var http = new HttpClient();
        var sum = (await http.GetStringAsync($"{release}/InRelease", cancellationToken)).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .First(words => words is [{ Length: 64 }, _, var file] && file == $"main/{name}.xz")[0];
        var path = Path.Combine(Directory.CreateDirectory(Cache).FullName, $"{sum}.xz");
        using (await BuildEnvironment.LockAsync(Path.Combine(Cache, "lock")))
        {
            if (!File.Exists(path))
            {
                var bytes = await http.GetByteArrayAsync($"{release}/main/{name}.xz", cancellationToken);
                Assert.That(Convert.ToHexStringLower(SHA256.HashData(bytes)), Is.EqualTo(sum), "the archive changes at this moment");
                await File.WriteAllBytesAsync(path + ".part", bytes, cancellationToken);
                File.Move(path + ".part", path, overwrite: true);
            }
        }

        using var plain = new MemoryStream(1 << 26);
        await ProcessRunner.RunSeparatedAsync(
            Command.Of("xz", "-dc", path), bytes => plain.Write(bytes), _ => { }, cancellationToken);
        return plain.ToArray();
    }
}
