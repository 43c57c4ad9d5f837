using Buildd.IntegrationTests.Daemon;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>Whoever has uploads processed, files have the same modes, and the program that takes mail finds the same.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(300_000)]
public sealed class InheritedStateTests
{
    private static readonly string Report = Scripts.Text(typeof(OddStarter), "Daemon/report-state.sh");

    private static readonly string[] Odd =
    [
        "every signal ignored", "every signal blocked", "umask 077", "umask 000", "another language", "another time zone",
        "programs' habits", "files left open", "a PATH with folders of its own", "unpleasant soft limits",
    ];

    [Test]
    public async Task Archives_and_mail_are_the_same_whoever_starts_the_farm()
    {
        var plain = await SeeAsync(new OddStarter("nothing"));
        Assert.That(plain, Has.Some.StartsWith("umask").And.Some.Contains(".deb"), string.Join('\n', plain));

        foreach (var name in Odd)
        {
            var starter = OddStarter.All.Single(one => one.Name == name);
            Assert.That(Without(await SeeAsync(starter)), Is.EqualTo(Without(plain)), name);
        }
    }

    /// <summary>Folders of a person's PATH stay, behind those of the system.</summary>
    private static IEnumerable<string> Without(IEnumerable<string> seen) =>
        seen.Where(line => !line.StartsWith("variable PATH=", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<string>> SeeAsync(OddStarter starter)
    {
        using var folder = new TemporaryDirectory();
        await Executable.WriteAsync(folder["sendmail"], $"#!/bin/sh\ncat > /dev/null\n{{ {Report}\n}} > '{folder["report"]}'\n");
        var farm = new UploadFarm(
            folder["farm"],
            $"Mail: sendmail {folder["sendmail"]}\nMail-From: buildd@example.org\nAdministrators: admin@example.org\n");
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        UploadFarm.Spoil(farm.Incoming(await farm.UploadingAsync()));
        var command = farm.Command("process-upload");
        if (starter.Words.Length > 0)
            command = command.Behind(starter.Words[0], starter.Words[1..]);
        await using var program = RunningProgram.Start(command);
        var code = await program.EndAsync();

        return
        [
            $"ended with {code}",
            .. File.Exists(folder["report"]) ? File.ReadAllLines(folder["report"]) : [program.Output],
            .. Modes(farm["archive"]), .. Modes(Path.Combine(farm.Root, "upload-logs")),
        ];
    }

    private static IEnumerable<string> Modes(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(folder, path)} {File.GetUnixFileMode(path)}");
}
