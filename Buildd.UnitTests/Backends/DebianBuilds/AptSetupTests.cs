using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Debian.Apt;
using Buildd.Protocol.Messages;
using Buildd.Slave.Logs;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.DebianBuilds;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class AptSetupTests : IDisposable
{
    private const string Stanza = "Types: deb\nURIs: http://d/debian\nEnabled: yes\nSuites: stable\nComponents: main\n\n";
    private const string SourcesList = "/etc/apt/sources.list";
    private const string SourcesFile = "/etc/apt/sources.list.d/lp-buildd.sources";

    private readonly ScriptedSystem _system = new() { Personality = new Personality("amd64", "precise") };
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly BuildLog _log;

    public AptSetupTests() => _log = new BuildLog(LogFile.Create(_folder["log"], _folder.Path, new BuildLogOptions()), [], _time);

    private string LogText => File.ReadAllText(_folder["log"]);

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [TestCase("trusty")]
    [TestCase("xenial")]
    [TestCase("bionic")]
    [TestCase("focal")]
    [TestCase("jammy")]
    [TestCase("precise")]
    [TestCase("jessie")]
    [TestCase("trusty-proposed")]
    [TestCase("wheezy-backports")]
    public async Task Old_series_get_lines_as_they_came(string series)
    {
        await Setup(series)
            .WriteSourcesAsync(Lines("deb [colour=red]  http://d/debian stable main", "deb-src http://d/ ./"), null, default);

        Assert.That(_system.Files[SourcesList], Is.EqualTo("deb [colour=red]  http://d/debian stable main\ndeb-src http://d/ ./\n"));
        Assert.That(_system.Files.Keys, Has.None.EqualTo(SourcesFile));
        Assert.That(_system.Ran.Select(ran => ran.Description), Is.EqualTo((string[])["look for /etc/apt/preferences.d in the chroot"]));
    }

    [TestCase("noble")]
    [TestCase("mantic")]
    [TestCase("stretch")]
    [TestCase("bookworm")]
    [TestCase("sid")]
    public async Task Other_series_get_stanzas_in_the_place_of_what_was_there(string series)
    {
        await Setup(series).WriteSourcesAsync(Lines("deb http://d/debian stable main"), null, default);

        Assert.That(_system.Files[SourcesFile], Is.EqualTo(Stanza));
        Assert.That(_system.Files.Keys, Has.None.EqualTo(SourcesList));
        Assert.That(
            _system.Ran[0].Command.Arguments[1], Does.StartWith("rm -f /etc/apt/sources.list ").And.Contain("ubuntu.sources"));
    }

    [Test]
    public async Task Options_and_pins_are_the_reference_s_and_there_is_no_proxy_unless_one_is_named()
    {
        await Setup("noble").WriteSourcesAsync(Lines("deb http://d/debian stable main"), null, default);

        Assert.Multiple(() =>
        {
            Assert.That(_system.Files["/etc/apt/apt.conf.d/99retries"], Is.EqualTo("Acquire::Retries \"3\";\n"));
            Assert.That(_system.Files["/etc/apt/apt.conf.d/99phasing"], Is.EqualTo("APT::Get::Always-Include-Phased-Updates \"true\";\n"));
            Assert.That(
                _system.Files["/etc/apt/preferences.d/proposed.pref"],
                Is.EqualTo("Package: *\nPin: release a=*-proposed\nPin-Priority: 500\n"));
            Assert.That(
                _system.Files["/etc/apt/preferences.d/backports.pref"],
                Is.EqualTo("Package: *\nPin: release a=*-backports\nPin-Priority: 500\n"));
            Assert.That(_system.Files, Has.Count.EqualTo(5));
        });
    }

    [Test]
    public async Task A_proxy_is_named_to_apt()
    {
        await Setup("noble").WriteSourcesAsync(Lines("deb http://d/debian stable main"), "http://proxy:3128/", default);

        Assert.That(_system.Files["/etc/apt/apt.conf.d/99proxy"], Is.EqualTo("Acquire::http::Proxy \"http://proxy:3128/\";\n"));
    }

    [Test]
    public async Task A_line_with_an_unknown_option_is_told_of_and_left_out()
    {
        await Setup("noble")
            .WriteSourcesAsync(Lines("deb [colour=red] http://u:secret@d/ x main", "deb http://d/debian stable main"), null, default);

        Assert.That(_system.Files[SourcesFile], Is.EqualTo(Stanza));
        Assert.That(LogText, Does.Contain("(colour): deb [colour=red] http://d/ x main\n").And.Not.Contain("secret"));
    }

    [TestCase]
    [TestCase("deb [colour=red] http://d/ x main")]
    public void Without_an_archive_the_chroot_is_what_has_failed(params string[] lines) => Assert.That(
        () => Setup("noble").WriteSourcesAsync(Lines(lines), null, default),
        Throws.TypeOf<PhaseFailedException>().With.Message.Contains("nothing to install from").And.Property("Status")
            .EqualTo(BuildStatus.ChrootFail));

    [Test]
    public async Task A_password_is_written_to_memory_and_to_no_file_and_no_log()
    {
        await Setup("noble").WriteSourcesAsync(Lines("deb http://u:secret@d/ x main"), "http://u:secret@proxy/", default);

        var written = _system.Ran.Where(ran => ran.Input.Contains("secret", StringComparison.Ordinal)).ToList();
        Assert.That(
            written.Select(ran => ran.Command.Arguments[^1]),
            Is.EqualTo((string[])["/dev/shm/buildd-lp-buildd.sources", "/dev/shm/buildd-99proxy"]));
        Assert.That(written.Select(ran => ran.Command.ToString() + ran.Description), Has.None.Contains("secret"));
        Assert.That(_system.Files.Values, Has.None.Contains("secret"));
        Assert.That(LogText, Is.Empty);
    }

    [Test]
    public async Task What_was_in_memory_is_written_there_again_when_that_is_new()
    {
        var setup = Setup("noble");
        await setup.WriteSourcesAsync(Lines("deb http://u:secret@d/ x main"), "http://proxy/", default);
        var before = _system.Ran.Where(ran => ran.Input.Contains("secret", StringComparison.Ordinal)).ToList();
        _system.Ran.Clear();

        await setup.WriteSecretsAgainAsync(default);

        var again = _system.Ran.Where(ran => ran.Input.Length > 0).ToList();
        Assert.That(
            again.Select(ran => (ran.Command.ToString(), ran.Input)),
            Is.EqualTo(before.Select(ran => (ran.Command.ToString(), ran.Input))));
        Assert.That(again, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_password_is_on_the_disk_for_root_alone_where_there_is_no_such_memory()
    {
        _system.Answer = command => command.Arguments[1].Contains("tmpfs", StringComparison.Ordinal) ? 1 : 0;

        await Setup("focal").WriteSourcesAsync(Lines("deb http://u:secret@d/ x main"), null, default);

        var (command, _, input) = _system.Ran.Last(ran => ran.Input.Length > 0);
        Assert.That(command.Arguments, Is.EqualTo((string[])["-c", """umask 077; rm -f "$1" && cat > "$1" """, "sh", SourcesList]));
        Assert.That(input, Is.EqualTo("deb http://u:secret@d/ x main\n"));
        Assert.That(LogText, Does.Contain("it is written to the disk, for root alone"));
    }

    [Test]
    public void A_password_that_can_be_written_nowhere_ends_the_build()
    {
        _system.Answer = command => command.File == "/bin/sh" && command.Arguments[1].Contains("cat >", StringComparison.Ordinal) ? 2 : 0;

        Assert.That(
            () => Setup("focal").WriteSourcesAsync(Lines("deb http://u:secret@d/ x main"), null, default),
            Throws.TypeOf<PhaseFailedException>().With.Message.Contains("exit code 2"));
    }

    [Test]
    public async Task Keys_are_one_file_without_armour_and_their_fingerprints_are_logged()
    {
        byte[] bare = [0x98, 6, 4, 1, 2, 3, 4, 5, 0xB4, 1, (byte)'A'];
        var armoured = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + Convert.ToBase64String(bare) + "\n-----END PGP PUBLIC KEY BLOCK-----\n";

        await Setup("noble").WriteKeysAsync([bare, System.Text.Encoding.ASCII.GetBytes(armoured)], default);

        Assert.That(_system.Files.Keys, Is.EqualTo((string[])["/etc/apt/trusted.gpg.d/launchpad-buildd.gpg"]));
        Assert.That(_system.Files.Values.Single(), Is.EqualTo(System.Text.Encoding.Latin1.GetString([.. bare, .. bare])));
        Assert.That(LogText, Does.Match("^(apt trusts [0-9A-F]{40} A\n){2}$"));
    }

    [Test]
    public void A_key_that_is_none_ends_the_build_and_is_told_which_it_is() => Assert.That(
        () => Setup("noble").WriteKeysAsync([new byte[] { 0x98, 6 }], default),
        Throws.TypeOf<PhaseFailedException>().With.Message.Contains("entry 1 of 'trusted_keys'").And.Property("Status")
            .EqualTo(BuildStatus.ChrootFail));

    [Test]
    public async Task Lists_that_can_not_be_fetched_are_asked_for_once_more_after_15_seconds(CancellationToken cancellationToken)
    {
        var failures = 1;
        _system.Answer = command => command.Arguments.Contains("update") && failures-- > 0 ? 100 : 0;

        var update = Setup("precise").UpdateAsync(cancellationToken);
        Assert.That(_system.Ran, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.That(_system.Ran, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await update;

        const string Update = "linux64 --uname-2.6 apt-get -uy -o APT::Update::Error-Mode=any update";
        Assert.That(_system.Ran.Select(ran => ran.Command.ToString()), Is.EqualTo((string[])
            [Update, Update, "linux64 --uname-2.6 apt-get -o DPkg::Options::=--force-confold -uy --purge dist-upgrade"]));
    }

    [TestCase("W: Failed to fetch http://d/dists/x/Release  Could not connect\n")]
    [TestCase("Reading package lists...\nW: Some index files failed to download, they have been ignored, or old ones used instead.\n")]
    public async Task An_old_apt_that_only_warns_of_lists_that_it_has_not_is_believed_the_warning(string words)
    {
        var failures = 1;
        _system.Says = command => command.Arguments.Contains("update") && failures-- > 0 ? words : "W: something else\n";

        var update = Setup("buster").UpdateAsync(default);
        _time.Advance(TimeSpan.FromSeconds(15));
        await update;

        Assert.That(_system.Ran.Count(ran => ran.Command.Arguments.Contains("update")), Is.EqualTo(2));
        Assert.That(LogText, Does.StartWith(words + "The package lists could not be fetched; once more in 15 s\n"));
    }

    [TestCase("lenny", "deb http://d/debian stable main\n", true)]
    [TestCase("lucid", "deb http://d/debian stable main\n", true)]
    [TestCase("squeeze", "deb [trusted=yes]  http://d/debian stable main\n", true)]
    [TestCase("wheezy", "deb [trusted=yes]  http://d/debian stable main\n", false)]
    [TestCase("precise", "deb [trusted=yes]  http://d/debian stable main\n", false)]
    public async Task An_apt_that_knows_no_options_is_told_otherwise_what_is_trusted(string series, string sources, bool isTold)
    {
        await Setup(series).WriteSourcesAsync(Lines("deb [trusted=yes]  http://d/debian stable main"), null, default);

        Assert.That(_system.Files[SourcesList], Is.EqualTo(sources));
        Assert.That(
            _system.Files.GetValueOrDefault("/etc/apt/apt.conf.d/99unauthenticated"),
            Is.EqualTo(isTold ? "APT::Get::AllowUnauthenticated \"true\";\n" : null));
    }

    [Test]
    public async Task A_chroot_whose_apt_has_no_folders_gets_no_pins_and_its_keys_in_the_old_file()
    {
        _system.Answer = command => command.Arguments is [_, "[ -d \"$1\" ]", ..] ? 1 : 0;
        byte[] bare = [0x98, 6, 4, 1, 2, 3, 4, 5, 0xB4, 1, (byte)'A'];

        await Setup("lenny").WriteSourcesAsync(Lines("deb http://d/debian stable main"), null, default);
        await Setup("lenny").WriteKeysAsync([bare], default);

        Assert.That(_system.Files.Keys, Has.None.Contains("preferences.d").And.None.Contains("trusted.gpg.d"));
        Assert.That(_system.Ran[^1].Command.Arguments[1..], Is.EqualTo((string[])["cat >> \"$1\"", "sh", "/etc/apt/trusted.gpg"]));
    }

    [Test]
    public void Lists_that_can_not_be_fetched_twice_are_the_chroot_s_failure()
    {
        _system.Answer = _ => 100;

        var update = Setup("noble").UpdateAsync(default);
        _time.Advance(TimeSpan.FromSeconds(15));

        Assert.That(
            async () => await update, Throws.TypeOf<PhaseFailedException>().With.Property("Status").EqualTo(BuildStatus.ChrootFail));
    }

    private static List<ArchiveLine> Lines(params string[] lines) => [.. lines.Select(ArchiveLine.Parse)];

    private AptSetup Setup(string series) => new(_system, new DebianArguments { Architecture = "amd64", Series = series }, _log, _time);
}
