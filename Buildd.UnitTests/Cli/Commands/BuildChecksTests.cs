using Buildd.Farm;
using Buildd.Master.Builds;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Requests for builds that are refused, or warned of, at once.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildChecksTests : IDisposable
{
    private const string Md5 = "36cd38f49b9afa08222c0dc9ebfe35eb"; // of "source"

    private readonly FarmBench _farm = new("Suites: bookworm bookworm-proposed\nComponents: main contrib\n");

    public void Dispose() => _farm.Dispose();

    [TestCase(FarmExitCode.NotFound, "there is no chroot of bookworm for arm64: add one with", "--arch", "arm64")]
    [TestCase(FarmExitCode.NotFound, "there is no chroot of bookworm for arm64: add one with", "--arch", "amd64", "--arch", "arm64")]
    [TestCase(FarmExitCode.Usage, "--arch is \"amd46\", which is no architecture that dpkg or the farm knows", "--arch", "amd46")]
    [TestCase(FarmExitCode.Usage, "--arch is \"amd46\"", "--arch", "amd46", "--without-chroot")]
    [TestCase(FarmExitCode.Usage, "--component is \"mian\", and the farm has contrib main;", "--component", "mian")]
    [TestCase(FarmExitCode.Usage, "no upload for bookwrm would be accepted: the configuration's field Suites has", "--series", "bookwrm")]
    [TestCase(FarmExitCode.Usage, "no upload for sid would be accepted", "--suite", "sid")]
    [TestCase(FarmExitCode.Usage, "--series is \"book worm\"; a name of letters", "--series", "book worm")]
    [TestCase(FarmExitCode.Usage, "--suite is \"-x\"; a name of letters", "--suite=-x")]
    [TestCase(FarmExitCode.Usage, "--manager is \"binary package\"; a name of letters", "--manager", "binary package")]
    [TestCase(FarmExitCode.Usage, "--distribution is \"../debian\"", "--distribution", "../debian")]
    public async Task A_package_that_could_not_be_built_or_uploaded_is_refused(int code, string message, params string[] arguments)
    {
        await AddChrootAsync("amd64");

        var ran = await _farm.RunAsync(["build", WriteSource("any"), .. arguments]);

        Assert.That(ran.Code, Is.EqualTo(code), ran.ToString());
        Assert.That(ran.Error, Does.Contain(message));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [TestCase("linux-any", "amd64", true)]
    [TestCase("any-amd64", "amd64", true)]
    [TestCase("kfreebsd-any", "amd64", false)]
    [TestCase("any-arm64", "amd64", false)]
    [TestCase("gnu-any-any", "amd64", true)]
    public async Task Wildcards_are_those_of_dpkg(string architecture, string tag, bool fits)
    {
        await AddChrootAsync(tag);

        var ran = await _farm.RunAsync("build", WriteSource(architecture), "--arch", tag);

        Assert.That(ran.Code, Is.EqualTo(fits ? FarmExitCode.Done : FarmExitCode.Failed), ran.ToString());
        Assert.That(ran.Error, fits ? Does.Not.Contain("not for") : Does.Contain($"is for {architecture}, not for {tag}"));
    }

    [TestCase("1.0", "hello_2.10-3.diff.gz", "lists no tarball, which its format 1.0 is made of")]
    [TestCase("3.0 (native)", "hello_2.10.tar.xz.asc", "lists no tarball")]
    [TestCase("3.0 (quilt)", "hello_2.10-3.debian.tar.xz", "lists no .orig.tar")]
    [TestCase("3.0 (quilt)", "hello_2.10.orig.tar.gz", "lists no .debian.tar")]
    [TestCase("3.0 (git)", "hello_2.10.tar.gz", "lists no bundle of git")]
    [TestCase("3.0 (native)", "hello_2.10.tar.xz", null)]
    [TestCase("3.0 (git)", "hello_2.10.git", null)]
    [TestCase("9.0 (new)", "hello_2.10.what", null)]
    public async Task A_description_lists_what_its_format_is_made_of(string format, string file, string? message)
    {
        await AddChrootAsync("amd64");

        var ran = await _farm.RunAsync("build", WriteSource("any", format, file));

        Assert.That(ran.Code, Is.EqualTo(message is null ? FarmExitCode.Done : FarmExitCode.Failed), ran.ToString());
        if (message is not null)
            Assert.That(ran.Error, Does.Contain(message));
    }

    [Test]
    public async Task A_build_that_no_builder_could_take_is_queued_with_a_warning_that_says_why()
    {
        await AddChrootAsync("amd64");
        var none = await _farm.RunAsync("build", WriteSource("any"));
        await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/", "-p", "arm64", "--manual", "yes");
        var other = await _farm.RunAsync("build", WriteSource("any"));
        await _farm.RunAsync("builders", "set", "bob", "-p", "amd64");
        var fitting = await _farm.RunAsync("build", WriteSource("any"));

        Assert.That((none.Code, other.Code, fitting.Code), Is.EqualTo((0, 0, 0)), none.ToString() + other + fitting);
        Assert.That(
            none.Error, Is.EqualTo(
                "warning: amd64 build of hello 2.10-3 in debian bookworm RELEASE waits until a builder is added. The farm has no "
                    + "builders.\n"));
        Assert.That(other.Error, Does.Contain("it needs a builder with amd64 for binarypackage, and bob has no processor amd64."));
        Assert.That(fitting.Error, Is.Empty);
        Assert.That(await BuildsAsync(), Has.Count.EqualTo(3));
    }

    [TestCase("live-biuld", "--image-tool", "live-biuld")]
    [TestCase("--config-branch is no URL that begins with http://, https:// or file://", "--config-branch", "ssh://git.example/x")]
    [TestCase("--config-branch is no URL", "--config-branch", "git.example/x")]
    [TestCase("--config-ref goes with --config-branch, which is missing", "--config-ref", "stable")]
    [TestCase("--lb-option goes with --config-branch", "--lb-option=--apt-recommends")]
    [TestCase("--env goes with --config-branch", "--env", "A=b")]
    [TestCase("--config-path is \"../x\"", "--config-branch", "https://git.example/x", "--config-path", "../x")]
    [TestCase("--config-ref is \"a b\"", "--config-branch", "https://git.example/x", "--config-ref", "a b")]
    [TestCase("--env sets \"1A\"", "--config-branch", "https://git.example/x", "--env", "1A=b")]
    [TestCase("--arg gives series, which has an option of its own", "--arg", "series=sid")]
    [TestCase("the argument 'extra_ppas'", "--arg", "extra_ppas=ada/ppa")]
    [TestCase("the argument 'debug'", "--json-arg", "debug=\"yes\"")]
    public async Task A_live_filesystem_that_slaves_would_refuse_is_refused(string message, params string[] arguments)
    {
        await AddChrootAsync("amd64");

        var ran = await _farm.RunAsync(["build", "--livefs", "desktop", .. arguments]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That(ran.Error, Does.Contain(message));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [TestCase("desk*top")]
    [TestCase("@desktop")]
    public async Task A_name_that_slaves_would_refuse_is_refused(string project)
    {
        await AddChrootAsync("amd64");

        Assert.That((await _farm.RunAsync("build", "--livefs", project)).Code, Is.EqualTo(FarmExitCode.Usage));
    }

    [Test]
    public async Task Arguments_that_are_too_long_are_a_wrong_command_line()
    {
        await AddChrootAsync("amd64");

        var ran = await _farm.RunAsync("build", "--livefs", "desktop", "--arg", $"subproject={new string('x', 1 << 20)}");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage));
        Assert.That(ran.Error, Does.Contain("at most 1048576 are kept"));
    }

    [Test]
    public async Task A_password_in_a_branch_that_is_refused_is_not_shown()
    {
        await AddChrootAsync("amd64");

        var ran = await _farm.RunAsync("build", "--livefs", "desktop", "--config-branch", "ssh://user:planted@git.example/x");

        Assert.That(ran.ToString(), Does.Not.Contain("planted"));
    }

    private async Task AddChrootAsync(string tag)
    {
        await SmallChroot.WriteAsync(_farm["chroot.tar.gz"]);
        Assert.That((await _farm.RunAsync("chroots", "add", "bookworm", tag, _farm["chroot.tar.gz"])).Code, Is.Zero);
    }

    private string WriteSource(string architectures, string format = "1.0", string file = "hello_2.10.orig.tar.gz")
    {
        File.WriteAllText(_farm[file], "source");
        File.WriteAllText(
            _farm["hello_2.10-3.dsc"],
            $"Format: {format}\nSource: hello\nVersion: 2.10-3\nBinary: hello\nArchitecture: {architectures}\nFiles:\n {Md5} 6 {file}\n");
        return _farm["hello_2.10-3.dsc"];
    }

    private Task<IReadOnlyList<Build>> BuildsAsync() => _farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter()));
}
