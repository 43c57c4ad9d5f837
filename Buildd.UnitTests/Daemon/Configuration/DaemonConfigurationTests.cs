using System.Net;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.LiveFs;
using Buildd.Backends.PlugIn;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Linux.Processes;
using Buildd.Slave.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DaemonConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private static BinaryPackageOptions BinaryPackageOf(DaemonConfiguration configuration) =>
        configuration.Slave.Backends.OfType<BinaryPackageBackend>().Single().Options;

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
        var configuration = Read($"architecturetag = s390x\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 0\nbuilduser = buildd\nntphost = ntp.buildd\nsharepath = /usr/share/x");

        Assert.That(configuration.Slave.ArchitectureTag, Is.EqualTo("s390x"));
        Assert.That(configuration.Slave.WorkDirectory, Is.EqualTo(_folder.Path));
        Assert.That(configuration.BindPort, Is.Zero);
        Assert.That(BinaryPackageOf(configuration).BuildUser, Is.EqualTo("buildd"));
    }

    [TestCase("localhost", "127.0.0.1")]
    [TestCase("0.0.0.0", "0.0.0.0")]
    [TestCase("192.0.2.1", "192.0.2.1")]
    [TestCase("::1", "::1")]
    public void The_address_to_listen_on_can_be_said(string host, string address) =>
        Assert.That(
            Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 1\nbindhost = {host}").BindAddress,
            Is.EqualTo(IPAddress.Parse(address)));

    [Test]
    public void Every_mistake_is_told_at_once()
    {
        var message = Assert.Throws<ConfigurationException>(() => Read(
            $"architecturetag =\nfilecache = {_folder["none"]}\nworkpath = {_folder["neither"]}\nbindhost = builder.example\nbindport = 8221:backlog=5\nmetrics = maybe\nstopdeadline = soon\nlog = {_folder["none/log"]}\nlog-format = xml\nbuilduser = %(nobody)s"))!.Message;

        Assert.That(message.Split("\n  "), Has.Length.EqualTo(11));
        Assert.That(message, Does.StartWith("the configuration file 'test.conf' can't be used:")
            .And.Contain("architecture tag").And.Contain(_folder["none"]).And.Contain(_folder["neither"])
            .And.Contain("bindhost is 'builder.example'").And.Contain("bindport is '8221:backlog=5'")
            .And.Contain("metrics is 'maybe'; it has to be yes or no").And.Contain("stopdeadline is 'soon'").And.Contain($"log is '{_folder["none/log"]}'")
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
            IniFile.Parse("test.conf", $"[slave]\narchitecturetag = hppa\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 9\nmountpath = /x\n[snapmanager]\nproxyport = 8222\n"),
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
            IniFile.Parse("test.conf", $"[builder]\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nlog = {_folder.Path}/one.log\n{port}\n"),
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

    [TestCase("65536")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase("80 ,81")]
    [TestCase("http")]
    [TestCase("99999999999")]
    public void A_port_that_is_none_is_told(string port) =>
        Assert.That(
            () => Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = {port}"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindport is '{port}'"));

    [TestCase("8221:interface=127.0.0.1", "127.0.0.1:8221")]
    [TestCase("tcp:8221:interface=192.0.2.7", "192.0.2.7:8221")]
    [TestCase("8221:interface=localhost", "127.0.0.1:8221")]
    [TestCase(@"8221:interface=\:\:1", "[::1]:8221")]
    [TestCase("tcp:8221", "0.0.0.0:8221")]
    public void A_port_may_be_written_as_the_reference_s_server_reads_it(string port, string address)
    {
        var configuration = Read(Good($"bindport = {port}", port: null));

        Assert.That(new IPEndPoint(configuration.BindAddress, configuration.BindPort).ToString(), Is.EqualTo(address));
    }

    [Test]
    public void An_interface_goes_before_the_host_that_the_reference_never_reads() =>
        Assert.That(Read(Good("bindhost = 0.0.0.0\nbindport = 1:interface=127.0.0.1", port: null)).BindAddress, Is.EqualTo(IPAddress.Loopback));

    [TestCase("8221:interface=::1", @"the colons of IPv6 written '\:'")]
    [TestCase("8221:interface=eth0", "an IP address or localhost")]
    [TestCase("8221:interface=127.0.0.1:interface=127.0.0.2", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:backlog=5", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:interface=", "an IP address or localhost")]
    [TestCase("ssl:8221:interface=127.0.0.1", "at most one 'interface=ADDRESS'")]
    [TestCase("tcp", "a number from 0 to 65535")]
    [TestCase(":interface=127.0.0.1", "a number from 0 to 65535")]
    public void A_port_with_words_that_are_not_taken_is_told(string port, string reason) =>
        Assert.That(
            () => Read(Good($"bindport = {port}", port: null)),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindport is '{port}'").And.Message.Contains(reason));

    [TestCase("1")]
    [TestCase("127.1")]
    [TestCase("")]
    [TestCase("builder.example")]
    public void An_address_that_is_none_is_told(string host) =>
        Assert.That(
            () => Read(Good($"bindhost = {host}")),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindhost is '{host}'"));

    [Test]
    public void Our_own_keys_are_taken()
    {
        var configuration = Read(Good($"filelisting = yes\nlogstream = no\nlogmax = 2M\ncachebudget = 10G\ncacheage = 0\nfreespacefloor = 512M\nmetrics = no\nhealthz = Off\nstopdeadline = 5m\nlog = {_folder["slave.log"]}\nlog-format = json"));

        Assert.Multiple(() =>
        {
            Assert.That(
                configuration.Slave.Cache,
                Is.EqualTo(new FileCacheOptions { BudgetBytes = 10L << 30, MaxAge = TimeSpan.Zero, FreeSpaceFloorBytes = 512L << 20 }));
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
        Assert.That(() => Read(Good("logmax = 1K")), Throws.TypeOf<ConfigurationException>().With.Message.Contains("at most 1024 bytes is too short"));

    [TestCase("0")]
    [TestCase("2d")]
    public void A_time_out_of_its_range_is_told(string time) =>
        Assert.That(
            () => Read(Good($"stopdeadline = {time}")),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"stopdeadline is '{time}'; it has to be from 1 to 86400 seconds"));

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
                "NTPHost = ntp.buildd\nsharepath = /usr/share/x\nproxyport = 8222\n[translationtemplatesmanager]\nresultarchive = x.tar.gz\n"
                + "[proxy]\napt = http://proxy\n[snapmanager]\nproxyport = 1\n[binarypackagemanager]\nsbuildpath = /x")).Warnings,
            Is.Empty);

    [TestCase("apt = http://proxy.example:3128/", "http://proxy.example:3128/")]
    [TestCase("apt = https://u:p@proxy/", "https://u:p@proxy/")]
    [TestCase("apt =", null)]
    [TestCase("snapstore = http://x", null)]
    public void The_proxy_of_apt_is_the_reference_s_key(string line, string? proxy) =>
        Assert.That(Read(Good($"[proxy]\n{line}")).Slave.Backends.OfType<BinaryPackageBackend>().Single().Options.AptProxy, Is.EqualTo(proxy));

    [TestCase("proxy:3128")]
    [TestCase("http://u:secret@proxy/\"; Evil \"")]
    [TestCase("file:///secret")]
    public void A_proxy_of_apt_that_is_no_URL_is_a_mistake(string value) => Assert.That(
        () => Read(Good($"[proxy]\napt = {value}")),
        Throws.TypeOf<ConfigurationException>().With.Message.Contains("[proxy] apt is '").And.Message.Not.Contains("u:secret"));

    [Test]
    public void A_mistyped_proxy_is_told_of() =>
        Assert.That(Read(Good("[proxy]\napp = http://proxy")).Warnings.Single(), Does.Contain("'app' of [proxy]"));

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
    public void What_images_may_be_made_from_is_read()
    {
        var options = Read(Good("[livefs]\nfile-branches = /srv/git/, /srv/more\nbranch-hosts = git.test *.example\nenvironment-names = BOARD LB_*")).Slave.Backends.OfType<LiveFsBackend>().Single().Options;

        Assert.That(options.FileBranches, Is.EqualTo(new[] { "/srv/git", "/srv/more" }));
        Assert.That(options.BranchHosts, Has.Count.EqualTo(2));
        Assert.That(new[] { "BOARD", "BOARDS", "LB_X" }.Select(name => options.EnvironmentNames.Any(pattern => pattern.Matches(name))), Is.EqualTo(new[] { true, false, true }));
    }

    [TestCase("file-branches = git", "[livefs] file-branches is 'git'")]
    [TestCase("file-branches = /", "[livefs] file-branches is '/'")]
    [TestCase("file-branches = /srv/../etc", "[livefs] file-branches is")]
    [TestCase("branch-hosts = http://x/", "[livefs] branch-hosts is")]
    [TestCase("environment-names = A-B", "[livefs] environment-names is 'A-B'")]
    [TestCase("environment-names = A*B", "[livefs] environment-names is 'A*B'")]
    public void What_no_image_can_be_made_from_is_a_mistake(string line, string mistake) =>
        Assert.That(() => Read(Good($"[livefs]\n{line}")), Throws.TypeOf<ConfigurationException>().With.Message.Contains(mistake));

    [Test]
    public void Limits_of_a_build_are_for_every_kind_of_build()
    {
        var folder = Directory.CreateDirectory(_folder["plug-ins"]).FullName;
        File.WriteAllText(Path.Combine(folder, "a.conf"), "[backend]\ntag = test\ncommand = /bin/true\n");

        var configuration = Read(Good($"backends = {folder}\nlimit-time = 2h\nlimit-silence = 90\nlimit-memory = 1G\nlimit-pids = 500\nlimit-log = 10M\nlimit-disk = 5G"));

        var limits = new BuildLimits
        {
            Time = TimeSpan.FromHours(2),
            Silence = TimeSpan.FromSeconds(90),
            MemoryBytes = 1L << 30,
            Processes = 500,
            LogBytes = 10 << 20,
            DiskBytes = 5L << 30,
        };
        Assert.That(configuration.Limits, Is.EqualTo(limits));
        Assert.That(((PlugInBackend)configuration.Slave.Backends[^1]).Options.Limits, Is.EqualTo(limits));
        Assert.That(string.Join('\n', configuration.Describe()), Does.Contain(
            "limits of a build: 7200 seconds, 90 seconds without output, 1073741824 bytes of memory, 500 processes, 10485760 bytes of log, 5368709120 bytes of disk"));
        var missing = ProcessScope.FindMissingControllers(new ScopeLimits { MemoryBytes = 1L << 30, Processes = 500 });
        Assert.That(configuration.Warnings.Count(warning => warning.Contains("can't be kept here", StringComparison.Ordinal)), Is.EqualTo(missing.Count > 0 ? 1 : 0));
    }

    [Test]
    public void Nothing_is_limited_unless_it_is_said()
    {
        var configuration = Read(Good(""));

        Assert.That(configuration.Limits, Is.EqualTo(new BuildLimits()));
        Assert.That(configuration.Warnings, Has.None.Contains("can't be kept"));
    }

    [TestCase("limit-time = 31d", "limit-time is '31d'")]
    [TestCase("limit-silence = soon", "limit-silence is 'soon'")]
    [TestCase("limit-memory = 1K", "limit-memory is '1024'; it has to be 16777216 at least, or 0")]
    [TestCase("limit-pids = 3", "limit-pids is '3'; it has to be 16 at least, or 0")]
    [TestCase("limit-pids = -1", "limit-pids is '-1'")]
    [TestCase("limit-log = much", "limit-log is 'much'")]
    [TestCase("limit-disk = -5G", "limit-disk is '-5G'")]
    public void A_limit_that_is_none_is_a_mistake(string line, string mistake) =>
        Assert.That(() => Read(Good(line)), Throws.TypeOf<ConfigurationException>().With.Message.Contains(mistake));

    [TestCase("", null, true)]
    [TestCase("environment = auto", null, true)]
    [TestCase("environment = chroot\nnetwork = no", EnvironmentKind.Chroot, false)]
    [TestCase("environment = overlay", EnvironmentKind.Overlay, true)]
    [TestCase("environment = unshare", EnvironmentKind.Unshare, true)]
    [TestCase("environment = nspawn", EnvironmentKind.Nspawn, true)]
    [TestCase("environment = chroot\nnetwork = no\n[binarypackage]\nenvironment = overlay\nnetwork = yes", EnvironmentKind.Overlay, true)]
    [TestCase("environment = chroot\n[binarypackage]\nenvironment = auto", null, true)]
    [TestCase("environment = chroot\n[binarypackage]\nnetwork = no", EnvironmentKind.Chroot, false)]
    public void Where_builds_take_place_can_be_said_for_all_and_for_one_kind(string lines, EnvironmentKind? kind, bool network)
    {
        var configuration = Read(Good(lines));

        Assert.That(BinaryPackageOf(configuration).Environment, Is.EqualTo(kind));
        Assert.That(BinaryPackageOf(configuration).Network, Is.EqualTo(network));
        Assert.That(configuration.Warnings, Is.Empty);
    }

    [TestCase("", "", true)]
    [TestCase("network = no", "", false)]
    [TestCase("network = no", "network = yes", true)]
    public void A_plug_in_has_the_network_that_builds_have_unless_its_own_file_says_otherwise(string lines, string own, bool network)
    {
        var folder = Directory.CreateDirectory(_folder["plug-ins"]).FullName;
        File.WriteAllText(Path.Combine(folder, "a.conf"), $"[backend]\ntag = test\ncommand = /bin/true\n{own}\n");

        Assert.That(((PlugInBackend)Read(Good($"backends = {folder}\n{lines}")).Slave.Backends[^1]).Options.Network, Is.EqualTo(network));
    }

    [TestCase("environment = docker", "[builder] environment is 'docker'; it has to be one of auto, chroot, overlay, unshare, nspawn")]
    [TestCase("environment = 1", "[builder] environment is '1'")]
    [TestCase("network = perhaps", "[builder] network is 'perhaps'; it has to be yes or no")]
    [TestCase("[binarypackage]\nenvironment = Chroot", "[binarypackage] environment is 'Chroot'")]
    [TestCase("[binarypackage]\nnetwork = ", "[binarypackage] network is ''")]
    public void A_place_that_is_none_is_a_mistake(string lines, string mistake) =>
        Assert.That(() => Read(Good(lines)), Throws.TypeOf<ConfigurationException>().With.Message.Contains(mistake));

    [TestCase("", "binarypackage is built in: overlay if this machine can, else chroot, with the network")]
    [TestCase("environment = chroot\nnetwork = no", "binarypackage is built in: chroot, without the network once its dependencies are there")]
    [TestCase("[livefs]\nnetwork = no", "livefs is not built: it needs the network, which this configuration denies")]
    [TestCase("[livefs]\nnetwork = no", "binarypackage is built in: overlay if this machine can, else chroot, with the network")]
    public void Where_builds_take_place_can_be_shown(string lines, string shown) =>
        Assert.That(Read(Good(lines)).Describe(), Has.Member(shown));

    [TestCase("livefs", "unshare", false)]
    [TestCase("livefs", "nspawn", false)]
    [TestCase("livefs", "chroot", true)]
    [TestCase("livefs", "auto", true)]
    [TestCase("sourcepackagerecipe", "unshare", false)]
    [TestCase("translation-templates", "unshare", true)]
    public void A_kind_that_can_t_be_built_where_it_is_to_be_is_not_offered_and_told(string kind, string environment, bool isOffered)
    {
        var configuration = Read(Good($"[{kind}]\nenvironment = {environment}"));

        Assert.That(configuration.Slave.Backends.Select(backend => backend.Tag), isOffered ? Has.Member(kind) : Has.No.Member(kind));
        if (!isOffered)
            Assert.That(configuration.NotOffered, Has.Some.Contains("are not offered").And.Contains(environment).And.Contains($"set environment in [{kind}]"));
    }

    [Test]
    public void A_key_of_a_kind_that_nobody_reads_is_told() =>
        Assert.That(
            Read(Good("[binarypackage]\nenviroment = chroot")).Warnings,
            Is.EqualTo(new[] { "test.conf: line 6: nothing reads the key 'enviroment' of [binarypackage]: it is mistyped, or of no use here" }));

    [Test]
    public void What_was_understood_can_be_shown() =>
        Assert.That(
            string.Join('\n', Read(Good("healthz = no")).Describe()),
            Does.Contain("listens on 0.0.0.0:8221").And.Contain($"file cache: {_folder.Path}").And.Contain("calls and the files: logstream, metrics")
                .And.Contain("kinds of build: binarypackage, ").And.Contain("translation-templates, livefs").And.Not.Contain("healthz").And.Contain("log: standard output (text)"));

    /// <summary>A section that is all right, with more in it.</summary>
    private string Good(string more, string? port = "8221") =>
        $"filecache = {_folder.Path}\nworkpath = {_folder.Path}\n{(port is null ? "" : $"bindport = {port}\n")}{more}";

    private static DaemonConfiguration Read(string builder) =>
        DaemonConfiguration.Read("test.conf", IniFile.Parse("test.conf", "[builder]\n" + builder), "1.2");
}
