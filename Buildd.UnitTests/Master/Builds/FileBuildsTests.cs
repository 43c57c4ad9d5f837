using Buildd.Master.Builds;
using Buildd.UnitTests.Master.Contracts;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Builds;

public sealed class FileBuildsTests : BuildRecordsContract, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task What_was_stored_is_there_for_the_next_process()
    {
        var added = (await Records.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "hello", UniqueKey = "key", Specification = new byte[] { 1, 2 } }])).Single();
        var stored = (await Records.TryReplaceAsync([added.Dispatched("anna", Time.GetUtcNow())])).Single()!;

        var other = Reopen();

        Assert.That((await other.FindAsync(added.Id))!.ToString(), Is.EqualTo(stored.ToString()));
        Assert.That((await other.FindAsync(added.Id))!.Started, Is.EqualTo(Time.GetUtcNow()));
        Assert.That((await other.FindSpecificationAsync(added.Id))!.Value.ToArray(), Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That((await other.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "again", UniqueKey = "key" }])).Single().Id, Is.EqualTo(added.Id));
    }

    [Test]
    public void A_damaged_file_is_named()
    {
        File.WriteAllText(_folder["store/builds.json"], "{\"Revision\": 1, ");

        Assert.That(async () => await Records.FindAsync(1), Throws.InstanceOf<IOException>().With.Message.Contains("builds.json is damaged"));
    }

    private protected override IBuildRecords Make() => new FileBuilds(_folder["store"], Time);

    private protected override IBuildRecords Reopen() => new FileBuilds(_folder["store"], Time);
}
