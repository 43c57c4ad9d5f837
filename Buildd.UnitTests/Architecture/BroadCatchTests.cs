using System.Text.RegularExpressions;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>
/// A mistake in code must reach the top and be seen. What catches everything stands in a short list, and serves others that must go on.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class BroadCatchTests
{
    /// <summary>The files that may catch everything once, with the reason.</summary>
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["Buildd.Backends/Steps/BuildPart.cs"] = "A build is cleaned up after whatever broke it; the build's log has it.",
        ["Buildd.Farm/Store/StoreWriter.cs"] = "The loop that writes serves others too; the caller that asked for the write gets it.",
        ["Buildd.Linux/Processes/OutputPump.cs"] = "A process hangs whose pipe isn't read on; the caller gets it at the end.",
        ["Buildd.Master/Bulkhead.cs"] = "A loop that ends takes its builders or all uploads with it; mistakes in code are logged as such.",
        ["Buildd.Slave/Http/RpcEndpoint.cs"] = "A call that breaks is one call; it is logged, and the next is answered.",
        ["Buildd.Slave/Lifecycle/BuildRun.cs"] = "A build that breaks is one build; it is logged, and the builder goes on.",
    };

    [Test]
    public void Only_these_files_catch_everything()
    {
        var broad = from path in SourceTextTests.Sources
                    let file = Path.GetRelativePath(Repository.Root, path)
                    where IsShipped(file)
                    from count in Enumerable.Range(0, CountBroad(File.ReadAllText(path)))
                    select file;

        Assert.That(broad.Order(StringComparer.Ordinal), Is.EqualTo(Reasons.Keys.Order(StringComparer.Ordinal)));
    }

    [TestCase("catch (Exception e) { }", 1)]
    [TestCase("catch (Exception) // why\n{\n}", 1)]
    [TestCase("catch { return false; }", 1)]
    [TestCase("catch (System.Exception e) { }", 1)]
    [TestCase("catch (Exception e) when (!stop.IsCancellationRequested) { }", 1)]
    [TestCase("catch (Exception e) when (e is not OperationCanceledException) { }", 1)]
    [TestCase("catch (Exception e) when (e is not (A or B)) { }", 1)]
    [TestCase("catch (Exception e) when (e is IOException\n    or TimeoutException) { }", 0)]
    [TestCase("catch (Exception e) when (Trouble.IsExpected(e) && !stop.IsCancellationRequested) { }", 0)]
    [TestCase("catch (IOException e) { }", 0)]
    [TestCase("catch\n{\n    file.Dispose(); // it is of use to nobody\n    throw;\n}", 0)]
    [TestCase("catch\n{\n    if (one)\n    {\n        throw;\n    }\n}", 1)]
    public void Those_count_that_neither_name_what_they_catch_nor_end_in_throwing_it_on(string text, int expected) =>
        Assert.That(CountBroad(text), Is.EqualTo(expected));

    private static bool IsShipped(string file) => file.Split('/')[0] is "Buildd.Backends" or "Buildd.Cli" or "Buildd.Daemon"
        or "Buildd.Debian" or "Buildd.Farm" or "Buildd.Linux" or "Buildd.Master" or "Buildd.Protocol" or "Buildd.Slave";

    private static int CountBroad(string text) => Catches().Matches(Comments().Replace(text, "")).Count(
        match => !Named().IsMatch(match.Groups["filter"].Value) && !match.Groups["throws"].Success);

    [GeneratedRegex("//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    /// <summary>A catch of everything, its filter, and whether its block, without one inside, ends in throwing on.</summary>
    [GeneratedRegex(
        """
        \bcatch\s*(\(\s*(System\.)?Exception(\s+\w+)?\s*\)\s*(when\s*(?<filter>\([^{]*\))\s*)?)?
        (?=\{)(?<throws>\{[^{}]*\bthrow\s*;\s*\})?
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Catches();

    /// <summary>A filter that names what it lets in: types, or a predicate that does.</summary>
    [GeneratedRegex("""^\(\s*(\w+\s+is\s+(?!not\b)|\w+\s+is\s+\(|(\w+\.)?Is[A-Z]\w*\(\w+\))""")]
    private static partial Regex Named();
}
