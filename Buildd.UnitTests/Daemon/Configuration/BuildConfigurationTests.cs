using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.LiveFs;
using Buildd.Backends.PlugIn;
using Buildd.Daemon.Configuration;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

/// <summary>The environments and limits of builds, and the sections of the kinds of build.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BuildConfigurationTests : DaemonConfigurationFixture
{
    [TestCase("apt = http://proxy.example:3128/", "http://proxy.example:3128/")]
    [TestCase("apt = https://u:p@proxy/", "https://u:p@proxy/")]
    [TestCase("apt =", null)]
    [TestCase("snapstore = http://x", null)]
    public void The_proxy_of_apt_is_the_reference_s_key(string line, string? proxy) =>
        Assert.That(
            Read(Good($"[proxy]\n{line}")).Slave.Backends.OfType<BinaryPackageBackend>().Single().Options.AptProxy, Is.EqualTo(proxy));

    [TestCase("proxy:3128")]
    [TestCase("http://u:secret@proxy/\"; Evil \"")]
    [TestCase("file:///secret")]
    public void A_proxy_of_apt_that_is_no_URL_is_a_mistake(string value) => Assert.That(
        () => Read(Good($"[proxy]\napt = {value}")),
        Throws.TypeOf<ConfigurationException>().With.Message.Contains("[proxy] apt is '").And.Message.Not.Contains("u:secret"));

    [TestCase("environment = nowhere")]
    [TestCase("network = perhaps")]
    [TestCase("limit-time = long")]
    [TestCase("environment = %(nothing)s")]
    public void A_mistake_that_counts_for_every_kind_of_build_is_told_once(string line)
    {
        var message = Assert.Throws<ConfigurationException>(() => Read(Good(line)))!.Message;

        Assert.That(message.Split('\n'), Has.Length.EqualTo(2), message);
    }

    [Test]
    public void A_mistyped_proxy_is_told_of() =>
        Assert.That(Read(Good("[proxy]\napp = http://proxy")).Warnings.Single(), Does.Contain("'app' of [proxy]"));

    [Test]
    public void What_images_may_be_made_from_is_read()
    {
        var options =
            Read(Good("[livefs]\nfile-branches = /srv/git/, /srv/more\nbranch-hosts = git.test *.example\nenvironment-names = BOARD LB_*"))
                .Slave.Backends.OfType<LiveFsBackend>().Single().Options;

        Assert.That(options.FileBranches, Is.EqualTo(new[] { "/srv/git", "/srv/more" }));
        Assert.That(options.BranchHosts, Has.Count.EqualTo(2));
        Assert.That(
            new[] { "BOARD", "BOARDS", "LB_X" }
                .Select(name => options.EnvironmentNames.Any(pattern => pattern.Matches(name))), Is.EqualTo(new[] { true, false, true }));
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

        var configuration = Read(
            Good(
                $"backends = {folder}\nlimit-time = 2h\nlimit-silence = 90\nlimit-memory = 1G\nlimit-pids = 500\nlimit-log = "
                    + "10M\nlimit-disk = 5G"));

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
            "limits of a build: 7200 seconds, 90 seconds without output, 1073741824 bytes of memory, 500 processes, 10485760 bytes of "
                + "log, 5368709120 bytes of disk"));
        var missing = ProcessScope.FindMissingControllers(new ScopeLimits { MemoryBytes = 1L << 30, Processes = 500 });
        Assert.That(
            configuration.Warnings.Count(warning => warning.Contains("can't be kept here", StringComparison.Ordinal)),
            Is.EqualTo(missing.Count > 0 ? 1 : 0));
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
    [TestCase(
        "environment = chroot\nnetwork = no", "binarypackage is built in: chroot, without the network once its dependencies are there")]
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
            Assert.That(
                configuration.NotOffered, Has.Some.Contains("are not offered").And.Contains(environment)
                    .And.Contains($"set environment in [{kind}]"));
    }

    [Test]
    public void A_key_of_a_kind_that_nobody_reads_is_told() =>
        Assert.That(
            Read(Good("[binarypackage]\nenviroment = chroot")).Warnings,
            Is.EqualTo(
                new[] { "test.conf: line 6: nothing reads the key 'enviroment' of [binarypackage]: it is mistyped, or of no use here" }));
}
