using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Lifecycle;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>The slave's memory over a restart, as a file.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class JournalTests : IDisposable
{
    private static readonly JournalEntry Entry = new()
    {
        Version = JournalEntry.CurrentVersion,
        Status = BuilderStatus.Waiting,
        BuildId = "PACKAGEBUILD-22",
        Tag = "binarypackage",
        Phase = "cleanup",
        Outcome = BuildStatus.DepFail,
        Dependencies = "libfoo (>= 2)",
        Results = [new JournalFile("b.deb", Sha1.Parse(new string('b', 40))), new JournalFile("a.deb", Sha1.Parse(new string('a', 40)))],
        OwnSums = [Sha1.Parse(new string('a', 40))],
        Extra = [1, 2, 3],
    };

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_was_written_is_read_by_the_next_slave()
    {
        using (var journal = new Journal(_folder.Path))
            journal.Write(Entry);

        using var next = new Journal(_folder.Path);
        var read = next.Read()!;

        Assert.That(
            read with { Results = [], OwnSums = [], Extra = [] }, Is.EqualTo(Entry with { Results = [], OwnSums = [], Extra = [] }));
        Assert.That(read.Results, Is.EqualTo(Entry.Results));
        Assert.That(read.OwnSums, Is.EqualTo(Entry.OwnSums));
        Assert.That(read.Extra, Is.EqualTo(Entry.Extra));
    }

    [Test]
    public void A_slave_that_never_built_has_nothing_to_remember()
    {
        using var journal = new Journal(_folder.Path);

        Assert.That(journal.Read(), Is.Null);
    }

    [Test]
    public void Half_a_change_is_forgotten()
    {
        using var journal = new Journal(_folder.Path);
        journal.Write(Entry);
        File.WriteAllText(_folder[Journal.TemporaryName], "{ \"Version\": 1, \"Sta");

        Assert.That(journal.Read()!.BuildId, Is.EqualTo("PACKAGEBUILD-22"));
        Assert.That(File.Exists(_folder[Journal.TemporaryName]), Is.False);
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{")]
    [TestCase("{}")]
    [TestCase("{ \"Version\": 1 }")]
    [TestCase("{ \"Version\": 1, \"Status\": \"Sleeping\" }")]
    [TestCase("{ \"Version\": 1, \"Status\": \"Idle\", \"Results\": 7 }")]
    [TestCase("{ \"Version\": 2, \"Status\": \"Idle\" }")]
    public void A_journal_that_says_nothing_clear_keeps_the_slave_from_starting(string text)
    {
        File.WriteAllText(_folder[Journal.FileName], text);
        using var journal = new Journal(_folder.Path);

        Assert.That(
            journal.Read,
            Throws.TypeOf<JournalException>().With.Message.Contains(_folder[Journal.FileName])
                .And.Message.Contains("remove that and the journal"));
    }

    [Test]
    public void A_journal_of_absurd_length_is_not_read()
    {
        using (var file = File.Create(_folder[Journal.FileName]))
            file.SetLength(1L << 40);
        using var journal = new Journal(_folder.Path);

        Assert.That(journal.Read, Throws.TypeOf<JournalException>().With.Message.Contains("longer than"));
    }

    [Test]
    public void Two_slaves_never_share_a_work_folder()
    {
        using var first = new Journal(_folder.Path);

        Assert.That(() => new Journal(_folder.Path), Throws.TypeOf<JournalException>().With.Message.Contains("a work folder of its own"));
    }

    [Test]
    public void A_change_that_can_t_be_written_leaves_the_last_one()
    {
        using var journal = new Journal(_folder.Path);
        journal.Write(Entry);
        Directory.CreateDirectory(_folder[Journal.TemporaryName]); // in the way of the next change

        Assert.That(
            () => journal.Write(Entry with { BuildId = "B-2" }), Throws.InstanceOf<Exception>().With.Property("Message")
                .Contains(Journal.TemporaryName));
        Directory.Delete(_folder[Journal.TemporaryName]);
        Assert.That(journal.Read()!.BuildId, Is.EqualTo("PACKAGEBUILD-22"));
    }
}
