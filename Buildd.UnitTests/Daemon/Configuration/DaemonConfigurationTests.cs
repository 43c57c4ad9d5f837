using System.Net;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Root;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Linux.Processes;
using Buildd.Slave.Files;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

/// <summary>The file as a whole: defaults, mistakes, warnings and its documentation.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DaemonConfigurationTests : DaemonConfigurationFixture
{
    [Test]
    public void What_is_not_said_has_a_default()
    {
        var configuration = Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 8221");

        Assert.Multiple(() =>
        {
            Assert.That(configuration.BindAddress, Is.EqualTo(IPAddress.Any));
            Assert.That(configuration.BindPort, Is.EqualTo(8221));
            Assert.That(BinaryPackageOf(configuration).BuildUser, Is.EqualTo("sbuild"));
            Assert.That(BinaryPackageOf(configuration).SchrootDirectory, Is.EqualTo("/etc/schroot/chroot.d"));
            Assert.That(configuration.Slave.ArchitectureTag, Does.Match("^[a-z0-9]+$"));
            Assert.That(configuration.Slave.FileCacheDirectory, Is.EqualTo(_folder.Path));
            Assert.That(configuration.Slave.Version, Is.EqualTo("1.2"));
        });
    }

    [Test]
    public void Builds_are_made_in_HOME_where_nothing_else_is_said()
    {
        var home = Environment.GetEnvironmentVariable("HOME");
        Machine.Require(Directory.Exists(home), "a HOME");

        Assert.That(Read($"filecache = {_folder.Path}\nbindport = 1").Slave.WorkDirectory, Is.EqualTo(home));
    }

    [Test]
    public void What_is_said_is_taken()
    {
        var configuration = Read(
            $"architecturetag = s390x\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 0\nbuilduser = buildd\nntphost "
                + "= ntp.buildd\nsharepath = /usr/share/x");

        Assert.That(configuration.Slave.ArchitectureTag, Is.EqualTo("s390x"));
        Assert.That(configuration.Slave.WorkDirectory, Is.EqualTo(_folder.Path));
        Assert.That(configuration.BindPort, Is.Zero);
        Assert.That(BinaryPackageOf(configuration).BuildUser, Is.EqualTo("buildd"));
    }

    [Test]
    public void Every_mistake_is_told_at_once()
    {
        var message = Assert.Throws<ConfigurationException>(() => Read(
            $"architecturetag =\nfilecache = {_folder["none"]}\nworkpath = {_folder["neither"]}\nbindhost = builder.example\nbindport = "
                + $"8221:backlog=5\nmetrics = maybe\nstopdeadline = soon\nlog = {_folder["none/log"]}\nlog-format = xml\nbuilduser = "
                + "%(nobody)s"))!.Message;

        Assert.That(message.Split("\n  "), Has.Length.EqualTo(11));
        Assert.That(message, Does.StartWith("the configuration file 'test.conf' can't be used:")
            .And.Contain("architecture tag").And.Contain(_folder["none"]).And.Contain(_folder["neither"])
            .And.Contain("bindhost is 'builder.example'").And.Contain("bindport is '8221:backlog=5'")
            .And.Contain("metrics is 'maybe'; it has to be yes or no").And.Contain("stopdeadline is 'soon'")
            .And.Contain($"log is '{_folder["none/log"]}'")
            .And.Contain("log-format is 'xml'; it has to be text or json").And.Contain("[builder] builduser: after a percent sign"));
    }

    [Test]
    public void What_is_missing_is_told_once()
    {
        var message = Assert.Throws<ConfigurationException>(() => Read($"workpath = {_folder.Path}"))!.Message;

        Assert.That(message.Split("\n  ").Skip(1), Is.EqualTo(new[] { "[builder] filecache is missing", "[builder] bindport is missing" }));
    }

    [Test]
    public void The_section_may_have_the_name_that_it_had_before_version_190()
    {
        var configuration = DaemonConfiguration.Read(
            "test.conf",
            IniFile.Parse(
                "test.conf", $"[slave]\narchitecturetag = hppa\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = "
                    + "9\nmountpath = /x\n[snapmanager]\nproxyport = 8222\n"),
            "1.2");

        Assert.That((configuration.Slave.ArchitectureTag, configuration.BindPort), Is.EqualTo(("hppa", 9)));
        Assert.That(configuration.Warnings.Where(warning => warning.Contains("nothing reads", StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("bindport = 9", "0.0.0.0")]
    [TestCase("bindport = 9\nbindhost = 127.0.0.1", "0.0.0.0")]
    [TestCase("bindport = 9:interface=127.0.0.1", "127.0.0.1")]
    public void The_command_line_goes_before_the_file(string port, string address)
    {
        var log = Path.Combine(_folder.Path, "other.log");
        Directory.CreateDirectory(_folder["state"]);

        var configuration = DaemonConfiguration.Read(
            "test.conf",
            IniFile.Parse(
                "test.conf", $"[builder]\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nlog = {_folder.Path}/one.log\n{port}\n"),
            "1.2",
            new ConfigurationOverrides { BindHost = "0.0.0.0", Log = log, State = _folder["state"] });

        Assert.That((configuration.BindAddress.ToString(), configuration.Log.Path), Is.EqualTo((address, log)));
        Assert.That((configuration.Slave.WorkDirectory, configuration.Slave.StateDirectory), Is.EqualTo((_folder.Path, _folder["state"])));
    }

    [Test]
    public void The_section_is_needed() =>
        Assert.That(
            () => DaemonConfiguration.Read("test.conf", IniFile.Parse("test.conf", "[other]\nbindport = 1"), "1.2"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("there is no section [builder]"));

    [Test]
    public void Our_own_keys_are_taken()
    {
        var configuration = Read(
            Good(
                "filelisting = yes\nlogstream = no\nlogmax = 2M\ncachebudget = 10G\ncacheage = 0\nfreespacefloor = 512M\nmetrics = "
                    + $"no\nhealthz = Off\nstopdeadline = 5m\nabortdeadline = 7m\nlog = {_folder["slave.log"]}\nlog-format = json"));

        Assert.Multiple(() =>
        {
            Assert.That(
                configuration.Slave.Cache with { ReaderGroup = null },
                Is.EqualTo(new FileCacheOptions { BudgetBytes = 10L << 30, MaxAge = TimeSpan.Zero, FreeSpaceFloorBytes = 512L << 20 }));
            Assert.That(
                configuration.Slave.Cache.ReaderGroup,
                Is.EqualTo(CurrentUser.IsRoot ? UserAccount.Find(new BinaryPackageOptions().BuildUser)?.GroupId : null), "who builds");
            Assert.That(configuration.Slave.AbortDeadline, Is.EqualTo(TimeSpan.FromMinutes(7)));
            Assert.That(configuration.Slave.Log.MaxBytes, Is.EqualTo(2 << 20));
            Assert.That(configuration.Slave.Endpoints.LogStream, Is.False);
            Assert.That(configuration.Slave.Endpoints.FileListing);
            Assert.That(configuration.Slave.Endpoints.Metrics, Is.False);
            Assert.That(configuration.Slave.Endpoints.Health, Is.False);
            Assert.That(configuration.Slave.StopDeadline, Is.EqualTo(TimeSpan.FromMinutes(5)));
            Assert.That(configuration.Log, Is.EqualTo(new DaemonLogOptions { Path = _folder["slave.log"], Format = DaemonLogFormat.Json }));
            Assert.That(configuration.Warnings, Is.Empty);
        });
    }

    [Test]
    public void A_log_that_would_say_nothing_is_told() =>
        Assert.That(
            () => Read(Good("logmax = 1K")), Throws.TypeOf<ConfigurationException>()
                .With.Message.Contains("at most 1024 bytes is too short"));

    [TestCase("0")]
    [TestCase("2d")]
    public void A_time_out_of_its_range_is_told(string time) =>
        Assert.That(
            () => Read(Good($"stopdeadline = {time}")),
            Throws.TypeOf<ConfigurationException>()
                .With.Message.Contains($"stopdeadline is '{time}'; it has to be from 1 to 86400 seconds"));

    [Test]
    public void A_key_that_nobody_reads_is_no_mistake_and_is_told_with_its_line()
    {
        var configuration = Read(Good("filecash = /x\n[other]\nkey = 1"));

        Assert.That(configuration.Warnings, Is.EqualTo(new[]
        {
            "test.conf: line 5: nothing reads the key 'filecash' of [builder]: it is mistyped, or of no use here",
            "test.conf: line 7: nothing reads the key 'key' of [other]: it is mistyped, or of no use here",
        }));
    }

    [Test]
    public void What_the_reference_s_files_hold_beside_is_silently_left_alone() =>
        Assert.That(
            Read(Good(
                "NTPHost = ntp.buildd\nsharepath = /usr/share/x\nproxyport = 8222\n[translationtemplatesmanager]\nresultarchive = "
                    + "x.tar.gz\n"
                + "[proxy]\napt = http://proxy\n[snapmanager]\nproxyport = 1\n[binarypackagemanager]\nsbuildpath = /x")).Warnings,
            Is.Empty);

    [Test]
    public void Every_key_is_in_the_documentation()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var configuration = Read(Good(""));

        Assert.That(configuration.KnownKeys, Has.Member("filecache").And.Member("stopdeadline"));
        foreach (var key in configuration.KnownKeys)
            Assert.That(document, Does.Contain($"| `{key}` |"), key);
    }

    [Test]
    public void No_key_is_in_the_documentation_that_nobody_reads()
    {
        var documented = File.ReadLines(Path.Combine(Repository.Root, "docs", "configuration.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1]);

        // Keys of several sections may have one name; the table of kinds stands once for all of them.
        Assert.That(documented.Distinct(), Is.EquivalentTo(Read(Good("")).KnownKeys.Distinct()));
    }

    [Test]
    public void What_was_understood_can_be_shown() =>
        Assert.That(
            string.Join('\n', Read(Good("healthz = no")).Describe()),
            Does.Contain("listens on 0.0.0.0:8221").And.Contain($"file cache: {_folder.Path}")
                .And.Contain("calls and the files: logstream, metrics")
                .And.Contain("kinds of build: binarypackage, ").And.Contain("translation-templates, livefs").And.Not.Contain("healthz")
                .And.Contain("log: standard output (text)"));
}
