using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Files;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class UnixFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Each_kind_is_told_from_the_others()
    {
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", "cd $0; : > file; mkdir folder; ln -s file link; ln -s none dangling; mkfifo pipe", _folder.Path));

        Assert.Multiple(() =>
        {
            Assert.That(UnixFile.KindOf(_folder["none"]), Is.EqualTo(FileKind.Missing));
            Assert.That(UnixFile.KindOf(_folder["file"]), Is.EqualTo(FileKind.Regular));
            Assert.That(UnixFile.KindOf(_folder["folder"]), Is.EqualTo(FileKind.Folder));
            Assert.That(UnixFile.KindOf(_folder["link"]), Is.EqualTo(FileKind.Link));
            Assert.That(UnixFile.KindOf(_folder["dangling"]), Is.EqualTo(FileKind.Link));
            Assert.That(UnixFile.KindOf(_folder["pipe"]), Is.EqualTo(FileKind.Special));
            Assert.That(UnixFile.KindOf("/dev/null"), Is.EqualTo(FileKind.Special));
            Assert.That(UnixFile.KindOf(_folder["file/below"]), Is.EqualTo(FileKind.Missing));
        });
    }

    [Test]
    public async Task A_file_that_a_person_names_is_opened_through_links_and_a_pipe_is_not_waited_for()
    {
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", "cd $0; echo content > file; mkdir folder; ln -s file link; mkfifo pipe", _folder.Path));

        using (var file = new StreamReader(UnixFile.OpenNamed(_folder["link"])))
            Assert.That(await file.ReadToEndAsync(), Is.EqualTo("content\n"));
        Assert.That(() => UnixFile.OpenNamed(_folder["pipe"]), Throws.InstanceOf<IOException>().With.Message.Contains("it is a pipe"));
        Assert.That(() => UnixFile.OpenNamed(_folder["folder"]), Throws.InstanceOf<IOException>().With.Message.Contains("it is a folder"));
        Assert.That(() => UnixFile.OpenNamed("/dev/zero"), Throws.InstanceOf<IOException>().With.Message.Contains("a device"));
        Assert.That(() => UnixFile.OpenNamed(_folder["none"]), Throws.InstanceOf<FileNotFoundException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(100)]
    public void A_file_up_to_the_limit_is_read(int length)
    {
        File.WriteAllText(_folder["file"], new string('x', length));

        Assert.That(
            UnixFile.ReadSmall(_folder["file"], 100), Is.EqualTo((new string('x', length).Select(c => (byte)c).ToArray(), (string?)null)));
    }

    [Test]
    public void A_file_above_the_limit_is_not_read()
    {
        File.WriteAllText(_folder["file"], new string('x', 101));

        Assert.That(UnixFile.ReadSmall(_folder["file"], 100), Is.EqualTo(((byte[]?)null, "it has 101 bytes; 100 are the most")));
    }

    [Test]
    public void A_file_that_is_not_there_is_no_mistake() =>
        Assert.That(UnixFile.ReadSmall(_folder["none"], 100), Is.EqualTo(((byte[]?)null, (string?)null)));

    [TestCase("ln -s /etc/passwd file", "link")]
    [TestCase("mkfifo file", "pipe")]
    [TestCase("mkdir file", "folder")]
    [TestCase("ln -s /dev/zero file", "link")]
    public async Task What_is_no_file_is_not_opened(string script, string mistake)
    {
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", script) with { WorkingDirectory = _folder.Path });

        Assert.That(UnixFile.ReadSmall(_folder["file"], 100).Content, Is.Null);
        Assert.That(UnixFile.ReadSmall(_folder["file"], 100).Mistake, Does.Contain(mistake));
    }

    [Test]
    public async Task A_name_that_changes_all_the_time_never_leads_elsewhere_and_holds_nothing_up()
    {
        File.WriteAllText(_folder["secret"], "secret");
        File.WriteAllText(_folder["good"], "good");
        await using var scope = ProcessScope.Open("exchange");
        using var stop = new CancellationTokenSource();
        var exchanging = ProcessRunner.RunAsync(
            Command.Of(
                "sh", "-c", "while :; do ln -s secret l; mv -f l file; mkfifo p; mv -f p file; cp good g; mv -f g file; "
                    + "done") with
            { WorkingDirectory = _folder.Path },
            _ => { }, scope, stop.Token);

        var seen = new HashSet<string>();
        while (seen.Count < 3)
        {
            TestContext.CurrentContext.CancellationToken.ThrowIfCancellationRequested();
            var (content, mistake) = UnixFile.ReadSmall(_folder["file"], 100);
            seen.Add(content is null ? mistake ?? "not there" : System.Text.Encoding.UTF8.GetString(content));
        }

        await stop.CancelAsync();
        Assert.That(async () => await exchanging, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(seen, Does.Not.Contain("secret"));
    }
}
