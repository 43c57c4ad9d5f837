using System.Text.Json;
using Buildd.Cli.Commands;
using Buildd.Farm;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Queuing many source packages in one go.</summary>
public sealed class BuildManyCommandTests : BuildCommandFixture
{
    private string List => Farm["list"];

    [Test]
    public async Task Several_files_are_queued_in_their_order()
    {
        await AddChrootsAsync("amd64", "arm64");

        var ran = await Farm.RunAsync("build", WriteSource("any", "beta"), WriteSource("all", "alpha"), "--score", "7");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(
            (await BuildsAsync()).OrderBy(build => build.Id).Select(build => (build.Subject, build.Processor, build.Score)),
            Is.EqualTo(new[] { ("beta", "amd64", 7), ("beta", "arm64", 7), ("alpha", "amd64", 7) }));
        Assert.That(ran.Output.Split('\n').Select(line => line.Split(':')[0]),
            Is.EqualTo(new[] { "PACKAGEBUILD-1", "PACKAGEBUILD-2", "PACKAGEBUILD-3", "" }));
    }

    [Test]
    public async Task A_list_of_more_than_one_batch_is_queued_whole_and_in_order()
    {
        await AddChrootsAsync("amd64");
        var names = Enumerable.Range(0, 450).Select(i => $"package{i}").ToList();
        await File.WriteAllLinesAsync(List, names.Select(name => WriteSource("any", name)));

        var ran = await Farm.RunAsync("build", "--from-file", List);

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(ran.Error, Does.Match("^warning: [^\n]* The farm has no builders\\.\n$"), "once for all");
        Assert.That((await BuildsAsync()).OrderBy(build => build.Id).Select(build => build.Subject), Is.EqualTo(names));
        Assert.That(ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(450));
    }

    [Test]
    public async Task What_is_wrong_with_one_is_said_with_its_line_and_keeps_no_other_from_being_queued()
    {
        await AddChrootsAsync("amd64");
        await Farm.RunAsync("builders", "add", "bob", "http://127.0.0.1:1/", "-p", "amd64");
        await File.WriteAllTextAsync(Farm["garbage.dsc"], "garbage\n");
        await File.WriteAllLinesAsync(
            List, ["# the archive", WriteSource("any", "one"), "", Farm["missing.dsc"], Farm["garbage.dsc"], WriteSource("i386", "two"),
                WriteSource("any", "three")]);

        var ran = await Farm.RunAsync("build", "--from-file", List);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound), "the worst of them");
        Assert.That((await BuildsAsync()).Select(build => build.Subject), Is.EquivalentTo(new[] { "one", "three" }));
        var lines = ran.Error.Split('\n');
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[0], Is.EqualTo($"build: {List}:4: {Farm["missing.dsc"]} is not there"));
            Assert.That(lines[1], Does.StartWith($"build: {List}:5: ").And.Contain("garbage.dsc"));
            Assert.That(lines[2], Does.StartWith($"build: {List}:6: {Farm["two_2.10-3.dsc"]}: there is no chroot of bookworm for i386"));
            Assert.That(lines[3], Is.EqualTo("build: 3 of 5 sources were not queued"));
        }
    }

    [Test]
    public async Task Queuing_a_list_again_with_its_key_adds_only_what_is_missing()
    {
        await AddChrootsAsync("amd64");
        await File.WriteAllLinesAsync(List, [WriteSource("any", "one"), WriteSource("any", "two")]);
        await Farm.RunAsync("build", "--from-file", List, "--key", "rebuild");
        await File.AppendAllLinesAsync(List, [WriteSource("any", "three")]);

        var again = await Farm.RunAsync("build", "--from-file", List, "--key", "rebuild");

        Assert.That(again.Code, Is.Zero, again.ToString());
        Assert.That(
            (await BuildsAsync()).OrderBy(build => build.Id).Select(build => build.Subject), Is.EqualTo(new[] { "one", "two", "three" }));
        Assert.That(again.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(3));
    }

    [Test]
    public async Task Of_many_json_has_a_line_each_and_of_one_an_array()
    {
        await AddChrootsAsync("amd64");
        var (one, two) = (WriteSource("any", "one"), WriteSource("any", "two"));

        var many = await Farm.RunAsync("build", one, two, "--json");
        var single = await Farm.RunAsync("build", one, "--json");

        var lines = many.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(
            lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("subject").GetString()),
            Is.EqualTo(new[] { "one", "two" }));
        Assert.That(JsonDocument.Parse(single.Output).RootElement.GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task When_the_rest_cannot_be_queued_it_is_said_where_to_go_on()
    {
        await AddChrootsAsync("amd64");
        await File.WriteAllLinesAsync(List, Enumerable.Range(0, 201).Select(i => WriteSource("any", $"package{i}")));
        Directory.Delete(Farm["state/inputs"], recursive: true);
        await File.WriteAllTextAsync(Farm["state/inputs"], "in the way");

        var ran = await Farm.RunAsync("build", "--from-file", List);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed), ran.ToString());
        Assert.That(ran.Error, Does.StartWith(
            $"build: stopped after 0 of 201 sources; the next is {List}:1: {Farm["package0_2.10-3.dsc"]}: not queued\nbuild: "));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [Test]
    public async Task A_list_is_read_from_standard_input()
    {
        await AddChrootsAsync("amd64");
        await Farm.RunAsync("builders", "add", "bob", "http://127.0.0.1:1/", "-p", "amd64");
        var program = Path.Combine(AppContext.BaseDirectory, "buildd-farm.dll");
        var command = Command.Of(
            "dotnet", "exec", program, "--config", Farm.ConfigurationPath, "build", "--from-file", SourceList.StandardInput, "--arch",
            "amd64");
        var list = $"{WriteSource("any", "one")}\n{WriteSource("any", "two")}\n";

        var output = await ProcessRunner.CaptureAsync(
            command with { StandardInput = System.Text.Encoding.UTF8.GetBytes(list) });

        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(2));
        Assert.That(await BuildsAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task An_empty_list_queues_nothing()
    {
        await File.WriteAllTextAsync(List, "\n# nothing\n");

        var ran = await Farm.RunAsync("build", "--from-file", List);

        Assert.That((ran.Code, ran.Output, ran.Error), Is.EqualTo((0, "", "")));
    }

    [Test]
    public async Task A_list_that_is_not_there_is_named()
    {
        var ran = await Farm.RunAsync("build", "--from-file", List);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound));
        Assert.That(ran.Error, Does.Contain("is not there: --from-file names a list of source packages"));
    }
}
