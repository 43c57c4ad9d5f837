using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Archives;

/// <summary>The owners of packages in an archive of folders, by its index and without.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PackageOwnersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private int _read;

    public void Dispose() => _folder.Dispose();

    private PackageOwners Owners => new(_folder["uploads"], _folder["index"], (folder, stop) =>
    {
        _read++;
        return File.ReadAllTextAsync(Path.Combine(folder, "source"), stop);
    });

    [Test]
    public async Task What_is_published_is_found_without_reading_the_uploads()
    {
        await PublishAsync("1", "foo", "foo_1_amd64.deb", "foo-data_1_all.deb", "foo_1_amd64.buildinfo");
        await PublishAsync("2", "bar", "bar_1_amd64.deb", "bar.new_1_amd64.udeb");
        _read = 0;

        Assert.That(await FindAsync("foo", "foo-data", "bar", "bar.new", "none"), Is.EquivalentTo(new[]
        {
            new PublishedBinary("foo", "foo", null, "amd64"), new PublishedBinary("foo-data", "foo", null, "all"),
            new PublishedBinary("bar", "bar", null, "amd64"), new PublishedBinary("bar.new", "bar", null, "amd64"),
        }));
        Assert.That(_read, Is.Zero);
    }

    [Test]
    public async Task An_archive_without_an_index_is_looked_through_and_gets_one_with_its_next_upload()
    {
        Upload("1", "foo", "foo_1_amd64.deb");
        Assert.That(await FindAsync("foo"), Is.EqualTo(new[] { new PublishedBinary("foo", "foo", null, "amd64") }));
        Assert.That(Directory.Exists(_folder["index"]), Is.False, "a question writes nothing");

        await PublishAsync("2", "bar", "bar_1_amd64.deb");
        _read = 0;

        Assert.That(await FindAsync("foo"), Has.Count.EqualTo(1));
        Assert.That(_read, Is.Zero);
    }

    [Test]
    public async Task What_somebody_removes_is_nobodys_unless_an_older_upload_has_it()
    {
        await PublishAsync("1", "foo", "foo_1_amd64.deb");
        await PublishAsync("2", "foo", "foo_2_amd64.deb");
        Directory.Delete(_folder["uploads/2"], recursive: true);
        Assert.That(await FindAsync("foo"), Has.Count.EqualTo(1));

        Directory.Delete(_folder["uploads/1"], recursive: true);

        Assert.That(await FindAsync("foo"), Is.Empty);
    }

    [TestCase("")]
    [TestCase("foo\n")]
    [TestCase("foo amd64 ../../etc\n")]
    public async Task An_index_that_cannot_be_understood_is_not_believed(string text)
    {
        await PublishAsync("1", "foo", "foo_1_amd64.deb");
        File.WriteAllText(_folder["index/_foo"], text);

        Assert.That(await FindAsync("foo"), Is.EqualTo(new[] { new PublishedBinary("foo", "foo", null, "amd64") }));
    }

    [Test]
    public async Task All_sources_and_architectures_of_a_package_are_found_and_only_the_last_upload_of_each_is_kept()
    {
        for (var number = 1; number <= 3; number++)
            await PublishAsync($"{number}", "foo", $"foo_{number}_amd64.deb");
        await PublishAsync("4", "foo", "foo_3_arm64.deb");
        await PublishAsync("5", "other", "foo_9_amd64.deb");

        Assert.That(
            (await FindAsync("foo")).Select(found => (found.Source, found.Architecture)),
            Is.EquivalentTo(new[] { ("foo", "amd64"), ("foo", "arm64"), ("other", "amd64") }));
        Assert.That(File.ReadAllLines(_folder["index/_foo"]), Has.Length.EqualTo(3));
    }

    private Task<IReadOnlyList<PublishedBinary>> FindAsync(params string[] packages) => Owners.FindAsync(packages, default);

    private async Task PublishAsync(string upload, string source, params string[] files)
    {
        Upload(upload, source, files);
        await Owners.NoteAsync(upload, default);
    }

    private void Upload(string upload, string source, params string[] files)
    {
        Directory.CreateDirectory(_folder[$"uploads/{upload}"]);
        foreach (var file in files)
            File.WriteAllText(_folder[$"uploads/{upload}/{file}"], "");
        File.WriteAllText(_folder[$"uploads/{upload}/source"], source);
    }
}
