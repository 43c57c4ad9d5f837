using System.Net;
using System.Net.Sockets;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Scripts;

/// <summary>A machine whose archive can't be used is told so before its tests fail one by one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TestArchiveTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task An_archive_that_does_not_answer_is_named_with_what_apt_says()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var said = await TryAsync($"deb http://127.0.0.1:{port}/debian $(. /etc/os-release; echo $VERSION_CODENAME) main");

        Assert.That(
            said, Does.StartWith(
                $"scripts/test: the archive http://127.0.0.1:{port}/debian/ can't be reached; tests with real builds need it and will "
                    + "fail: Err:"));
        Assert.That(said, Does.EndWith("\naddress: none\n"));
    }

    [Test]
    public async Task A_machine_without_an_archive_of_its_release_is_told_where_to_look()
    {
        var said = await TryAsync("deb http://127.0.0.1:1/debian another-release main");

        Assert.That(
            said, Does.Match(
                "^scripts/test: apt knows no archive for [a-z]+: look at /etc/apt/sources[.]list and /etc/apt/sources[.]list[.]d, then "
                    + "run 'apt-get update'\n"));
    }

    /// <summary>What the script says where apt has this one line of a sources.list, which a shell writes.</summary>
    private async Task<string> TryAsync(string line)
    {
        await File.WriteAllTextAsync(
            _folder["apt.conf"],
            $"Dir::Etc::SourceList \"{_folder["sources.list"]}\";\nDir::Etc::SourceParts \"/dev/null\";\nAcquire::Retries \"0\";\n");
        var command = Command.Of(
            "bash", "-c", $$"""echo "{{line}}" > "$1/sources.list"; . scripts/test-archive; start_archive_cache "$1" 2>&1; echo "address: ${BUILDD_TEST_ARCHIVE-none}" """, "bash", _folder.Path);
        return await ProcessRunner.CaptureAsync(
            (command with { WorkingDirectory = Repository.Root }).WithEnvironment("APT_CONFIG", _folder["apt.conf"])
                .WithEnvironment("BUILDD_TEST_ARCHIVE", null));
    }
}
