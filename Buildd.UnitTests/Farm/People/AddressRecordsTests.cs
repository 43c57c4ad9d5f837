using Buildd.Farm;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class AddressRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task Addresses_are_added_preferred_and_removed()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        var ada = await records.Actors.FindAsync("ada", "test", default);

        await records.Addresses.AddAsync(ada, "ada", "Countess@example.net", default);
        Assert.That(await AddressesAsync(), Is.EqualTo(new[] { ("ada@example.org", true), ("Countess@example.net", false) }));
        await records.Addresses.PreferAsync(ada, "ada", "countess@EXAMPLE.net", default);
        Assert.That(await AddressesAsync(), Is.EqualTo(new[] { ("Countess@example.net", true), ("ada@example.org", false) }));
        Assert.That(
            () => records.Addresses.RemoveAsync(ada, "ada", "countess@example.net", default),
            Throws.TypeOf<FarmException>().With.Message.Contains("prefer another address first"));
        await records.Addresses.RemoveAsync(ada, "ada", "ada@example.org", default);
        Assert.That(await AddressesAsync(), Is.EqualTo(new[] { ("Countess@example.net", true) }));
        Assert.That(
            () => records.Addresses.RemoveAsync(ada, "ada", "ada@example.org", default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));

        async Task<IEnumerable<(string, bool)>> AddressesAsync() =>
            (await records.Addresses.ListAsync(ada, "ada", default)).Select(address => (address.Address, address.IsPreferred));
    }

    [Test]
    public async Task One_address_is_one_person_s_also_when_two_stores_add_it_at_once_in_other_letters()
    {
        var stores = new[] { _bench.Open(), _bench.Open() };
        foreach (var i in Enumerable.Range(0, 10))
            await stores[0].AddPersonAsync($"person{i}");

        // Without RequireFreeAsync inside of the transaction all but one would end in an error of the store's.
        var added = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                await stores[i % 2].Addresses.AddAsync(
                    EngineBench.Local, $"person{i}", i % 3 == 0 ? "Ada@example.com" : "ada@EXAMPLE.com", default);
                return "added";
            }
            catch (FarmException e)
            {
                return e.Message.Contains("is somebody's already", StringComparison.Ordinal) ? "refused" : e.Message;
            }
        }));

        Assert.That(added.Order(), Is.EqualTo(Enumerable.Repeat("refused", 9).Prepend("added")));
    }

    [Test]
    public async Task Nobody_has_more_addresses_than_there_may_be()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        for (var i = 1; i < AddressRecords.MaxCount; i++)
            await records.Addresses.AddAsync(EngineBench.Local, "ada", $"ada{i}@example.org", default);

        Assert.That(
            () => records.Addresses.AddAsync(EngineBench.Local, "ada", "ada@example.com", default),
            Throws.TypeOf<FarmException>().With.Message.Contains("can have no more"));
    }

    [TestCase("")]
    [TestCase("ada")]
    [TestCase("@example.org")]
    [TestCase("ada@")]
    [TestCase("a@b@c")]
    [TestCase("ada@example.org\n")]
    [TestCase("ada\0@example.org")]
    [TestCase("ada@example.org, bob@example.org")]
    [TestCase("Ada <ada@example.org>")]
    [TestCase("ad\u00e4@example.org")]
    [TestCase("ada\u007f@example.org")]
    public async Task What_can_t_be_an_address_is_refused(string address)
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");

        Assert.That(
            () => records.Addresses.AddAsync(EngineBench.Local, "ada", address, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
        Assert.That(
            () => records.AddPersonAsync("bob", address),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
    }

    [Test]
    public async Task Others_do_not_see_addresses_and_administrators_do()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        await records.JoinAsync(Role.Administrator.ToName(), "ada");
        var bob = await records.Actors.FindAsync("bob", "test", default);

        Assert.That(
            () => records.Addresses.ListAsync(bob, "ada", default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));
        Assert.That(
            await records.Addresses.ListAsync(await records.Actors.FindAsync("ada", "test", default), "bob", default),
            Has.Count.EqualTo(1));
    }
}
