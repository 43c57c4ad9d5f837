using Buildd.Debian.Packages;
using Buildd.Farm.Mail;
using Buildd.Master.Mail;
using Buildd.Testing.Files;
using Buildd.Testing.Servers;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Mail;

/// <summary>Mail that is not taken at once waits on the disk, and a real server gets it in the end.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class MailSpoolTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<MailSpool> _logger = new();

    private IEnumerable<string?> Waiting => Directory.Exists(_folder["mail"])
        ? Directory.GetFiles(_folder["mail"], "*.json").Select(Path.GetFileName)
        : [];

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task What_is_taken_at_once_is_on_the_disk_no_more()
    {
        await using var server = new SmtpListener();

        await SpoolTo(server.Port).SendAsync(Mail);

        Assert.That(server.Received, Has.Count.EqualTo(1));
        Assert.That(Waiting, Is.Empty);
    }

    [TestCase("450 mailbox busy")]
    [TestCase("421 going down")]
    [TestCase("451 greylisted, come again")]
    public async Task A_server_that_asks_to_come_again_gets_the_mail_later_also_from_the_next_program(string reply)
    {
        await using (var busy = new SmtpListener { RecipientReply = reply })
        {
            Assert.That(
                async () => await SpoolTo(busy.Port).SendAsync(Mail),
                Throws.TypeOf<MailException>().With.Message.Contains(reply[4..])
                    .And.Property(nameof(MailException.NextTry)).EqualTo(_time.GetUtcNow() + MailSpool.FirstWait));
        }

        Assert.That(Waiting, Is.EqualTo(new[] { "some.id-1.json" }));
        await using var server = new SmtpListener();
        var next = SpoolTo(server.Port);

        await next.SendDueAsync(default);
        Assert.That(server.Received, Is.Empty, "it is not due");
        _time.Advance(MailSpool.FirstWait);
        await next.SendDueAsync(default);

        Assert.That(server.Received.Single().Headers["Subject"].Single(), Is.EqualTo("Hello"));
        Assert.That(server.Received.Single().Headers["X-Test"].Single(), Is.EqualTo("yes"));
        Assert.That(Waiting, Is.Empty);
    }

    [Test]
    public async Task A_server_that_is_away_is_tried_at_growing_intervals_and_given_up_after_three_days()
    {
        var server = new SmtpListener();
        await server.DisposeAsync();
        var spool = SpoolTo(server.Port);
        Assert.That(async () => await spool.SendAsync(Mail), Throws.TypeOf<MailException>());
        var start = _time.GetUtcNow();
        var tries = new List<double>();

        while (Waiting.Any())
        {
            var due = SpooledMail.Read(File.ReadAllBytes(_folder["mail/some.id-1.json"])).Due;
            tries.Add((due - start).TotalMinutes);
            _time.Advance(due - _time.GetUtcNow());
            await spool.SendDueAsync(default);
        }

        Assert.That(tries.Take(8), Is.EqualTo(new double[] { 5, 15, 35, 75, 155, 315, 635, 995 }));
        Assert.That(tries[^1], Is.InRange(3 * 24 * 60, 3 * 24 * 60 + 6 * 60));
        Assert.That(_logger.Entries[^1].Message, Does.StartWith("Not sent to jane@example.org, and given up after "));
    }

    [Test]
    public async Task A_server_that_refuses_is_not_asked_again()
    {
        await using var server = new SmtpListener { RecipientReply = "550 nobody here of that name" };

        Assert.That(
            async () => await SpoolTo(server.Port).SendAsync(Mail),
            Throws.TypeOf<MailException>().With.Property(nameof(MailException.NextTry)).Null);

        Assert.That(Waiting, Is.Empty);
    }

    [Test]
    public async Task While_the_server_is_known_to_be_away_nobody_waits_for_it()
    {
        var server = new SmtpListener();
        await server.DisposeAsync();
        var spool = SpoolTo(server.Port);
        Assert.That(async () => await spool.SendAsync(Mail), Throws.TypeOf<MailException>());

        Assert.That(
            async () => await spool.SendAsync(Mail with { Id = "another" }),
            Throws.TypeOf<MailException>().With.Message.Contains("waits, as another does"));

        Assert.That(Waiting, Is.EquivalentTo(new[] { "some.id-1.json", "another.json" }));
    }

    [Test]
    public async Task What_is_no_mail_is_put_aside_and_the_others_are_sent()
    {
        await using var server = new SmtpListener();
        Directory.CreateDirectory(_folder["mail"]);
        await File.WriteAllTextAsync(_folder["mail/a.json"], "{}");
        await File.WriteAllBytesAsync(_folder["mail/b.json"], SpooledMail.Of(Mail, _time.GetUtcNow(), TimeSpan.Zero).Write());

        await SpoolTo(server.Port).SendDueAsync(default);

        Assert.That(server.Received, Has.Count.EqualTo(1));
        Assert.That(Directory.GetFiles(_folder["mail"], "*.json*").Select(Path.GetFileName), Is.EqualTo(new[] { "a.json.bad" }));
    }

    [Test]
    public async Task Mail_that_can_not_be_kept_is_tried_all_the_same()
    {
        await using var server = new SmtpListener();
        await File.WriteAllTextAsync(_folder["mail"], "no folder");

        await SpoolTo(server.Port).SendAsync(Mail);

        Assert.That(server.Received, Has.Count.EqualTo(1));
    }

    private static OutgoingMail Mail => new()
    {
        From = MailPerson.Parse("Buildd <buildd@example.org>"),
        To = MailPerson.Parse("Jane Doe <jane@example.org>"),
        Subject = "Hello",
        Id = "some.id-1",
        Headers = [("X-Test", "yes")],
        Body = "\nfirst line\n",
    };

    private MailSpool SpoolTo(int port) =>
        new(_folder["mail"], new SmtpTransport(new SmtpOptions { Host = "127.0.0.1", Port = port }), _time, _logger);
}
