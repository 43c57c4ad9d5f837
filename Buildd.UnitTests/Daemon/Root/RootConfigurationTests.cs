using Buildd.Daemon.Configuration;
using Buildd.Daemon.Root;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Root;

/// <summary>What the privileged side believes of a configuration file.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RootConfigurationTests : IDisposable
{
    /// <summary>Not below /tmp, where everybody can write.</summary>
    private readonly TemporaryDirectory _folder;

    public RootConfigurationTests()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        _folder = new TemporaryDirectory("/var/lib");
    }

    public void Dispose() => _folder?.Dispose();

    [Test]
    public void It_says_who_and_where()
    {
        var configuration = Load("user = daemon\nfilecache = %(workpath)s/cache\nworkpath = /srv/builds");

        Assert.That(configuration.User.Name, Is.EqualTo("daemon"));
        Assert.That(configuration.Place.Owners, Is.EqualTo(new[] { configuration.User.Id }));
        Assert.That(configuration.Place.WorkDirectory, Is.EqualTo("/srv/builds"));
        Assert.That(configuration.Place.FileCacheDirectory, Is.EqualTo("/srv/builds/cache"));
        Assert.That(configuration.Place.FollowsLinks, Is.False);
    }

    [Test]
    public void Builds_are_made_in_the_user_s_home_and_not_in_what_the_caller_says_is_home() =>
        Assert.That(Load("user = daemon\nfilecache = /srv/cache").Place.WorkDirectory, Is.EqualTo(
            File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Single(fields => fields[0] == "daemon")[5]));

    [TestCase("filecache = /c\nuser = no-such-user-of-ours\nworkpath = /w", "there is no user 'no-such-user-of-ours'")]
    [TestCase("filecache = c\nuser = daemon\nworkpath = /w", "filecache is no full path")]
    [TestCase("filecache = /c\nuser = daemon\nworkpath = w", "workpath is no full path")]
    [TestCase("user = daemon\nworkpath = /w", "filecache is missing")]
    [TestCase("filecache = /c\nuser = %(nobody)s\nworkpath = /w", "percent sign")]
    public void What_is_wrong_is_told(string content, string mistake) =>
        Assert.That(() => Load(content), Throws.TypeOf<ConfigurationException>().With.Message.Contains(mistake));

    [Test]
    public void A_file_where_others_can_write_is_not_read()
    {
        using var open = new TemporaryDirectory();
        File.WriteAllText(open["b.conf"], "[builder]\nuser = daemon\nfilecache = /c\nworkpath = /w\n");

        Assert.That(
            () =>
                RootConfiguration.Load(open["b.conf"]), Throws.TypeOf<ConfigurationException>().With.Message.Contains("can't be trusted"));
    }

    private RootConfiguration Load(string content)
    {
        File.WriteAllText(_folder["b.conf"], "[builder]\n" + content + "\n");
        return RootConfiguration.Load(_folder["b.conf"]);
    }
}
