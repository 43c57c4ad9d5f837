using Buildd.Farm;
using Buildd.Farm.Audit;
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
public sealed class AccountRecordsTests(Engine engine) : IAsyncDisposable
{
    private const string Password = "correct horse battery staple";

    private static readonly AccountParts All = new() { Password = Password, IsAdministrator = true };

    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task An_account_is_added_with_its_password_and_its_role()
    {
        var records = _bench.Open();

        await records.Accounts.AddAsync(EngineBench.Local, NewPerson("ada"), "ada@example.org", All, default);

        var actor = await records.Actors.FindAsync("ada", "test", default);
        Assert.That(actor.Has(Role.Administrator));
        Assert.That((await records.Passwords.VerifyAsync("ada", Password, default))?.Name, Is.EqualTo("ada"));
    }

    [Test]
    public async Task An_account_is_changed_as_a_whole_or_not_at_all()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        var ada = await records.Actors.FindAsync("ada", "test", default);
        var entries = (await records.Audit.ListAsync(EngineBench.Local, new AuditFilter(), default)).Count;

        Assert.That(
            () => records.Accounts.ChangeAsync(ada, "ada", person => person with { DisplayName = "Root" }, All, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await records.People.GetAsync(ada, "ada", default)).DisplayName, Is.EqualTo("ada"));
            Assert.That(await records.Passwords.HasAsync(ada, "ada", default), Is.False);
            Assert.That(await records.Audit.ListAsync(EngineBench.Local, new AuditFilter(), default), Has.Count.EqualTo(entries));
        }
    }

    [Test]
    public async Task What_is_not_given_stays()
    {
        var records = _bench.Open();
        await records.Accounts.AddAsync(EngineBench.Local, NewPerson("ada"), "ada@example.org", All, default);
        var ada = await records.Actors.FindAsync("ada", "test", default);

        await records.Accounts.ChangeAsync(ada, "ada", person => person with { Name = "lovelace" }, new AccountParts(), default);

        Assert.That((await records.Actors.FindAsync("lovelace", "test", default)).Has(Role.Administrator));
        Assert.That(await records.Passwords.VerifyAsync("lovelace", Password, default), Is.Not.Null);
    }

    [Test]
    public void A_team_has_no_account() => Assert.That(
        () => _bench.Open().Accounts.ChangeAsync(EngineBench.Local, "admins", team => team, new AccountParts(), default),
        Throws.TypeOf<FarmException>().With.Message.Contains("only people have accounts"));

    private static Person NewPerson(string name) => new() { Name = name, DisplayName = name, Created = DateTimeOffset.UnixEpoch };
}
