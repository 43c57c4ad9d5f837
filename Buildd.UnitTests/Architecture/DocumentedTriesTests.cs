using System.Globalization;
using Buildd.Farm.Mail;
using Buildd.Master;
using Buildd.Master.Uploads;
using Buildd.Protocol.Client;
using Buildd.Slave.Files;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>The documents say how often things are tried; the code decides.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class DocumentedTriesTests
{
    private static readonly MasterOptions Master = new() { Root = "/" };

    private static readonly SlaveClientOptions Client = new() { Url = new Uri("http://h/") };

    private static IEnumerable<TestCaseData> Rows =>
    [
        Row("operating.md", "a file that a master names", $"| {Download.MaxRetries + 1} |", $"0, 1, 2 and 3 s"),
        Row("operating.md", "a file that a master names", $"up to {Download.MaxRetryAfter.TotalSeconds} s"),
        Row("buildd-farm.md", "a look at a slave", $"| {Master.ScansPerFailure} |"),
        Row("buildd-farm.md", "`ensurepresent`, `build`", $"{Master.FailureDelay.TotalSeconds} s, then"),
        Row("buildd-farm.md", "a file or log of a slave", $"| {Client.DownloadAttempts}, each"),
        Row("buildd-farm.md", "`abort`", $"for {Master.AbortTimeout.TotalSeconds} s"),
        Row("buildd-farm.md", "an upload", $"| {ProcessingUploadSink.RetryDelay.TotalSeconds} s |"),
        Row(
            "buildd-farm.md", "a mail that is not taken now", $"for {MailSpool.Lifetime.TotalDays} d",
            $"{MailSpool.FirstWait.TotalMinutes} min, then twice as long each time, up to {MailSpool.LongestWait.TotalHours} h"),
    ];

    [TestCaseSource(nameof(Rows))]
    public void A_table_says_what_the_code_does(string document, string row, string[] words)
    {
        var line = File.ReadLines(Path.Combine(Repository.Root, "docs", document))
            .Single(line => line.StartsWith($"| {row}", StringComparison.Ordinal));

        foreach (var word in words)
            Assert.That(line, Does.Contain(word));
    }

    [Test]
    public void The_waits_of_a_download_are_a_second_longer_each_time() =>
        Assert.That((Download.RetryDelay, Download.MaxRetries), Is.EqualTo((TimeSpan.FromSeconds(1), 4)));

    private static TestCaseData Row(string document, string row, params FormattableString[] words) => new(
        document, row, words.Select(word => word.ToString(CultureInfo.InvariantCulture)).ToArray());
}
