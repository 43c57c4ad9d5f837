using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Scripts;

/// <summary>
/// The folders in memory that tests unpack systems in: only for the command, and only where they can be and hide nothing.
/// </summary>
public sealed class InMemoryTests
{
    private static readonly Command Script = Command.Of(Path.Combine(Repository.Root, "scripts/in-memory"));

    [Test]
    public async Task The_command_has_them_and_nobody_else()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for mounts");
        const string Look = "grep -c ' buildd-tests ' /proc/self/mountinfo || true";

        // Where memory is short the script stays on the disk.
        var free = long.Parse(
            (await ProcessRunner.CaptureAsync(Command.Of("awk", "$1 == \"MemAvailable:\" { print $2 }", "/proc/meminfo"))).Trim(), null);
        var expected = free > 13L * 1024 * 1024 ? "2" : free < 11L * 1024 * 1024 ? "0" : null;
        Machine.Require(expected is not null, "free memory that is not just at the limit of 12 GiB");

        Assert.That((await ProcessRunner.CaptureAsync(Script.With("sh", "-c", Look))).Trim(), Is.EqualTo(expected));
        Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(" buildd-tests "));
    }

    [Test]
    public async Task Who_asks_for_the_disk_has_it() =>
        Assert.That(
            await ProcessRunner.CaptureAsync(
                Script.With("sh", "-c", "cat /proc/self/mountinfo").WithEnvironment("BUILDD_TESTS_ON_DISK", "yes")),
            Does.Not.Contain(" buildd-tests "));

    [Test]
    public async Task A_working_folder_in_one_of_them_is_not_hidden() =>
        Assert.That(
            await ProcessRunner.CaptureAsync(Script.With("sh", "-c", "cat /proc/self/mountinfo") with { WorkingDirectory = "/var/tmp" }),
            Does.Not.Contain(" buildd-tests "));

    [Test]
    public async Task Arguments_and_the_exit_code_are_the_command_s()
    {
        var said = new StringBuilder();

        var result = await ProcessRunner.RunAsync(
            Script.With("sh", "-c", "printf '<%s>' \"$@\"; exit 7", "sh", "a b", "*", ""), bytes =>
                said.Append(Encoding.UTF8.GetString(bytes)));

        Assert.That((result.ExitCode, said.ToString()), Is.EqualTo((7, "<a b><*><>")));
    }

    [Test]
    public async Task Without_a_command_its_use_is_said()
    {
        var result = await ProcessRunner.RunAsync(Script, _ => { });

        Assert.That(result.ExitCode, Is.EqualTo(64));
    }
}
