using Buildd.Backends.PlugIn;
using Buildd.Daemon.Configuration;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PlugInFolderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public PlugInFolderTests()
    {
        Directory.CreateDirectory(_folder["d"]);
        File.WriteAllText(_folder["run"], "#!/bin/sh\n");
        File.SetUnixFileMode(_folder["run"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(_folder["plain"], "#!/bin/sh\n");
    }

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_file_that_says_the_least_is_enough()
    {
        Write("x.conf", "[backend]", "tag = 0-digest", $"command = {_folder["run"]}");

        Assert.That(Read(), Is.EqualTo(new[] { new PlugInOptions { Tag = "0-digest", Command = _folder["run"] } }));
    }

    [Test]
    public void All_that_can_be_said_is_taken()
    {
        Write(
            "x.conf", "# a comment", "[backend]", "TAG: digest", $"command = {_folder["run"]}", "timeout = 3600", "stall-timeout = 5m",
            "network = no");

        Assert.That(Read(), Is.EqualTo(new[]
        {
            new PlugInOptions
            {
                Tag = "digest",
                Command = _folder["run"],
                Timeout = TimeSpan.FromHours(1),
                StallTimeout = TimeSpan.FromMinutes(5),
                Network = false,
            },
        }));
    }

    [Test]
    public void Nought_means_no_limit()
    {
        Write("x.conf", "[backend]", "tag = digest", $"command = {_folder["run"]}", "timeout = 0", "stall-timeout = 0");

        Assert.That(Read().Single(), Is.EqualTo(new PlugInOptions { Tag = "digest", Command = _folder["run"] }));
    }

    [Test]
    public void They_come_in_the_order_of_their_files_and_other_files_are_left_alone()
    {
        foreach (var name in (string[])["b", "a", "10", "9"])
            Write(name + ".conf", "[backend]", $"tag = tag-{name}", $"command = {_folder["run"]}");
        Write("a.conf.dpkg-old", "rubbish");
        Write("README", "rubbish");
        Write(".conf", "rubbish");
        Write("a.CONF", "rubbish");

        Assert.That(Read().Select(plugIn => plugIn.Tag), Is.EqualTo(new[] { "tag-10", "tag-9", "tag-a", "tag-b" }));
    }

    [TestCase("command = foo", "line 3: command 'foo' is not an absolute path")]
    [TestCase("command = ../run", "line 3: command '../run' is not an absolute path")]
    [TestCase("command = /no/such/file", "line 3: command '/no/such/file' does not exist; it has to be one path, without arguments")]
    [TestCase("command = /bin/sh -c true", "line 3: command '/bin/sh -c true' does not exist; it has to be one path, without arguments")]
    [TestCase("command = /etc", "line 3: command '/etc' is a folder")]
    [TestCase("command = FOLDER/plain", "line 3: command 'FOLDER/plain' is not executable")]
    [TestCase("command = /bin/sh\n  true", "line 3: command '/bin/sh true' has a control character in it")]
    [TestCase("command =", "line 3: [backend] command is missing")]
    [TestCase("#", "line 1: [backend] command is missing")]
    [TestCase(
        "command = /bin/sh\ntimeout = -1",
        "line 4: timeout is '-1'; it has to be a number of seconds, or one with s, m, h or d behind it; 0 means no limit")]
    [TestCase(
        "command = /bin/sh\ntimeout = soon",
        "line 4: timeout is 'soon'; it has to be a number of seconds, or one with s, m, h or d behind it; 0 means no limit")]
    [TestCase(
        "command = /bin/sh\ntimeout =",
        "line 4: timeout is ''; it has to be a number of seconds, or one with s, m, h or d behind it; 0 means no limit")]
    [TestCase(
        "command = /bin/sh\n\nstall-timeout = 2592001",
        "line 5: stall-timeout is '2592001'; the most is 2592000 seconds, and 0 means no limit")]
    [TestCase(
        "command = /bin/sh\nstall-timeout = 99999999999999999999", "line 4: stall-timeout is '99999999999999999999'; it has to be a "
            + "number of seconds, or one with s, m, h or d behind it; 0 means no limit")]
    [TestCase("command = /bin/sh\nnetwork = little", "line 4: network is 'little'; it has to be yes or no")]
    [TestCase("command = /bin/sh\nstalltimeout = 1", "line 4: nothing reads the key 'stalltimeout' of [backend]")]
    [TestCase("command = /bin/sh\n[other]\ntag = x", "line 5: nothing reads the key 'tag' of [other]")]
    [TestCase("command = /bin/%sh", "line 3: [backend] command: after a percent sign comes another, or (KEY)s with a key of this section")]
    [TestCase("command = /bin/sh\nrubbish", "line 4: neither a section, nor a comment, nor KEY = VALUE")]
    public void A_mistake_is_told_with_its_file_and_line(string lines, string mistake)
    {
        Write("x.conf", "[backend]", "tag = digest", lines.Replace("FOLDER", _folder.Path));

        Assert.That(Mistakes(), Is.EqualTo(new[] { $"{_folder["d"]}/x.conf: {mistake.Replace("FOLDER", _folder.Path)}" }));
    }

    [TestCase("Digest")]
    [TestCase("-digest")]
    [TestCase("di gest")]
    [TestCase("digest_2")]
    [TestCase("dígest")]
    [TestCase("a/b")]
    public void A_tag_that_is_none_is_told(string tag)
    {
        Write("x.conf", "[backend]", $"tag = {tag}", $"command = {_folder["run"]}");

        Assert.That(
            Mistakes(), Is.EqualTo(
                new[] { $"{_folder["d"]}/x.conf: line 2: tag '{tag}' is none: small letters, digits and dashes, and no dash first" }));
    }

    [Test]
    public void A_tag_has_one_backend()
    {
        Write("1.conf", "[backend]", "tag = digest", $"command = {_folder["run"]}");
        Write("2.conf", "[backend]", $"command = {_folder["run"]}", "tag = digest");
        Write("3.conf", "[backend]", "tag = binarypackage", $"command = {_folder["run"]}");

        Assert.That(Mistakes(), Is.EqualTo(new[]
        {
            $"{_folder["d"]}/2.conf: line 3: the tag 'digest' is taken by {_folder["d"]}/1.conf",
            $"{_folder["d"]}/3.conf: line 2: the tag 'binarypackage' is taken by buildd-slave itself",
        }));
    }

    [Test]
    public void Every_mistake_of_every_file_is_told_at_once()
    {
        Write("1.conf", "");
        Write("2.conf", "[slave]", "x = 1");
        Write("3.conf", "[backend]", "tag = A", "command = b", "timeout = c");
        Write("4.conf", "x", "y");
        Directory.CreateDirectory(_folder["d/5.conf"]);
        File.CreateSymbolicLink(_folder["d/6.conf"], _folder["none"]);
        Write("7.conf", new string('#', 2 << 20));

        Assert.That(Mistakes(), Has.Count.EqualTo(11));
        Assert.That(
            Mistakes().Select(mistake => mistake.Replace(_folder["d/"], "").Split(": "))
                .Select(parts => parts[0].Contains('\'') ? parts[0].Split('\'')[1] : parts[0] + ": " + parts[1]),
            Is.EqualTo(new[]
            {
                "1.conf: line 1", "2.conf: line 1", "2.conf: line 2", "3.conf: line 2", "3.conf: line 3", "3.conf: line 4",
                "4.conf: line 1", "4.conf: line 2", "5.conf", "6.conf", "7.conf: longer than 1048576 bytes",
            }));
    }

    [TestCase("none")]
    [TestCase("plain")]
    public void A_folder_that_is_named_has_to_be_there(string name)
    {
        var mistakes = new List<string>();

        Assert.That(PlugInFolder.Read(_folder[name], [], mistakes), Is.Empty);

        Assert.That(mistakes.Single(), Does.StartWith($"the folder of backends '{_folder[name]}' can't be read: "));
    }

    [Test]
    public void A_folder_without_a_name_is_a_mistake()
    {
        var mistakes = new List<string>();

        PlugInFolder.Read("", [], mistakes);

        Assert.That(mistakes, Has.Count.EqualTo(1));
    }

    [Test]
    public void The_usual_folder_need_not_be_there()
    {
        Machine.Require(!Directory.Exists(PlugInFolder.Default), $"no {PlugInFolder.Default}");
        var mistakes = new List<string>();

        Assert.That(PlugInFolder.Read(null, [], mistakes), Is.Empty);
        Assert.That(mistakes, Is.Empty);
    }

    [Test]
    public void The_daemon_has_its_own_backends_first()
    {
        Write("a.conf", "[backend]", "tag = a", $"command = {_folder["run"]}");

        var configuration = Configuration();

        var tags = configuration.Slave.Backends.Select(backend => backend.Tag).ToList();
        Assert.That((tags[0], tags[^1]), Is.EqualTo(("binarypackage", "a")));
        Assert.That(configuration.Slave.Backends.OfType<PlugInBackend>().Single().Options.Command, Is.EqualTo(_folder["run"]));
    }

    [Test]
    public void The_daemon_tells_the_mistakes_beside_its_own()
    {
        Write("a.conf", "[backend]", "tag = a");

        Assert.That(
            () => Configuration("builduser = %x"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("after a percent sign")
                .And.Message.EndsWith($"\n  {_folder["d"]}/a.conf: line 1: [backend] command is missing"));
    }

    private DaemonConfiguration Configuration(string more = "") => DaemonConfiguration.Read(
        "test.conf",
        IniFile.Parse(
            "test.conf",
            $"[builder]\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 0\nbackends = {_folder["d"]}\n{more}"),
        "1.2");

    private void Write(string name, params string[] lines) =>
        File.WriteAllText(Path.Combine(_folder["d"], name), string.Join('\n', lines) + "\n");

    private List<string> Mistakes()
    {
        var mistakes = new List<string>();
        PlugInFolder.Read(_folder["d"], ["binarypackage"], mistakes);
        return mistakes;
    }

    private IReadOnlyList<PlugInOptions> Read()
    {
        var mistakes = new List<string>();
        var plugIns = PlugInFolder.Read(_folder["d"], ["binarypackage"], mistakes);
        Assert.That(mistakes, Is.Empty);
        return plugIns;
    }
}
