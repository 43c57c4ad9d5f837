using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Store;
using Buildd.UnitTests.Testing;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TokenRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private readonly FixedTime _time = new(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [TestCase("READ_PUBLIC")]
    [TestCase("READ_PRIVATE")]
    [TestCase("WRITE_PUBLIC")]
    [TestCase("WRITE_PRIVATE")]
    public async Task A_token_makes_an_actor_with_its_level(string name)
    {
        var level = AccessLevelNames.Parse(name)!.Value;
        var records = _bench.Open(_time);
        var ada = await records.AddPersonAsync("ada");
        var made = await records.Tokens.AddAsync(EngineBench.Local, "ada", "a script", level, expires: null, default);

        var check = await records.Tokens.AuthenticateAsync("a script", made.Token.Key, made.Secret, "10.0.0.1", default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(check.Refusal, Is.Null);
            Assert.That(
                (check.Actor!.PersonId, check.Actor.Name, check.Actor.Level, check.Actor.Origin),
                Is.EqualTo(((long?)ada.Id, "ada", level, "10.0.0.1")));
        }
    }

    [Test]
    public async Task Whatever_is_not_as_it_should_be_is_refused()
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");
        var made = await AddAsync(records, _time.GetUtcNow().AddDays(1));
        var revoked = await AddAsync(records);
        await records.Tokens.RevokeAsync(EngineBench.Local, revoked.Token.Id, default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await CheckAsync(made.Token.Key + "x", made.Secret), Is.EqualTo(TokenRefusal.Unknown));
            Assert.That(await CheckAsync("\0" + made.Token.Key[1..], made.Secret), Is.EqualTo(TokenRefusal.Unknown));
            Assert.That(await CheckAsync("", ""), Is.EqualTo(TokenRefusal.Unknown));
            Assert.That(await CheckAsync(made.Token.Key, revoked.Secret), Is.EqualTo(TokenRefusal.WrongSecret));
            Assert.That(await CheckAsync(made.Token.Key, ""), Is.EqualTo(TokenRefusal.WrongSecret));
            Assert.That(await CheckAsync(revoked.Token.Key, revoked.Secret), Is.EqualTo(TokenRefusal.Unknown));
            Assert.That(await CheckAsync(made.Token.Key, made.Secret, "another"), Is.EqualTo(TokenRefusal.OtherConsumer));
            Assert.That(await CheckAsync(made.Token.Key, made.Secret), Is.Null);
            _time.Advance(TimeSpan.FromDays(1));
            Assert.That(await CheckAsync(made.Token.Key, made.Secret), Is.EqualTo(TokenRefusal.Expired));
        }

        async Task<TokenRefusal?> CheckAsync(string key, string secret, string consumer = "a script") =>
            (await records.Tokens.AuthenticateAsync(consumer, key, secret, "test", default)).Refusal;
    }

    [TestCase("Suspended")]
    [TestCase("Deactivated")]
    public async Task A_token_of_a_person_who_is_not_active_is_refused_and_none_is_made(string state)
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");
        var made = await AddAsync(records);

        await records.People.ChangeAsync(
            EngineBench.Local, "ada", person => person with { State = Enum.Parse<AccountState>(state) }, default);

        Assert.That(
            (await records.Tokens.AuthenticateAsync("a script", made.Token.Key, made.Secret, "test", default)).Refusal,
            Is.EqualTo(TokenRefusal.InactiveAccount));
        Assert.That(() => AddAsync(records), Throws.TypeOf<FarmException>().With.Message.Contains("is not active"));
    }

    [Test]
    public async Task The_store_and_the_audit_have_no_secret()
    {
        var store = _bench.OpenStore(_time);
        var records = new FarmRecords(store);
        await records.AddPersonAsync("ada");

        var made = await AddAsync(records);

        var stored = await store.ReadAsync(
            connection => connection.QuerySingleAsync<(string Key, string Digest)>("SELECT key, digest FROM token"), default);
        var entry = (await records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "token" }, default)).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(stored.Key, Is.EqualTo(made.Token.Key));
            Assert.That(stored.Digest, Does.Match("^[0-9a-f]{64}$").And.Not.EqualTo(made.Secret));
            Assert.That((entry.Action, entry.Subject), Is.EqualTo(("added", "ada")));
            Assert.That(
                string.Concat(entry.Changes),
                Does.Contain("READ_PRIVATE").And.Not.Contain(made.Secret).And.Not.Contain(stored.Digest));
        }
    }

    [Test]
    public async Task The_last_use_is_written_once_in_a_minute()
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");
        var made = await AddAsync(records);
        var first = _time.GetUtcNow();
        Assert.That(await LastUsedAsync(), Is.Null);

        await UseAsync();
        Assert.That(await LastUsedAsync(), Is.EqualTo(first));
        _time.Advance(TokenRecords.LastUsedPrecision - TimeSpan.FromTicks(1));
        await UseAsync();
        Assert.That(await LastUsedAsync(), Is.EqualTo(first));
        _time.Advance(TimeSpan.FromTicks(1));
        await UseAsync();
        Assert.That(await LastUsedAsync(), Is.EqualTo(first + TokenRecords.LastUsedPrecision));

        Task UseAsync() => records.Tokens.AuthenticateAsync("a script", made.Token.Key, made.Secret, "test", default);

        async Task<DateTimeOffset?> LastUsedAsync() =>
            (await records.Tokens.ListAsync(EngineBench.Local, "ada", default)).Single().Token.LastUsed;
    }

    [Test]
    public async Task A_token_is_its_person_s_and_the_administrators_own()
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        var made = await AddAsync(records);
        var bob = await records.Actors.FindAsync("bob", "test", default);
        var ada = await records.Actors.FindAsync("ada", "test", default);

        Assert.That(await records.Tokens.ListAsync(bob, name: null, default), Is.Empty);
        Assert.That(
            () => records.Tokens.ListAsync(bob, "ada", default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));
        Assert.That(
            () => records.Tokens.RevokeAsync(bob, made.Token.Id, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));
        var revoked = await records.Tokens.RevokeAsync(ada, made.Token.Id, default);
        Assert.That(revoked.Revoked, Is.EqualTo(_time.GetUtcNow()));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.That(await records.Tokens.RevokeAsync(ada, made.Token.Id, default), Is.EqualTo(revoked));
    }

    [TestCase("")]
    [TestCase(" a")]
    [TestCase("two\nlines")]
    [TestCase("a\0b")]
    public async Task What_can_t_be_a_consumer_is_refused(string consumer)
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");

        Assert.That(
            () => records.Tokens.AddAsync(EngineBench.Local, "ada", consumer, AccessLevel.ReadPublic, expires: null, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
    }

    [Test]
    public async Task A_token_that_would_be_over_already_is_refused()
    {
        var records = _bench.Open(_time);
        await records.AddPersonAsync("ada");

        Assert.That(
            () => AddAsync(records, _time.GetUtcNow()),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
    }

    private static Task<NewToken> AddAsync(FarmRecords records, DateTimeOffset? expires = null) =>
        records.Tokens.AddAsync(EngineBench.Local, "ada", "a script", AccessLevel.ReadPrivate, expires, default);
}
