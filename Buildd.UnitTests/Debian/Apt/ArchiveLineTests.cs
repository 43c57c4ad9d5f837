using Buildd.Debian.Apt;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Apt;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchiveLineTests
{
    [TestCase(
        "deb http://d/debian bookworm main", "Types: deb\nURIs: http://d/debian\nEnabled: yes\nSuites: bookworm\nComponents: main\n\n")]
    [TestCase(
        "deb-src \t http://d/  bookworm-updates\tmain contrib ",
        "Types: deb-src\nURIs: http://d/\nEnabled: yes\nSuites: bookworm-updates\nComponents: main contrib\n\n")]
    [TestCase(
        "deb [include=hello,foo exclude+=bar] http://d/ sid main",
        "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: sid\nComponents: main\nInclude: hello foo\nExclude-Add: bar\n\n")]
    [TestCase("deb http://d/ ./", "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: ./\n\n")]
    [TestCase(
        "deb [arch=amd64,i386 trusted=yes] http://u:p@d/ noble main",
        "Types: deb\nURIs: http://u:p@d/\nEnabled: yes\nSuites: noble\nComponents: main\nArchitectures: amd64 i386\nTrusted: yes\n\n")]
    [TestCase(
        "deb [ signed-by=/a.gpg Arch-=i386 lang+=de ] file:/srv/d noble main",
        "Types: deb\nURIs: file:/srv/d\nEnabled: yes\nSuites: noble\nComponents: main\nSigned-By: /a.gpg\nArchitectures-Remove: "
            + "i386\nLanguages-Add: de\n\n")]
    [TestCase(
        "deb http://d/ bookworm main # local",
        "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: bookworm\nComponents: main\n\n")]
    [TestCase(
        " deb\thttp://d/ bookworm main#local\r\n",
        "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: bookworm\nComponents: main\n\n")]
    [TestCase(
        "deb http://d/ x y[[#]z #] w",
        "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: x\nComponents: y[[#]z #] w\n\n")]
    [TestCase("deb http://d/ ./ # flat", "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: ./\n\n")]
    [TestCase(
        "deb [ arch=amd64 ]\"http://d/a b\" \"bookworm\" m%61in",
        "Types: deb\nURIs: http://d/a%20b\nEnabled: yes\nSuites: bookworm\nComponents: main\nArchitectures: amd64\n\n")]
    [TestCase(
        "deb [ ] http://[::1]/%7e bookworm main",
        "Types: deb\nURIs: http://[::1]/%7e\nEnabled: yes\nSuites: bookworm\nComponents: main\n\n")]
    [TestCase(
        "deb [lang=a#b] http://d/ bookworm main",
        "Types: deb\nURIs: http://d/\nEnabled: yes\nSuites: bookworm\nComponents: main\nLanguages: a#b\n\n")]
    public void A_line_is_a_stanza(string line, string stanza) => Assert.That(ArchiveLine.Parse(line).ToStanza(), Is.EqualTo(stanza));

    [TestCase("", "does not begin with deb")]
    [TestCase("# deb http://d/ bookworm main", "does not begin with deb")]
    [TestCase("rpm http://d/ bookworm main", "does not begin with deb")]
    [TestCase("deb\r http://d/ bookworm main", "does not begin with deb")]
    [TestCase("\fdeb http://d/ bookworm main", "does not begin with deb")]
    [TestCase("deb", "no URI")]
    [TestCase("deb secret bookworm main", "no URI")]
    [TestCase("deb /secret bookworm main", "no URI")]
    [TestCase("deb http://u:secret@d/", "no suite")]
    [TestCase("deb http://u:secret@d/ bookworm", "no components")]
    [TestCase("deb http://u:secret@d/ ./ main", "ends with a slash")]
    [TestCase("deb [trusted=yes http://u:secret@d/ bookworm main", "an option is not NAME=VALUE")]
    [TestCase("deb [trusted=yes", "the options have no end")]
    [TestCase("deb [secret] http://d/ bookworm main", "an option is not NAME=VALUE")]
    [TestCase("deb [=secret] http://d/ bookworm main", "an option is not NAME=VALUE")]
    [TestCase("deb [trusted=] http://u:secret@d/ bookworm main", "an option is not NAME=VALUE")]
    [TestCase("deb http://u:secret@d/ \"\" main", "is empty")]
    [TestCase("deb http://u:secret@d/ \"a b\" main", "white space in the name")]
    [TestCase("deb http://u:secret@d/ a%20b main", "an escape stands for")]
    [TestCase("deb http://u:secret@d/ bookworm \"main", "has no end")]
    [TestCase("deb http://u:secret@d#x bookworm main", "no suite")]
    [TestCase("deb http://u:secret@d/ bookworm main\ndeb http://evil x main", "control character")]
    public void What_is_no_line_is_told_without_what_is_in_it(string line, string reason) => Assert.That(
        () => ArchiveLine.Parse(line), Throws.TypeOf<ArchiveLineException>().With.Message.Contains(reason)
            .And.Message.Not.Contains("secret"));

    [TestCase("", true)]
    [TestCase(" \t\r\n", true)]
    [TestCase("# deb http://d/ bookworm main", true)]
    [TestCase("\t#", true)]
    [TestCase("#\ndeb http://evil x main", false)]
    [TestCase("\f", false)]
    [TestCase("deb", false)]
    public void A_line_that_apt_passes_over_is_blank(string line, bool isBlank) =>
        Assert.That(ArchiveLine.IsBlank(line), Is.EqualTo(isBlank));

    [Test]
    public void Options_of_later_versions_of_apt_do_not_cost_an_archive() => Assert.That(
        File.ReadLines(Cases.PathOf("archives-include-exclude", "archives.txt")).SelectMany(line => ArchiveLine.Parse(line).UnknownOptions),
        Is.Empty);

    [Test]
    public void A_line_of_any_length_is_not_taken() => Assert.That(
        () => ArchiveLine.Parse("deb http://d/ bookworm " + new string('a', ArchiveLine.MaxCharacters)),
        Throws.TypeOf<ArchiveLineException>().With.Message.Contains("characters"));

    [TestCase("deb [colour=red arch=amd64] http://d/ x main", "colour")]
    [TestCase("deb [trusted+=yes] http://d/ x main", "trusted+")]
    [TestCase("deb [arch=amd64] http://d/ x main")]
    public void Options_that_are_not_known_are_named(string line, params string[] names)
    {
        var archive = ArchiveLine.Parse(line);

        Assert.That(archive.UnknownOptions, Is.EqualTo(names));
        if (names.Length > 0)
            Assert.That(archive.ToStanza, Throws.TypeOf<ArchiveLineException>().With.Message.Contains(names[0]));
    }

    [TestCase("http://d/a", "http://d/a")]
    [TestCase("http://u:p@d/a", "http://d/a")]
    [TestCase("https://token@d:8080/a@b", "https://d:8080/a@b")]
    [TestCase("http://:p@d", "http://d")]
    [TestCase("http://u%3ap%40d/x%40y", "http://d/x%40y")]
    [TestCase("http://u:a/b@d/x", "http://d/x")]
    [TestCase("http://u:a@b@d/x", "http://d/x")]
    [TestCase("http://d:80/x@y", "http://d:80/x@y")]
    [TestCase("http://[::1]:80/x@y", "http://[::1]:80/x@y")]
    [TestCase("file:/x@y", "file:/x@y")]
    public void Credentials_are_taken_out(string uri, string without)
    {
        var archive = ArchiveLine.Parse($"deb [arch=amd64] {uri} x main");

        Assert.That(ArchiveLine.WithoutCredentials(uri), Is.EqualTo(without));
        Assert.That(archive.HasCredentials, Is.EqualTo(uri != without));
        Assert.That(archive.ToString(), Is.EqualTo($"deb [arch=amd64] {without} x main"));
    }

    [Test]
    public async Task Apt_reads_a_stanza_as_the_line_it_was_made_of(CancellationToken cancellationToken)
    {
        Machine.Require(File.Exists("/usr/bin/apt-get"), "apt");
        const string Line = "deb [arch=amd64,i386 lang=en allow-insecure=yes] http://u:p@d.example/debian bookworm main contrib";
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder["a.list"], Line + "\n", cancellationToken);
        await File.WriteAllTextAsync(folder["b.sources"], ArchiveLine.Parse(Line).ToStanza(), cancellationToken);

        var ofLine = await TargetsAsync(folder, "a.list");
        Assert.That(ofLine, Does.Contain("contrib/binary-i386/Packages"));
        Assert.That(await TargetsAsync(folder, "b.sources"), Is.EqualTo(ofLine));
    }

    private static Task<string> TargetsAsync(TemporaryDirectory folder, string file) => ProcessRunner.CaptureAsync(Command.Of(
        "apt-get", "-o", $"Dir::Etc::sourcelist={folder[file]}", "-o", "Dir::Etc::sourceparts=-", "-o", $"Dir::State::lists={folder.Path}",
        "indextargets", "--no-release-info", "--format", "$(METAKEY) $(REPO_URI) $(CREATED_BY) $(ALLOW-INSECURE)"));
}
