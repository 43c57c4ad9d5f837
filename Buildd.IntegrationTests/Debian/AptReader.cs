using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Reads lines of a sources.list with apt: thousands of files in two calls, since it names each file that is malformed.</summary>
internal static partial class AptReader
{
    /// <summary>How many files a call gets: apt compares each target with all others.</summary>
    private const int FilesPerCall = 250;

    /// <param name="inputs">The files' contents; each character stands for a byte.</param>
    /// <param name="ending">How the files' names end: <c>list</c> or <c>sources</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<IReadOnlyList<Reading>> ReadAsync(
        IReadOnlyList<string> inputs, string ending, CancellationToken cancellationToken)
    {
        var parts = inputs.Chunk(FilesPerCall).ToList();
        var read = new IReadOnlyList<Reading>[parts.Count];
        await Parallel.ForEachAsync(parts.Index(), cancellationToken, async (part, stop) =>
            read[part.Index] = await ReadPartAsync(part.Item, ending, stop));
        return [.. read.SelectMany(part => part)];
    }

    private static async Task<IReadOnlyList<Reading>> ReadPartAsync(string[] inputs, string ending, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder["parts"]);
        Directory.CreateDirectory(folder["lists/partial"]);
        // The machine's own configuration may add targets of other kinds, which take half of the time.
        await File.WriteAllTextAsync(
            folder["apt.conf"], "Dir::Etc::parts \"/dev/null\";\nDir::Etc::main \"/dev/null\";\nAcquire::Languages \"none\";\n",
            cancellationToken);
        string PathOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{folder["parts"]}/{index:00000}.{ending}");
        foreach (var (index, input) in inputs.Index())
            await File.WriteAllBytesAsync(PathOf(index), Encoding.Latin1.GetBytes(input), cancellationToken);

        var refused = new Dictionary<int, string>();
        string said;
        while (true)
        {
            bool isRead;
            (isRead, said) = await TargetsAsync(folder, cancellationToken);
            if (isRead)
                break;
            var before = refused.Count;
            foreach (Match match in Complaint().Matches(said))
            {
                var index = int.Parse(match.Groups["index"].ValueSpan, CultureInfo.InvariantCulture);
                refused[index] = match.Value;
                File.Delete(PathOf(index));
            }

            if (refused.Count == before)
                throw new InvalidOperationException($"apt reads none of it: {said}");
        }

        var read = Target().Matches(said).ToLookup(
            match => int.Parse(match.Groups["index"].ValueSpan, CultureInfo.InvariantCulture), match => match.Groups["rest"].Value);
        return [.. inputs.Select((_, index) => refused.TryGetValue(index, out var reason)
            ? new Reading(null, reason)
            : new Reading(string.Join('\n', read[index].Distinct().Order(StringComparer.Ordinal)), ""))];
    }

    private static async Task<(bool IsRead, string Said)> TargetsAsync(TemporaryDirectory folder, CancellationToken cancellationToken)
    {
        const string Format = "target $(SOURCESENTRY) $(CREATED_BY) $(TARGET_OF) $(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)";
        var output = new List<byte>();
        var command = Command.Of(
            "apt-get", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", $"Dir::Etc::sourceparts={folder["parts"]}",
            "-o", $"Dir::State::lists={folder["lists"]}", "-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64",
            "indextargets", "--no-release-info", "--format", Format)
            .WithEnvironment("LC_ALL", "C").WithEnvironment("APT_CONFIG", folder["apt.conf"]);
        var result = await ProcessRunner.RunAsync(command, bytes => output.AddRange(bytes), null, cancellationToken);
        return (result.Succeeded, Encoding.Latin1.GetString([.. output]));
    }

    [GeneratedRegex(@".*/parts/(?<index>[0-9]{5})\.[a-z]+.*")]
    private static partial Regex Complaint();

    [GeneratedRegex(@"^target .*/parts/(?<index>[0-9]{5})\.[a-z]+:[0-9]+ (?<rest>(Packages|Sources) .*)$", RegexOptions.Multiline)]
    private static partial Regex Target();
}
