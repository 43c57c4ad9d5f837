using System.IO.Compression;
using System.Text;
using Buildd.Cli.Commands;
using Buildd.Master.Builds;
using Buildd.Master.Logs;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Logs of any length are shown at a cost that a person expects.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LogPrinterTests : IDisposable
{
    private static readonly Build Running =
        new NewBuild { JobType = "X", Title = "x" }.ToBuild(7, 1, default).Dispatched("bob", default);

    private static readonly Build Ended = Running with { LogName = "buildlog.txt.gz" };

    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _output = new();
    private readonly LogStore _logs;

    public LogPrinterTests()
    {
        _logs = new LogStore(_folder.Path);
        Directory.CreateDirectory(_folder["X-7/1"]);
    }

    private string StoredPath => _folder["X-7/1/buildlog.txt.gz"];

    public void Dispose()
    {
        _output.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task A_stored_log_that_was_shown_is_not_unpacked_again()
    {
        var printer = new LogPrinter(_logs, _output);
        Store("first\nsecond\n");
        await printer.PrintAsync(Ended, default);
        await File.WriteAllTextAsync(StoredPath, "no gzip");

        Assert.That(await printer.PrintAsync(Ended, default));
        Assert.That(_output.ToString(), Is.EqualTo("first\nsecond\n"));
    }

    [Test]
    public async Task A_log_that_was_shown_while_it_grew_is_not_unpacked_when_nothing_was_added()
    {
        var printer = new LogPrinter(_logs, _output);
        await File.WriteAllTextAsync(_folder["X-7/1.log"], "first\nsecond\n");
        await printer.PrintAsync(Running, default);
        File.Delete(_folder["X-7/1.log"]);
        Store("first\nsecond\n");
        Spoil();

        Assert.That(await printer.PrintAsync(Ended, default));
        Assert.That(_output.ToString(), Is.EqualTo("first\nsecond\n"));
    }

    [Test]
    public async Task The_rest_of_a_log_comes_from_the_stored_one()
    {
        var printer = new LogPrinter(_logs, _output);
        await File.WriteAllTextAsync(_folder["X-7/1.log"], "first\nsec");
        await printer.PrintAsync(Running, default);
        File.Delete(_folder["X-7/1.log"]);
        Store("first\nsecond\n");

        await printer.PrintAsync(Ended, default);

        Assert.That(_output.ToString(), Is.EqualTo("first\nsecond\n"));
    }

    [Test]
    public async Task The_last_lines_are_those_that_tail_shows(
        [Values] bool isStored, [Values(1, 2, 3, 1000, 5000)] int lines, [Values] bool isWhole, [Values(0, 1, 3000)] int count)
    {
        // Lines of uneven length: their ends fall everywhere in the pieces that are read.
        var all = Enumerable.Range(0, count).Select(i => $"line {i} {new string('x', i % 173)}").ToList();
        var text = string.Join('\n', all) + (isWhole && count > 0 ? "\n" : "");
        if (isStored)
            Store(text);
        else
            await File.WriteAllTextAsync(_folder["X-7/1.log"], text);

        await new LogPrinter(_logs, _output, lines).PrintAsync(isStored ? Ended : Running, default);

        var expected = string.Join('\n', all.TakeLast(lines)) + (isWhole && count > 0 ? "\n" : "");
        Assert.That(_output.ToString(), Is.EqualTo(expected));
    }

    [Test]
    public async Task After_its_last_lines_a_log_is_followed()
    {
        var printer = new LogPrinter(_logs, _output, 1);
        await File.WriteAllTextAsync(_folder["X-7/1.log"], "first\nsecond\n");
        await printer.PrintAsync(Running, default);
        await File.AppendAllTextAsync(_folder["X-7/1.log"], "third\n");
        await printer.PrintAsync(Running, default);

        Assert.That(_output.ToString(), Is.EqualTo("second\nthird\n"));
    }

    [Test]
    public void The_length_of_a_stored_log_is_known_without_unpacking_it()
    {
        Assert.That(_logs.StoredLength(Ended), Is.Null);
        Store("abc\n");
        Spoil();

        Assert.That(_logs.StoredLength(Ended), Is.EqualTo(4));
        Assert.That(_logs.StoredLength(Running), Is.Null);
    }

    private void Store(string text)
    {
        using var packed = new GZipStream(File.Create(StoredPath), CompressionLevel.Fastest);
        packed.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Makes it one that can't be unpacked.</summary>
    private void Spoil()
    {
        var bytes = File.ReadAllBytes(StoredPath);
        bytes.AsSpan(0, bytes.Length - 8).Clear();
        File.WriteAllBytes(StoredPath, bytes);
    }
}
