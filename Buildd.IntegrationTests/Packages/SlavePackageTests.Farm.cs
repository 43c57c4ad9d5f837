using Buildd.IntegrationTests.Support;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>The master's package, in the same system.</summary>
public sealed partial class SlavePackageTests
{
    private const string FarmUnit = "buildd-farm.service";

    [Test, DependsOnTest(nameof(Systemd_starts_it_when_it_answers_and_shows_what_it_does))]
    public async Task The_farm_runs_as_a_unit_and_builds_on_the_slave()
    {
        const int ArchivePort = 8999;
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        // The file that is there has comments only. Intervals are short, because a test does not want to wait.
        await File.AppendAllTextAsync(
            _system.Root + "/etc/buildd-farm/buildd.conf",
            $"Poll-Interval: 1 s\nFast-Poll-Interval: 1 s\nSources:\n deb [trusted=yes] http://127.0.0.1:{ArchivePort}/archive/ ./\n");
        var source = await SourcePackage.MakeAsync(_folder.Path, "fx-farmed", "id -un > out");
        foreach (var file in (string[])[.. source, await BuildEnvironment.ChrootAsync()])
            File.Copy(file, Path.Combine(_system.Root, "var", "tmp", Path.GetFileName(file)));

        foreach (var command in InstallingDocument.FarmCommands())
            await _system.RunAsync(command);
        // Started means ready.
        Assert.That(
            await _system.RunAsync("systemctl", "show", "--value", "--property=StatusText", FarmUnit), Is.EqualTo(
                "inputs are served at http://127.0.0.1:8223/\n"));
        Assert.That((await new Driver(_system.Leader, 8223).TryAsync("fetch", "0")).Said, Does.Contain("HTTP Error 404"), "it answers");
        await FarmAsync("chroots", "add", suite, architecture, $"/var/tmp/{Path.GetFileName(await BuildEnvironment.ChrootAsync())}");
        foreach (var command in InstallingDocument.BuilderCommands())
            await _system.RunAsync(
                [.. command.Select(word => word.Replace("builder1:", "127.0.0.1:", StringComparison.Ordinal)).Select(
                    word => word == "amd64" ? architecture : word)]);
        Assert.That(await FarmAsync("builders", "check"), Does.Contain("builder1").And.Contain("yes"));

        await using (await new Driver(_system.Leader, ArchivePort).ServeArchiveAsync())
            await FarmAsync("build", $"/var/tmp/{Path.GetFileName(source[0])}", "--series", suite, "--wait");

        var results = await _system.RunAsync("find", "/var/lib/buildd-farm/archive", "-name", "*.deb");
        Assert.That(results, Does.EndWith($"/fx-farmed_1.0_{architecture}.deb\n"));
        Assert.That(
            (await _system.RunAsync("stat", "--format=%U %A", "/var/lib/buildd-farm/farm.sqlite"))
                .Trim(), Is.EqualTo("buildd-farm -rw-------"));
        Assert.That(await _system.RunAsync("find", "/var/lib/buildd-farm", "-perm", "/027"), Is.Empty, "its account and group only");
        await Until.SeenAsync(
            async () => (await CallAsync("status")).GetProperty("builder_status").GetString()!, status => status == "BuilderStatus.IDLE");

        await _system.RunAsync("systemctl", "disable", "--now", FarmUnit);
        Assert.That(await _system.RunAsync("systemctl", "show", "--value", "--property=Result", FarmUnit), Is.EqualTo("success\n"));
        // What bash asks the program for, by the completion that is installed.
        Assert.That(
            await _system.RunAsync(
                "bash", "-c", ". /usr/share/bash-completion/completions/buildd-farm; COMP_WORDS=(buildd-farm builders ch) COMP_CWORD=2 "
                    + "COMP_LINE='buildd-farm builders ch' COMP_POINT=23; _buildd_farm; echo \"${COMPREPLY[*]}\""),
            Is.EqualTo("check\n"));
    }

    /// <summary>A command of the farm, as the account that its files belong to.</summary>
    private Task<string> FarmAsync(params string[] words) =>
        _system.RunAsync(["runuser", "-u", "buildd-farm", "--", "buildd-farm", .. words]);
}
