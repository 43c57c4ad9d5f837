using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Inputs;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DirectoryInputsTests : IDisposable
{
    private static readonly Build Build = new NewBuild { JobType = "PACKAGEBUILD", Title = "a build" }.ToBuild(1, 1, default);

    private readonly TemporaryDirectory _folder = new();
    private readonly DirectoryInputs _inputs;

    public DirectoryInputsTests() => _inputs = new DirectoryInputs(_folder.Path, new Uri("http://files.example/inputs"));

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_file_has_its_sum_and_an_address_below_the_folder_s()
    {
        await File.WriteAllTextAsync(_folder["hello_1+b 2.dsc"], "one");

        var file = await _inputs.FindFileAsync(Build, "hello_1+b 2.dsc", null);

        Assert.That((file!.Name, file.Sha1), Is.EqualTo(("hello_1+b 2.dsc", Sha1.Parse(Replies.Sha1Of("one")))));
        Assert.That(file.Url, Is.EqualTo("http://files.example/inputs/hello_1%2Bb%202.dsc"));
    }

    [Test]
    public async Task A_file_that_is_replaced_has_its_new_sum_and_one_of_another_sum_is_not_found()
    {
        await File.WriteAllTextAsync(_folder["a"], "one");
        var one = Sha1.Parse(Replies.Sha1Of("one"));
        Assert.That((await _inputs.FindFileAsync(Build, "a", one))!.Sha1, Is.EqualTo(one));
        await File.WriteAllTextAsync(_folder["a"], "other");

        Assert.That((await _inputs.FindFileAsync(Build, "a", null))!.Sha1, Is.EqualTo(Sha1.Parse(Replies.Sha1Of("other"))));
        Assert.That(await _inputs.FindFileAsync(Build, "a", one), Is.Null);
    }

    [TestCase("../a")]
    [TestCase("/etc/passwd")]
    [TestCase("no-such-file")]
    [TestCase("")]
    public async Task Names_that_escape_and_files_that_are_not_there_are_not_found(string name) =>
        Assert.That(await _inputs.FindFileAsync(Build, name, null), Is.Null);

    [TestCase("bookworm", "amd64", "chroot-bookworm-amd64.tar.gz")]
    [TestCase("bookworm", "arm64", "chroot-bookworm-arm64.tar")]
    [TestCase("bookworm", "arm", null)]
    [TestCase("trixie", "amd64", null)]
    public async Task A_chroot_is_found_by_series_and_architecture(string series, string architecture, string? expected)
    {
        foreach (
            var name in (
                string[])["chroot-bookworm-amd64.tar.xz", "chroot-bookworm-amd64.tar.gz", "chroot-bookworm-arm64.tar",
                "chroot-bookworm-arm64.tarball"])
            await File.WriteAllTextAsync(_folder[name], name);

        Assert.That((await _inputs.FindChrootAsync(series, architecture))?.Name, Is.EqualTo(expected));
    }
}
