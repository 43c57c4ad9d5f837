using System.Security.Cryptography.X509Certificates;
using Buildd.Debian.Packages;
using Buildd.Farm.Mail;
using Buildd.Master.Mail;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Mail;

/// <summary>Mail as it comes out at the other end: at a server, and at a program that stands for sendmail.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class MailTransportTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_mail_arrives_as_it_was_written()
    {
        await using var server = new SmtpListener();

        await SmtpTo(server).SendAsync(Mail with { Headers = [("X-Launchpad-Build-State", "FAILEDTOUPLOAD"), ("X-Empty", "")] });

        var mail = server.Received.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mail.From, Does.StartWith("MAIL FROM:<buildd@example.org>"));
            Assert.That(mail.To, Is.EqualTo(new[] { "RCPT TO:<jane@example.org>" }));
            Assert.That(
                mail.Headers["From"].Single(), Is.EqualTo("Buildd <buildd@example.org>").Or.EqualTo("\"Buildd\" <buildd@example.org>"));
            Assert.That(
                mail.Headers["To"].Single(), Does.EndWith("Jane Doe\" <jane@example.org>").Or.EqualTo("Jane Doe <jane@example.org>"));
            Assert.That(mail.Headers["Subject"].Single(), Is.EqualTo("Hello"));
            Assert.That(mail.Headers["Message-ID"].Single(), Is.EqualTo("<some.id-1@example.org>"));
            Assert.That(mail.Headers["Auto-Submitted"].Single(), Is.EqualTo("auto-generated"));
            Assert.That(mail.Headers["X-Launchpad-Build-State"].Single(), Is.EqualTo("FAILEDTOUPLOAD"));
            Assert.That(mail.Headers["X-Empty"], Is.Empty);
            Assert.That(mail.Headers["Date"], Is.Not.Empty);
            Assert.That(mail.Body.TrimEnd('\n'), Is.EqualTo("\nfirst line\n.\n..two dots\n-- \nend"));
        }
    }

    [Test]
    public async Task Text_that_is_not_ASCII_is_encoded_and_long_lines_too()
    {
        await using var server = new SmtpListener();

        await SmtpTo(server).SendAsync(Mail with
        {
            To = MailPerson.Parse("Jürgen Groß <jg@example.org>"),
            Subject = "Zwölf Boxkämpfer",
            Body = "schön\n" + new string('x', 5000) + "\n",
        });

        var mail = server.Received.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mail.Text, Has.None.GreaterThan('\u007f'));
            Assert.That(mail.Text.Split('\n').Select(line => line.Length), Has.All.LessThan(998));
            Assert.That(mail.Headers["Subject"].Single(), Does.StartWith("=?utf-8?"));
            Assert.That(mail.Headers["Content-Transfer-Encoding"].Single(), Is.EqualTo("quoted-printable"));
            var read = await mail.ReadAsync();
            Assert.That(read.TextBody!.ReplaceLineEndings("\n"), Is.EqualTo("schön\n" + new string('x', 5000) + "\n"));
            Assert.That(read.Subject, Is.EqualTo("Zwölf Boxkämpfer"));
            Assert.That(read.To.Mailboxes.Single().Name, Is.EqualTo("Jürgen Groß"));
        }
    }

    [Test]
    public async Task Nothing_in_a_mail_can_make_another_header()
    {
        await using var server = new SmtpListener();

        await SmtpTo(server).SendAsync(Mail with
        {
            Subject = "innocent\r\nBcc: evil@example.org\n\nBody: of my own",
            Headers = [("X-Creator-Recipient", "a@b\r\nX-Evil: yes"), ("X-Other", "ö\nX-Evil: yes\u2028X-Evil: yes")],
        });

        var mail = server.Received.Single();
        Assert.That(mail.Headers.Select(header => header.Key), Has.None.EqualTo("Bcc").And.None.EqualTo("X-Evil").And.None.EqualTo("Body"));
        Assert.That(mail.Headers["Subject"].Single(), Is.EqualTo("innocent  Bcc: evil@example.org  Body: of my own"));
        Assert.That(mail.To, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_header_s_name_is_a_word() =>
        Assert.That(
            async () => await new SmtpTransport(new SmtpOptions { Host = "127.0.0.1", Port = 1 })
                .SendAsync(Mail with { Headers = [("X: y\nZ", "value")] }), Throws.ArgumentException);

    [Test]
    public async Task A_server_that_refuses_is_named_with_what_it_said()
    {
        await using var server = new SmtpListener { RecipientReply = "550 nobody here of that name" };

        Assert.That(async () => await SmtpTo(server).SendAsync(Mail), Throws.InstanceOf<MailException>()
            .With.Message.Contains($"127.0.0.1:{server.Port} did not take the mail to Jane Doe <jane@example.org>")
            .And.Message.Contains("nobody here of that name"));
    }

    [Test]
    public async Task A_server_that_is_not_there()
    {
        var server = new SmtpListener();
        await server.DisposeAsync();

        Assert.That(async () => await SmtpTo(server).SendAsync(Mail), Throws.InstanceOf<MailException>());
    }

    [Test]
    public async Task A_server_that_never_answers_is_not_waited_for_for_ever()
    {
        await using var server = new SmtpListener { IsSilent = true };
        var transport =
            new SmtpTransport(new SmtpOptions { Host = "127.0.0.1", Port = server.Port, Timeout = TimeSpan.FromMilliseconds(200) });

        Assert.That(
            async () => await transport.SendAsync(Mail), Throws.InstanceOf<MailException>()
                .With.Message.Contains("did not take the mail to Jane Doe"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_mail_and_the_password_go_through_TLS(bool fromTheFirstByte)
    {
        var security = fromTheFirstByte ? MailSecurity.Tls : MailSecurity.StartTls;
        using var certificates = new TestCertificates(_folder["certificates"]);
        await using var server = TlsServer(certificates, security);

        await Transport(server, security, certificates).SendAsync(Mail);

        Assert.That(server.Received.Single().Headers["Subject"].Single(), Is.EqualTo("Hello"));
        Assert.That(server.InTheClear.Select(line => line.Split(' ')[0]), Is.SubsetOf((string[])["EHLO", "STARTTLS"]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_server_whose_certificate_nobody_trusts_gets_neither_mail_nor_password(bool fromTheFirstByte)
    {
        var security = fromTheFirstByte ? MailSecurity.Tls : MailSecurity.StartTls;
        using var certificates = new TestCertificates(_folder["certificates"]);
        using var others = new TestCertificates(_folder["others"]);
        await using var server = TlsServer(others, security);

        foreach (var trusted in (TestCertificates?[])[null, certificates])
            Assert.That(
                async () => await Transport(server, security, trusted).SendAsync(Mail), Throws.InstanceOf<MailException>()
                    .With.Message.Contains($"127.0.0.1:{server.Port}"));

        Assert.That(server.Received, Is.Empty);
        Assert.That(server.InTheClear, Has.None.StartsWith("AUTH").And.None.StartsWith("MAIL"));
    }

    [TestCase(TestCertificates.ClientUse, 1, TestName = "A_certificate_for_clients_is_no_mail_server_s")]
    [TestCase(TestCertificates.ServerUse, -1, TestName = "A_certificate_of_yesterday_is_no_mail_server_s")]
    public async Task A_certificate_that_does_not_hold_is_refused_whoever_has_signed_it(string use, int lastDay)
    {
        using var certificates = new TestCertificates(_folder["certificates"]);
        await using var server = TlsServer(certificates, MailSecurity.Tls, use: use, lastDay: lastDay);

        Assert.That(
            async () => await Transport(server, MailSecurity.Tls, certificates).SendAsync(Mail),
            Throws.InstanceOf<MailException>().With.Message.Contains($"127.0.0.1:{server.Port}"));

        Assert.That(server.Received, Is.Empty);
    }

    [Test]
    public async Task A_server_without_STARTTLS_is_given_nothing_where_TLS_is_wanted()
    {
        await using var server = new SmtpListener();

        Assert.That(
            async () => await Transport(server, MailSecurity.StartTls).SendAsync(Mail), Throws.InstanceOf<MailException>()
                .With.Message.Contains("STARTTLS"));

        Assert.That(server.Received, Is.Empty);
        Assert.That(server.InTheClear, Has.None.StartsWith("AUTH").And.None.StartsWith("MAIL"));
    }

    [Test]
    public async Task A_password_that_is_wrong_is_said_without_it()
    {
        using var certificates = new TestCertificates(_folder["certificates"]);
        await using var server = TlsServer(certificates, MailSecurity.StartTls, password: "another");

        Assert.That(async () => await Transport(server, MailSecurity.StartTls, certificates).SendAsync(Mail),
            Throws.InstanceOf<MailException>()
            .With.Message.Contains("535").And.Message.Not.Contains(Password));
    }

    [Test]
    public async Task Sendmail_gets_the_message_and_the_addresses_apart()
    {
        var program = await ProgramAsync("#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.arguments\"\ncat > \"$0.message\"\n");

        await new SendmailTransport(program).SendAsync(Mail);

        var message = new ReceivedMail("", [], await File.ReadAllTextAsync(program + ".message"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                await File.ReadAllLinesAsync(
                    program + ".arguments"), Is.EqualTo(new[] { "-i", "-f", "buildd@example.org", "--", "jane@example.org" }));
            Assert.That(message.Headers["Subject"].Single(), Is.EqualTo("Hello"));
            Assert.That(message.Headers["Message-ID"].Single(), Is.EqualTo("<some.id-1@example.org>"));
            Assert.That(message.Headers["X-Sender"].Concat(message.Headers["X-Receiver"]), Is.Empty);
            Assert.That(message.Text, Does.Not.Contain("\r"));
            Assert.That(message.Body.TrimEnd('\n'), Is.EqualTo("\nfirst line\n.\n..two dots\n-- \nend"));
        }
    }

    [Test]
    public async Task A_sendmail_that_fails_is_named_with_what_it_said()
    {
        var program = await ProgramAsync("#!/bin/sh\necho no disk left >&2\nexit 75\n");

        Assert.That(async () => await new SendmailTransport(program).SendAsync(Mail), Throws.InstanceOf<MailException>()
            .With.Message.Contains("exit code 75: no disk left"));
    }

    [Test]
    public void A_sendmail_that_is_not_there() =>
        Assert.That(async () => await new SendmailTransport(_folder["none"]).SendAsync(Mail), Throws.InstanceOf<MailException>());

    private static OutgoingMail Mail => new()
    {
        From = MailPerson.Parse("Buildd <buildd@example.org>"),
        To = MailPerson.Parse("Jane Doe <jane@example.org>"),
        Subject = "Hello",
        Id = "some.id-1",
        Body = "\nfirst line\n.\n..two dots\n-- \nend\n",
    };

    private const string Password = "hunter2secret";

    private static SmtpListener TlsServer(
        TestCertificates certificates, MailSecurity security, string password = Password, string use = TestCertificates.ServerUse,
        int lastDay = 1)
    {
        var (certificate, key) = certificates.Sign("mail", use, lastDay - 2, lastDay);
        return new SmtpListener
        {
            Certificate = X509Certificate2.CreateFromPemFile(certificate, key),
            BeginsWithTls = security == MailSecurity.Tls,
            Account = ("farm", password),
        };
    }

    private static SmtpTransport Transport(SmtpListener server, MailSecurity security, TestCertificates? trusted = null) =>
        new(new SmtpOptions
        {
            Host = "127.0.0.1",
            Port = server.Port,
            Security = security,
            Authorities = trusted is null ? [] : [trusted.Authority],
            User = "farm",
            Password = Password,
        });

    private static SmtpTransport SmtpTo(SmtpListener server) => new(new SmtpOptions { Host = "127.0.0.1", Port = server.Port });

    private async Task<string> ProgramAsync(string script)
    {
        var path = _folder["sendmail"];
        await Executable.WriteAsync(path, script);
        return path;
    }
}
