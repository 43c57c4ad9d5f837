using System.Text;
using Buildd.Backends.Environments;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

/// <summary>The server talks; what it says is read here as sbuild does.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class SbuildServerTests
{
    [Test]
    public async Task It_answers_what_sbuild_asks()
    {
        using var folder = new TemporaryDirectory();
        string[] words = ["nsenter", "--target", "12", "a b", "50%", "$(id)'\"`\\", "ü,\n", ""];

        await SbuildServer.WriteAsync(folder.Path, words, network: true, command => command, CancellationToken.None);
        var said = new StringBuilder();
        var result = await ProcessRunner.RunAsync(
            Command.Of(
                folder[".sbuild-server"]) with
            {
                StandardInput = "open\ncapabilities\nprint-execute-command\nreboot now\nclose\nquit\nopen\n"u8.ToArray(),
            },
            bytes => said.Append(Encoding.UTF8.GetString(bytes)));

        var answers = said.ToString().Split('\n');
        Assert.That(result.Succeeded);
        Assert.That(answers, Has.Length.EqualTo(7), "nothing after quit");
        Assert.That(
            (string[])[answers[0], answers[1], answers[2], answers[4], answers[5]],
            Is.EqualTo(new[] { "ok", "ok build", "ok root-on-testbed", "error: 'reboot' is not known", "ok" }));
        Assert.That(answers[3], Does.StartWith("ok "));
        Assert.That(answers[3][3..].Split(',').Select(Uri.UnescapeDataString), Is.EqualTo(words));
    }

    [Test]
    public async Task Its_configuration_is_perl_whatever_the_folder_is_called()
    {
        using var folder = new TemporaryDirectory();
        var odd = Directory.CreateDirectory(folder["it's @odd \\ $here"]).FullName;

        var access = await SbuildServer.WriteAsync(odd, ["true"], network: false, command => command, CancellationToken.None);

        var read = await ProcessRunner.CaptureAsync(Command.Of(
            "perl", "-e", $"{access.Configuration}\nprint "
                + $"\"$chroot_mode|$autopkgtest_virt_server|$external_commands->{{'starting-build-commands'}}[0][1]\";"));
        Assert.That(read, Is.EqualTo($"autopkgtest|{odd}/.sbuild-server|{SbuildServer.OfflineMark}"));
    }

    [Test]
    public async Task With_a_network_nothing_takes_it_away()
    {
        using var folder = new TemporaryDirectory();

        var access = await SbuildServer.WriteAsync(folder.Path, ["true"], network: true, command => command, CancellationToken.None);

        Assert.That(access.Configuration, Does.Not.Contain("commands"));
    }
}
