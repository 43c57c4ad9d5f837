using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Root;

/// <summary>
/// What the slave's user, with the worst intentions, gets from <c>buildd-slave root</c> through the real sudo and its real
/// rule. The account, the program and the folders are shared: each test has builds of its own.
/// </summary>
[Parallelizable(ParallelScope.Fixtures)]
[CancelAfter(120_000)]
public class RootSubcommandTests
{
    private const int Refused = 1;
    private const int UsageError = 64;
    private const int ContentError = 65;
    private const int NotAllowed = 77;
    private const int ConfigurationError = 78;

    private static int _count;
    private OrdinaryUser _user = null!;
    private string _id = "";

    [OneTimeSetUp]
    public async Task CreateUserAsync()
    {
        BuildEnvironment.RequireBuildTools();
        _user = await OrdinaryUser.CreateAsync();
    }

    [OneTimeTearDown]
    public async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
    }

    [SetUp]
    public async Task MakeBuildFolderAsync()
    {
        _id = $"HOSTILE-{Environment.ProcessId}{Interlocked.Increment(ref _count):00}";
        await AsUserAsync("mkdir", Build);
    }

    private string Build => $"{_user.Directory}/home/build-{_id}";

    private string Chroot => Build + "/chroot-autobuild";

    [Test]
    public async Task The_operations_do_what_they_say_in_their_order()
    {
        var sum =
            await MakeTarballAsync("mkdir -p chroot-autobuild/proc chroot-autobuild/sys chroot-autobuild/dev/pts chroot-autobuild/dev/shm");

        await RefusesAsync(Refused, "is not there", "mount", _id);
        await RefusesAsync(Refused, "is not there", "define", _id);
        await RefusesAsync(Refused, "is not there", "inside", _id, "0", "true");
        await DoesAsync("unpack", _id, sum);
        await RefusesAsync(Refused, "already", "unpack", _id, sum);
        await DoesAsync("mount", _id);
        await RefusesAsync(Refused, "something mounted already", "mount", _id);
        await RefusesAsync(Refused, "still mounted", "remove", _id);
        await DoesAsync("define", _id);
        Assert.That(Directory.GetFiles("/etc/schroot/chroot.d", $"build-{_id}-*"), Has.Length.EqualTo(1));
        await DoesAsync("undefine", _id);
        Assert.That(Directory.GetFiles("/etc/schroot/chroot.d", $"build-{_id}-*"), Is.Empty);
        await DoesAsync("kill", _id);
        await DoesAsync("unmount", _id);
        await DoesAsync("remove", _id);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
        await AsUserAsync("rmdir", Build);
    }

    [TestCase("unknown operation", "destroy", "1")]
    [TestCase("no build", "mount")]
    [TestCase("an argument too many", "check", "--help")]
    [TestCase("another configuration behind the first", "--config", "/etc/passwd", "check")]
    [TestCase("up", "remove", "..")]
    [TestCase("out of the work folder", "remove", "x/../../..")]
    [TestCase("a slash", "kill", "a/b")]
    [TestCase("a line end", "mount", "a\nb")]
    [TestCase("a file of words", "mount", "@/etc/shadow")]
    [TestCase("no sum", "unpack", "1", "../../etc/shadow")]
    [TestCase("a path that climbs", "write", "1", "/../etc/passwd", "0")]
    [TestCase("an option of chroot", "inside", "1", "0", "--skip-chdir")]
    [TestCase("content without end", "inside", "1", "2147483647", "true")]
    public async Task Words_that_are_no_operation_are_refused(string what, params string[] words)
    {
        var (code, said) = await _user.AskAsync(words);

        Assert.That(code, Is.EqualTo(UsageError), $"{what}: {said}");
        Assert.That(said, Does.StartWith("buildd-slave root: ").And.Not.Contain("root:x:0"));
    }

    [Test]
    public async Task Content_that_is_not_all_there_is_refused()
    {
        var (code, said) = await _user.RunAsync(
            Command.Of(
                "sudo", "-n", "--", _user.Program, "root", "--config", _user.Configuration, "write", _id, "/etc/x",
                "10") with
            { StandardInput = new byte[3] });

        Assert.That(code, Is.EqualTo(ContentError), said);
    }

    [Test]
    public async Task A_link_in_place_of_a_folder_leads_nowhere()
    {
        var outside = Directory.CreateDirectory($"{_user.Directory}/outside-{_id}/chroot-autobuild").Parent!.FullName;
        await AsUserAsync("sh", "-c", $"rmdir {Build} && ln -s {outside} {Build}");
        foreach (var operation in (string[])["mount", "define", "undefine", "kill", "unmount", "remove"])
            await RefusesAsync(Refused, "symbolic link", operation, _id);

        await AsUserAsync("sh", "-c", $"rm {Build} && mkdir {Build} && ln -s {outside} {Chroot}");
        foreach (var operation in (string[])["mount", "define"])
            await RefusesAsync(Refused, "symbolic link", operation, _id);
        await RefusesAsync(Refused, "symbolic link", "inside", _id, "0", "true");
        await DoesAsync("remove", _id); // the link and nothing else

        Assert.That(outside + "/chroot-autobuild", Does.Exist);
        Assert.That(Chroot, Does.Not.Exist);
    }

    [Test]
    public async Task A_chroot_that_the_user_made_is_not_entered()
    {
        await AsUserAsync("mkdir", "-p", Chroot + "/bin");
        await AsUserAsync("cp", "/bin/true", Chroot + "/bin");

        await RefusesAsync(Refused, "it is no chroot that was unpacked here", "inside", _id, "0", "/bin/true");
        await RefusesAsync(Refused, "it is no chroot that was unpacked here", "define", _id);
    }

    [Test]
    public async Task A_link_in_the_cache_shows_nobody_s_file()
    {
        const string Sum = "00000000000000000000000000000000000000ff";
        await AsUserAsync("ln", "-s", "/etc/shadow", $"{_user.Directory}/filecache/{Sum}");

        var said = await RefusesAsync(Refused, "symbolic link", "unpack", _id, Sum);

        Assert.That(said, Does.Not.Contain(File.ReadLines("/etc/shadow").First()));
    }

    [Test]
    public async Task A_tarball_with_links_in_it_changes_nothing_outside()
    {
        var outside = Directory.CreateDirectory($"{_user.Directory}/outside-{_id}").FullName;
        var sum = await MakeTarballAsync($"mkdir chroot-autobuild; ln -s {outside} chroot-autobuild/proc; ln -s {outside} escape");

        await DoesAsync("unpack", _id, sum);

        await RefusesAsync(Refused, "symbolic link", "mount", _id);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.EqualTo(new[] { Chroot }));
        await DoesAsync("remove", _id);
        Assert.That(outside, Does.Exist);
    }

    [Test]
    public async Task Sudo_lets_the_user_have_no_other_configuration_program_or_environment()
    {
        var own = $"{_user.Directory}/home/own.conf";
        await AsUserAsync("cp", _user.Configuration, own);
        string[][] commands =
        [
            [_user.Program, "root", "--config", own, "check"],
            [_user.Program, "--config", _user.Configuration],
            [_user.Program, "root", "--help"],
            ["/bin/true"],
            ["DOTNET_STARTUP_HOOKS=/tmp/x", _user.Program, "root", "--config", _user.Configuration, "check"],
        ];

        await DoesAsync("check");
        foreach (var command in commands)
        {
            var (code, said) = await _user.RunAsync(Command.Of("sudo", ["-n", .. command]));
            Assert.That(code, Is.EqualTo(1), string.Join(' ', command));
            Assert.That(said, Does.StartWith("sudo: "));
        }
    }

    [Test]
    public async Task A_configuration_that_others_can_write_is_refused()
    {
        var own = $"{_user.Directory}/home/own-{_id}.conf";
        File.Copy(_user.Configuration, own);
        Assert.That(
            await AsSudoAsync(own, _user.Id), Is.EqualTo(
                (
                    ConfigurationError, $"buildd-slave root: the configuration can't be trusted: '{_user.Directory}/home' belongs to "
                        + $"user {_user.Id} and not to root\n")));

        var link = $"{_user.Directory}/link-{_id}.conf";
        File.CreateSymbolicLink(link, _user.Configuration);
        Assert.That((await AsSudoAsync(link, _user.Id)).Code, Is.EqualTo(ConfigurationError));

        var open = $"{_user.Directory}/open-{_id}.conf";
        File.Copy(_user.Configuration, open);
        File.SetUnixFileMode(open, File.GetUnixFileMode(open) | UnixFileMode.OtherWrite);
        Assert.That((await AsSudoAsync(open, _user.Id)).Code, Is.EqualTo(ConfigurationError));
        Assert.That((await AsSudoAsync($"{_user.Directory}/none.conf", _user.Id)).Code, Is.EqualTo(ConfigurationError));
    }

    [Test]
    public async Task Somebody_else_is_refused()
    {
        await using var other = await OrdinaryUser.CreateAsync(withRule: false);
        var (code, said) =
            await other.RunAsync(Command.Of("sudo", "-n", "--", _user.Program, "root", "--config", _user.Configuration, "check"));

        Assert.That(code, Is.EqualTo(1));
        Assert.That(said, Does.StartWith("sudo: "));
        Assert.That((await AsSudoAsync(_user.Configuration, other.Id)).Code, Is.EqualTo(NotAllowed), "even if sudo let them");
        Assert.That((await AsSudoAsync(_user.Configuration, 0)).Code, Is.EqualTo(NotAllowed));
        Assert.That(
            (await _user.RunAsync(Command.Of(_user.Program, "root", "--config", _user.Configuration, "check")))
                .Code, Is.EqualTo(NotAllowed), "without sudo");
    }

    [Test]
    public async Task No_rule_is_made_for_a_program_that_others_can_change()
    {
        var copy = $"{_user.Directory}/home/buildd-slave-{_id}";
        File.Copy(_user.Program, copy);

        var said = "";
        var result = await ProcessRunner.RunAsync(
            Command.Of(copy, "root", "--config", _user.Configuration, "sudoers"), bytes =>
                said += System.Text.Encoding.UTF8.GetString(bytes));

        Assert.That(result.ExitCode, Is.EqualTo(ConfigurationError));
        Assert.That(said, Does.Contain("no rule can be made for this program"));
    }

    /// <summary>The program as sudo would run it.</summary>
    private async Task<(int Code, string Said)> AsSudoAsync(string configuration, uint caller)
    {
        var said = "";
        var result = await ProcessRunner.RunAsync(
            Command.Of(_user.Program, "root", "--config", configuration, "check")
                .WithEnvironment("SUDO_UID", $"{caller}") with
            { KeepsStandardInputOpen = true },
            bytes => said += System.Text.Encoding.UTF8.GetString(bytes));
        return (result.ExitCode, said);
    }

    private async Task DoesAsync(params string[] operation)
    {
        var (code, said) = await _user.AskAsync(operation);
        Assert.That(code, Is.Zero, $"{string.Join(' ', operation)}: {said}");
    }

    private async Task<string> RefusesAsync(int expected, string reason, params string[] operation)
    {
        var (code, said) = await _user.AskAsync(operation);
        Assert.That(code, Is.EqualTo(expected), $"{string.Join(' ', operation)}: {said}");
        Assert.That(said, Does.Contain(reason), string.Join(' ', operation));
        return said;
    }

    private async Task AsUserAsync(params string[] command)
    {
        var (code, said) = await _user.RunAsync(Command.Of(command[0], command[1..]));
        Assert.That(code, Is.Zero, $"{string.Join(' ', command)}: {said}");
    }

    /// <summary>Makes a tarball of what a command makes, and has the user put it into the cache.</summary>
    private async Task<string> MakeTarballAsync(string command)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder["tree"]);
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", $"{command}; tar -czf ../tarball *") with { WorkingDirectory = folder["tree"] });
        var sum = $"{Guid.NewGuid():N}00000000"; // whose name it is, is the slave's business
        await ProcessRunner.CaptureAsync(Command.Of("install", "-o", _user.Name, folder["tarball"], $"{_user.Directory}/filecache/{sum}"));
        return sum;
    }
}
