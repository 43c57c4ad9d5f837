using Buildd.Farm;
using Buildd.UnitTests.Farm.Archives;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.LiveFilesystems;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class LiveFsNamespaceTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [OneTimeSetUp]
    public async Task SetUpAsync()
    {
        _cast = await LiveFsCast.CreateAsync(_bench.Open());
        await _cast.Records.AddLiveFsAsync("open");
        await _cast.Records.AddLiveFsAsync("secret");
    }

    [TestCase("open/debian/bookworm/desktop")]
    [TestCase("open/debian/bookworm/desktop/+build/7")]
    [TestCase("open/deb/stable/desktop")]
    [TestCase("open/debian/12/desktop")]
    public async Task Its_parts_lead_to_it_and_the_rest_is_left_alone(string address)
    {
        var (livefs, path) = await _cast.Records.LiveFsNamespace.TraverseAsync(_cast.Actors["stranger"], address.Split('/'), default);

        Assert.That((livefs.Name, path), Is.EqualTo(("desktop", "~open/debian/bookworm/desktop")));
    }

    [TestCase("open", "Cannot understand namespace name: 'open'")]
    [TestCase("open/debian/bookworm", "Cannot understand namespace name: 'open/debian/bookworm'")]
    [TestCase("nobody/debian/bookworm/desktop", "No such person: 'nobody'.")]
    [TestCase("secret/debian/bookworm/desktop", "No such person: 'secret'.")]
    [TestCase("open/gnu/bookworm/desktop", "No such distribution: 'gnu'.")]
    [TestCase("open/debian/sid/desktop", "No such distribution series: 'sid'.")]
    [TestCase("open/debian/bookworm/server", "No such live filesystem: 'server'.")]
    [TestCase("open/debian/bookworm/", "No such live filesystem: ''.")]
    public void What_leads_nowhere_says_where_it_ends(string address, string because) => Assert.That(
        async () => await _cast.Records.LiveFsNamespace.TraverseAsync(_cast.Actors["stranger"], address.Split('/'), default),
        Throws.TypeOf<FarmException>().With.Message.EqualTo(because)
            .And.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));

    [Test]
    public void No_part_is_null() => Assert.That(
        async () => await _cast.Records.LiveFsNamespace.TraverseAsync(_cast.Actors["stranger"], ["open", null!], default),
        Throws.ArgumentException);
}
