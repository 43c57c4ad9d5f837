using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Inputs that Debian's tools read, and that are easily thought wrong, as the farm has them.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class OddInputTests
{
    /// <summary>The lines of the case, with what a configuration has before each.</summary>
    private static readonly string[] Archives = File.ReadAllLines(Cases.PathOf("archives-comments", "archives.txt"));

    private static readonly string[] OnlyArchives = [.. Archives.Where(line => line.StartsWith("deb ", StringComparison.Ordinal))];

    [Test]
    public async Task A_dsc_with_text_after_its_signature_is_queued_with_the_lines_of_sources_that_name_archives()
    {
        await using var farm = new FarmProgram(
            "Sources:\n" + string.Concat(Archives.Where(line => line.Length > 0).Select(line => $" {line}\n")));
        await farm.PrepareAsync();
        var dsc = Cases.Source("dsc-text-after-signature").First();

        var configured = await farm.DoAsync("build", dsc);
        var given = await farm.DoAsync(["build", dsc, .. Archives.SelectMany(line => (string[])["--source", line])]);

        Assert.That((configured.Code, given.Code), Is.EqualTo((0, 0)), configured.Output + given.Output);
        foreach (var id in (long[])[1, 2])
        {
            var specification = await farm.WithStoreAsync(store => store.Builds.FindSpecificationAsync(id));
            Assert.That(PackageSpecification.FromBytes(specification!.Value).Archives, Is.EqualTo(OnlyArchives));
        }
    }

    [Test]
    public async Task A_changes_in_Latin_1_is_fetched_checked_and_published_with_its_bytes()
    {
        await using var farm = new FarmProgram();
        var dsc = await farm.PrepareAsync();
        byte[] bytes = [];
        await farm.AddSlaveAsync("bob", backend => backend.Script = async (context, abort) =>
        {
            var made = UploadLeaf.MakeGood(Path.Combine(context.Directory, "made"));
            made.Fields["Changed-By"] = "François Müller <f@example.org>";
            bytes = Encoding.Latin1.GetBytes(made.ChangesText());
            await File.WriteAllBytesAsync(made[UploadLeaf.ChangesName], bytes, abort);
            foreach (var path in Directory.GetFiles(made.Path))
                await context.AddResultAsync(path, null, abort);
            return new BuildOutcome(BuildStatus.Ok);
        });
        await using var run = await farm.StartAsync();

        var (code, output) = await farm.DoAsync("build", dsc, "--wait");

        Assert.That(code, Is.Zero, output + run.Output);
        Assert.That((await farm.WithStoreAsync(store => store.Builds.FindAsync(1)))!.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(farm.Accepted(1), UploadLeaf.ChangesName)), Is.EqualTo(bytes));
    }
}
