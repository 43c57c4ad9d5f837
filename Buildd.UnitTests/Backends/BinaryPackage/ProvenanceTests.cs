using System.Text;
using System.Text.Json;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.DebianBuilds;
using Buildd.Debian.Apt;
using Buildd.Protocol;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProvenanceTests
{
    private const string OneSha1 = "0000000000000000000000000000000000000001";
    private const string OtherSha1 = "0000000000000000000000000000000000000002";

    private static readonly string Sum = new('a', 64);

    [Test]
    public async Task A_file_has_both_sums()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder["x"], "abc");

        var digests = await FileDigests.ReadAsync("x_1.dsc", folder["x"], default);

        Assert.That(digests, Is.EqualTo(new FileDigests(
            "x_1.dsc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            Sha1.Parse("a9993e364706816aba3e25717850c26c9cd0d89d"))));
    }

    [Test]
    public async Task Archives_are_told_by_their_signed_indexes_without_credentials()
    {
        const string Lists = "/var/lib/apt/lists/";
        var digests = await ArchiveDigests.ReadAsync(
            Chroot(
                $"""
                W: something else
                buildd-archive:http://u:secret@d/debian/ stable main/binary-amd64/Packages {Lists}d_debian_dists_stable_main_binary-amd64_Packages.lz4
                buildd-archive:http://u:secret@d/debian/ stable contrib/binary-amd64/Packages {Lists}d_debian_dists_stable_contrib_binary-amd64_Packages
                buildd-archive:http://e:8/ ./ Packages {Lists}e:8_._Packages
                buildd-archive:http://f/ ./ Packages {Lists}f_._Packages
                buildd-archive:truncated
                """,
                $"{Sum}  {Lists}d_debian_dists_stable_InRelease\n{new string('b', 64)}  {Lists}e:8_._Release\nsomething else\n"),
            default);

        Assert.That(digests, Is.EqualTo(new FileDigests[]
        {
            new("http://d/debian/ stable InRelease", Sum, Uri: "http://d/debian/"),
            new("http://e:8/ ./ Release", new string('b', 64), Uri: "http://e:8/"),
        }));
    }

    [TestCase(100, 0, "apt could not tell")]
    [TestCase(0, 1, "could not be summed up")]
    public void What_can_not_be_read_is_an_error(int apt, int sums, string reason) => Assert.That(
        () => ArchiveDigests.ReadAsync(Chroot("buildd-archive:http://e/ ./ Packages /e_._Packages\n", "", apt, sums), default),
        Throws.TypeOf<IOException>().With.Message.Contains(reason));

    [Test]
    public async Task The_statement_has_the_members_that_its_framework_wants()
    {
        using var stream = new MemoryStream();
        await new ProvenanceStatement
        {
            Results = [new FileDigests("x_1_amd64.deb", Sum, Sha1.Parse(OneSha1))],
            Inputs =
            [
                new FileDigests("x_1.dsc", "s2", Sha1.Parse(OtherSha1)),
                new FileDigests("http://d/ stable InRelease", "s4", Uri: "http://d/"),
            ],
            Request = new PackageRequest(
                new BinaryPackageArguments { Series = "stable", ArchTag = "amd64" },
                new DebianArguments
                {
                    Architecture = "amd64",
                    Series = "stable",
                    Archives = [ArchiveLine.Parse("deb http://u:secret@d/ stable main")],
                },
                "x_1.dsc"),
            TrustedKeys = ["ABCD"],
            DebBuildOptions = "noautodbgsym",
            BuilderName = "a builder",
            BuilderVersion = "1.2",
            BuildId = "PACKAGEBUILD-1",
            Started = new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)),
            Finished = new DateTimeOffset(2024, 2, 3, 4, 6, 6, TimeSpan.Zero),
        }.WriteAsync(stream, default);

        var text = Encoding.UTF8.GetString(stream.ToArray());
        Assert.That(text, Does.Not.Contain("secret").And.Not.Contain("\n"));
        Assert.That(JsonElement.DeepEquals(JsonDocument.Parse(text).RootElement, JsonDocument.Parse(
            $$$$"""
            {
              "_type": "https://in-toto.io/Statement/v1",
              "subject": [{"name": "x_1_amd64.deb", "digest": {"sha256": "{{{{Sum}}}}", "sha1": "{{{{OneSha1}}}}"}}],
              "predicateType": "https://slsa.dev/provenance/v1",
              "predicate": {
                "buildDefinition": {
                  "buildType": "urn:buildd:build:binarypackage:1",
                  "externalParameters": {
                    "dsc": "x_1.dsc", "series": "stable", "suite": "stable", "arch_tag": "amd64", "ogrecomponent": "main", "archive_purpose": "PRIMARY",
                    "arch_indep": false, "build_debug_symbols": false, "archives": ["deb http://d/ stable main"], "trusted_keys": ["ABCD"]
                  },
                  "internalParameters": {"DEB_BUILD_OPTIONS": "noautodbgsym"},
                  "resolvedDependencies": [
                    {"name": "x_1.dsc", "digest": {"sha256": "s2", "sha1": "{{{{OtherSha1}}}}"}},
                    {"name": "http://d/ stable InRelease", "uri": "http://d/", "digest": {"sha256": "s4"}}
                  ]
                },
                "runDetails": {
                  "builder": {"id": "urn:buildd:builder:a%20builder", "version": {"buildd-slave": "1.2"}},
                  "metadata": {"invocationId": "PACKAGEBUILD-1", "startedOn": "2024-02-03T02:05:06Z", "finishedOn": "2024-02-03T04:06:06Z"}
                }
              }
            }
            """).RootElement), text);
    }

    private static ChrootRunner Chroot(string targets, string sums, int targetsExitCode = 0, int sumsExitCode = 0) =>
        (command, output, _) =>
    {
        output(Encoding.UTF8.GetBytes(command.File == "apt-get" ? targets : sums));
        return Task.FromResult(command.File == "apt-get" ? targetsExitCode : sumsExitCode);
    };
}
