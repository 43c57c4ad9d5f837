using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.UnitTests.Farm.Store;
using Dapper;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PasswordRecordsTests(Engine engine) : IAsyncDisposable
{
    private const string Password = "correct horse battery staple";

    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_person_is_known_by_the_password_and_a_name_a_former_name_or_an_address()
    {
        var records = _bench.Open();
        var ada = await records.AddPersonAsync("ada", "Ada@example.org");
        await records.Passwords.SetAsync(EngineBench.Local, "ada", Password, default);
        await records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { Name = "lovelace" }, default);

        using (Assert.EnterMultipleScope())
        {
            foreach (var name in (string[])["lovelace", "ada", "ada@EXAMPLE.org"])
                Assert.That((await records.Passwords.VerifyAsync(name, Password, default))?.Id, Is.EqualTo(ada.Id), name);
            Assert.That(await records.Passwords.VerifyAsync("ada", Password + " ", default), Is.Null);
            Assert.That(await records.Passwords.VerifyAsync("nobody", Password, default), Is.Null);
            Assert.That(await records.Passwords.VerifyAsync("nobody\0", Password, default), Is.Null);
            Assert.That(await records.Passwords.VerifyAsync("a\0@example.org", Password, default), Is.Null);
            Assert.That(await records.Passwords.VerifyAsync("admins", Password, default), Is.Null);
            Assert.That(await records.Passwords.VerifyAsync("ada", new string('x', 10_000_000), default), Is.Null);
        }
    }

    [TestCase("Suspended")]
    [TestCase("Deactivated")]
    public async Task Who_is_not_active_is_not_let_in(string state)
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        await records.Passwords.SetAsync(EngineBench.Local, "ada", Password, default);

        await records.People.ChangeAsync(
            EngineBench.Local, "ada", person => person with { State = Enum.Parse<AccountState>(state) }, default);

        Assert.That(await records.Passwords.VerifyAsync("ada", Password, default), Is.Null);
    }

    [TestCase("elevenchars")]
    [TestCase("")]
    [TestCase("has a\0 NUL in it")]
    [TestCase("two lines\nof text")]
    public async Task What_can_t_be_a_password_is_refused_without_being_shown(string password)
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");

        Assert.That(
            () => records.Passwords.SetAsync(EngineBench.Local, "ada", password, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage)
                .And.Message.Not.Contains(password.Length == 0 ? "\0" : password));
        Assert.That(await records.Passwords.HasAsync(EngineBench.Local, "ada", default), Is.False);
    }

    [Test]
    public async Task Neither_the_store_nor_the_audit_has_the_password()
    {
        var store = _bench.OpenStore();
        var records = new FarmRecords(store);
        await records.AddPersonAsync("ada");

        await records.Passwords.SetAsync(EngineBench.Local, "ada", Password, default);

        var hash = await store.ReadAsync(connection => connection.ExecuteScalarAsync<string>("SELECT hash FROM password"), default);
        var entry = (await records.Audit.ListAsync(EngineBench.Local, new AuditFilter(), default))[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(hash, Does.Not.Contain("horse"));
            Assert.That((entry.Action, entry.Subject, entry.Changes.Count), Is.EqualTo(("password set", "ada", 0)));
        }
    }

    [Test]
    public async Task A_hash_that_was_made_with_less_effort_is_made_again_at_the_next_login()
    {
        var store = _bench.OpenStore();
        var records = new FarmRecords(store);
        var ada = await records.AddPersonAsync("ada");
        await records.Passwords.SetAsync(EngineBench.Local, "ada", Password, default);
        var old = new PasswordHasher<Person>(Options.Create(new PasswordHasherOptions { IterationCount = 1000 }))
            .HashPassword(ada, Password);
        await store.WriteAsync(connection => connection.ExecuteAsync("UPDATE password SET hash = @old", new { old }), default);

        Assert.That((await records.Passwords.VerifyAsync("ada", Password, default))?.Id, Is.EqualTo(ada.Id));

        var hash = await store.ReadAsync(connection => connection.ExecuteScalarAsync<string>("SELECT hash FROM password"), default);
        Assert.That(hash, Is.Not.EqualTo(old));
        Assert.That((await records.Passwords.VerifyAsync("ada", Password, default))?.Id, Is.EqualTo(ada.Id));
    }

    [Test]
    public void A_team_has_no_password() => Assert.That(
        () => _bench.Open().Passwords.SetAsync(EngineBench.Local, "admins", Password, default),
        Throws.TypeOf<FarmException>().With.Message.Contains("only people have passwords"));
}
