using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>What 'make deb' made, as somebody sees it who is about to hand it on.</summary>
[NonParallelizable]
[CancelAfter(1_800_000)]
public sealed class BuiltPackageTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "out", "deb");

    [OneTimeSetUp]
    public void RequireTools() => DebianSystem.RequireTools();

    [Test]
    public async Task Lintian_has_nothing_to_say_that_no_reason_is_written_down_for()
    {
        var changes = Directory.GetFiles(Folder, "*.changes").Single();
        // The changelog's own entry is of a release that is to come.
        var (code, said) = await DebianSystem.TryAsync(Command.Of(
            "lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning,info,pedantic", "--display-info", changes));
        Assert.That((code, said), Is.EqualTo((0, "")));
    }

    [Test]
    public async Task The_man_pages_are_without_mistakes()
    {
        using var folder = new TemporaryDirectory();
        foreach (var package in (string[])["buildd-slave", "buildd-farm"])
            await DebianSystem.RunOnHostAsync("dpkg-deb", "--extract", DebianSystem.Package(package), folder.Path);
        var pages = Directory.GetFiles(folder["usr/share/man"], "*.gz", SearchOption.AllDirectories);
        Assert.That(
            pages.Select(Path.GetFileName), Is.EquivalentTo(new[] { "buildd-farm.1.gz", "buildd-slave.conf.5.gz", "buildd-slave.8.gz" }));
        foreach (var page in pages)
            Assert.That(
                await DebianSystem.TryAsync(
                    Command.Of("sh", "-c", $"LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z {page} 2>&1 >/dev/null")),
                    Is.EqualTo((0, "")), page);

        // Two of them are made of documents: headings and tables are understood, and nothing of their markup is left.
        var generated = await DebianSystem.RunOnHostAsync("zcat", folder["usr/share/man/man5/buildd-slave.conf.5.gz"]);
        Assert.That(
            generated, Does.Contain(".SH [builder]\n").And.Contain(".SH KEYS THAT NOBODY READS\n").And.Contain(".TP\n\\fBbindport\\fR\n")
                .And.Contain(".TP\n\\fBtoken\\-file\\fR\n").And.Not.Contain("|").And.Not.Contain("`"));
        generated = await DebianSystem.RunOnHostAsync("zcat", folder["usr/share/man/man1/buildd-farm.1.gz"]);
        Assert.That(
            generated, Does.Contain(".SH EXIT CODES\n").And.Contain(".TP\n\\fBrun\\fR\n").And.Contain(".TP\n\\fBPoll\\-Interval\\fR\n")
                .And.Not.Contain("|").And.Not.Contain("`"));
    }

    [Test]
    public async Task Native_code_is_stripped_and_its_symbols_are_in_a_package_of_their_own()
    {
        using var folder = new TemporaryDirectory();
        foreach (var package in (string[])["buildd-slave", "buildd-slave-dbgsym"])
            await DebianSystem.RunOnHostAsync("dpkg-deb", "--extract", DebianSystem.Package(package), folder.Path);
        var program = folder["usr/sbin/buildd-slave"];
        Assert.That(await DebianSystem.RunOnHostAsync(program, "--version", "--verbose"), Does.Contain("\nnative code for "));

        Assert.That(
            await DebianSystem.RunOnHostAsync("readelf", "--section-headers", "--wide", program), Does.Not.Contain(" .symtab ")
                .And.Not.Contain(" .debug_"));
        var id = Regex.Match(await DebianSystem.RunOnHostAsync("readelf", "--notes", program), "Build ID: (..)([0-9a-f]+)").Groups;
        var symbols = folder[$"usr/lib/debug/.build-id/{id[1]}/{id[2]}.debug"];
        Assert.That(
            await DebianSystem.RunOnHostAsync("readelf", "--section-headers", "--wide", symbols), Does.Contain(" .symtab ")
                .And.Contain(" .debug_line "));

        // Computed from the libraries it is linked to; the one it opens while it runs is written in debian/control.
        var needs = await DebianSystem.RunOnHostAsync("dpkg-deb", "--field", DebianSystem.Package("buildd-slave"), "Depends");
        Assert.That(needs, Does.Match(@"\blibc6 \(>= 2\.\d+\)").And.Match(@"\bzlib1g\b").And.Contain("libssl3"));
    }

    [TestCase("buildd-slave --c", "--config --check")]
    [TestCase("buildd-slave r", "root")]
    [TestCase("buildd-slave root --config /x un", "undefine unmount unpack")]
    public async Task Bash_completes(string line, string completions)
    {
        const string Script =
            """
            . /usr/share/bash-completion/bash_completion
            . "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _buildd_slave
            echo "${COMPREPLY[*]}"
            """;
        var file = Path.Combine(Repository.Root, "debian", "completion", "buildd-slave");
        Assert.That(await DebianSystem.RunOnHostAsync("bash", "-c", Script, "bash", file, line), Is.EqualTo(completions + "\n"));
    }

    [Test]
    public async Task The_source_package_makes_the_same_packages_without_a_network_in_another_place()
    {
        var folder = Directory.CreateDirectory($"/var/tmp/buildd-again-{Guid.NewGuid():N}").FullName;
        try
        {
            var (made, told) =
                await DebianSystem.TryAsync(Alone(Command.Of(Path.Combine(Repository.Root, "scripts", "source-package"), folder)));
            Assert.That(made, Is.Zero, told);
            var source = Directory.GetFiles(folder, "*.dsc").Single();
            Assert.That(Directory.GetFiles(folder, "*.orig-nuget.tar.gz"), Has.Length.EqualTo(1));
            await DebianSystem.RunOnHostAsync("dpkg-source", "-x", source, folder + "/elsewhere");

            // -d: the SDK need not be a Debian package.
            var (code, said) = await BuildAsync("unshare", "--net", "dpkg-buildpackage", "-d", "-us", "-uc", "-b");
            Assert.That(code, Is.Zero, said);
            Assert.That(await SumsAsync(folder), Is.EqualTo(await SumsAsync(Folder)));

            // The build leaves the source as it was.
            (code, said) = await BuildAsync("sh", "-c", "debian/rules clean && dpkg-source --build .");
            Assert.That(code, Is.Zero, said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        // No home, and so no packages of NuGet's but those in the source.
        Task<(int Code, string Said)> BuildAsync(params string[] command) => DebianSystem.TryAsync(
            Alone(Command.Of(command[0], command[1..]) with { WorkingDirectory = folder + "/elsewhere" })
            .WithEnvironment("HOME", folder + "/none").WithEnvironment("NUGET_PACKAGES", null).WithEnvironment("RestoreConfigFile", null));

        // With no compiler that was there before: it has a network, a home, and not the folders that this process has in memory.
        static Command Alone(Command command) =>
            command.WithEnvironment("MSBUILDDISABLENODEREUSE", "1").WithEnvironment("UseSharedCompilation", "false");
    }

    private static async Task<string[]> SumsAsync(string folder)
    {
        var sums = new List<string>();
        foreach (var file in Directory.GetFiles(folder, "*.deb").Order(StringComparer.Ordinal))
        {
            await using var stream = File.OpenRead(file);
            sums.Add($"{Path.GetFileName(file)} {Convert.ToHexStringLower(await SHA256.HashDataAsync(stream))}");
        }

        Assert.That(
            sums.Select(sum => sum.Split('_')[0]),
            Is.EqualTo(new[] { "buildd-farm", "buildd-slave-dbgsym", "buildd-slave-drop-in", "buildd-slave" }));
        return [.. sums];
    }
}
