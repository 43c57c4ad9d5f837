using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

/// <summary>What no store should be asked to keep is refused with a sentence, by both engines alike.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class HostileInputTests(Engine engine) : IAsyncDisposable
{
    private static readonly string[] Lines = ["a\0b", "a\u001b[31mb", "two\nlines", "a\u007fb", "a\u202eb", "half \ud800", "a\u2028b"];

    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_display_name_is_one_clean_line()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");

        using (Assert.EnterMultipleScope())
        {
            foreach (var line in Lines.Append(new string('x', Names.MaxDisplayLength + 1)))
                Refuses(() => records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { DisplayName = line }, default));
        }
    }

    [Test]
    public async Task A_description_has_lines_and_nothing_that_commands_a_terminal()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        const string Good = "two\nlines,\ta tab, \u00e4, \ud83d\ude00 and 'quotes'; DROP TABLE person; --";

        await records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { Description = Good }, default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await records.People.GetAsync(EngineBench.Local, "ada", default)).Description, Is.EqualTo(Good));
            foreach (var text in (string[])["a\0b", "a\u001b[31mb", "half \udc00", new string('x', 10_000_000)])
                Refuses(() => records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { Description = text }, default));
        }
    }

    [Test]
    public async Task A_name_that_can_t_be_one_is_nobody_s()
    {
        var records = _bench.Open();

        using (Assert.EnterMultipleScope())
        {
            foreach (var name in Lines.Append("").Append(new string('x', 10_000_000)).Append("' OR 1 = 1 --"))
            {
                Assert.That(await records.People.FindAsync(EngineBench.Local, name, default), Is.Null);
                Refuses(() => records.People.GetAsync(EngineBench.Local, name, default), FarmExitCode.NotFound);
                Refuses(() => records.Actors.FindAsync(name, "test", default), FarmExitCode.NotFound);
                Refuses(() => records.Teams.ListAsync(EngineBench.Local, name, default), FarmExitCode.NotFound);
                Refuses(() => records.People.ListAsync(EngineBench.Local, isTeam: null, name, 10, default));
                Refuses(() => records.AddPersonAsync(name, "ada@example.org"));
            }
        }
    }

    [Test]
    public void The_audit_is_not_asked_for_what_can_t_be_in_it()
    {
        var records = _bench.Open();

        using (Assert.EnterMultipleScope())
        {
            Refuses(() => records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Actor = "a\0" }, default));
            Refuses(() => records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "a\0" }, default));
            Refuses(() => records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Subject = "a\0" }, default));
        }
    }

    private static void Refuses(Func<Task> ask, int code = FarmExitCode.Usage) => Assert.That(
        async () => await ask(),
        Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(code)
            .And.Message.Length.LessThan(1000).And.Message.Not.Contains("\0").And.Message.Not.Contains("\u001b"));
}
