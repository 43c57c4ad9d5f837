using Buildd.Farm;
using Buildd.Farm.Configuration;
using Buildd.Farm.Mail;
using Buildd.Master.Connections;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Configuration;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FarmConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Every_field_is_read()
    {
        var read = await ReadAsync(
            """
            # a comment
            State: state
            Results: /srv/results
            Listen: [::1]:9000
            Url: http://farm.example/inputs
            Metrics: no
            Otlp-Endpoint: http://collector.example:4318
            Poll-Interval: 30
            Fast-Poll-Interval: 0.5 s
            Refresh-Interval: 1 min
            Lease-Duration: 1h
            Resume-Command: /usr/bin/reset-vm %(vm_host)s
              --quickly
            Distribution: ubuntu
            Series: noble
            Sources:
             deb http://archive.example/ubuntu %(series)s main # the release
             # deb http://old.example/ubuntu %(series)s main
             deb http://archive.example/ubuntu %(series)s-updates main
            Archive: reprepro apt
            Files: images
            Upload-Logs: /var/log/uploads
            Suites: noble, noble-proposed
            Components: main
             universe
            Sections: any
            Mail: smtp+tls://me@mail.example:2525
            Mail-Password-File: password
            Mail-From: Farm <farm@example.org>
            Administrators: Ada <ada@example.org>,
             bo@example.org
            Administrators-Team: admins
            Send-Build-Notification: no
            Notify-Owner: no
            Templates: texts
            """);
        var uploads = read.Uploads;

        Assert.Multiple(() =>
        {
            Assert.That(read.Store.Path, Is.EqualTo(_folder["state/farm.sqlite"]));
            Assert.That(read.ServesMetrics, Is.False);
            Assert.That(read.OtlpEndpoint, Is.EqualTo(new Uri("http://collector.example:4318/")));
            Assert.That(read.InputsFolder, Is.EqualTo(_folder["state/inputs"]));
            Assert.That(read.Results, Is.EqualTo("/srv/results"));
            Assert.That($"{read.Listen}", Is.EqualTo("[::1]:9000"));
            Assert.That(read.Url!.AbsoluteUri, Is.EqualTo("http://farm.example/inputs/"));
            Assert.That(
                new[] { read.PollInterval, read.FastPollInterval, read.RefreshInterval, read.LeaseDuration }
                    .Select(time => time.TotalSeconds), Is.EqualTo(new[] { 30, 0.5, 60, 3600 }));
            Assert.That(read.ResumeCommand, Is.EqualTo(new[] { "/usr/bin/reset-vm", "%(vm_host)s", "--quickly" }));
            Assert.That((read.Distribution, read.Series), Is.EqualTo(("ubuntu", "noble")));
            Assert.That(read.Sources, Is.EqualTo((string[])
                [
                    "deb http://archive.example/ubuntu %(series)s main # the release",
                    "deb http://archive.example/ubuntu %(series)s-updates main",
                ]));
            Assert.That((uploads.Archive, uploads.ArchiveFolder), Is.EqualTo((new ArchiveChoice(true, _folder["apt"]), _folder["apt"])));
            Assert.That(
                (uploads.Files, uploads.LogFolder("/srv/results"), uploads.Templates),
                Is.EqualTo((_folder["images"], "/var/log/uploads", _folder["texts"])));
            Assert.That(uploads.Policy.Suites, Is.EquivalentTo(new[] { "noble", "noble-proposed" }));
            Assert.That(uploads.Policy.Components, Is.EquivalentTo(new[] { "main", "universe" }));
            Assert.That(uploads.Policy.Sections, Is.Null);
            Assert.That(uploads.Mail, Is.EqualTo(new MailChoice { Server = new Uri("smtp+tls://me@mail.example:2525") }));
            Assert.That((uploads.MailPasswordFile, $"{uploads.MailFrom}"), Is.EqualTo((_folder["password"], "Farm <farm@example.org>")));
            Assert.That(uploads.Administrators.Select(person => person.Address), Is.EqualTo(new[] { "ada@example.org", "bo@example.org" }));
            Assert.That(
                (uploads.AdministratorsTeam, uploads.SendsBuildNotification, uploads.NotifiesOwner), Is.EqualTo(("admins", false, false)));
        });
    }

    [Test]
    public async Task Keys_to_slaves_are_files_beside_the_configuration()
    {
        var read = await ReadAsync("Builder-Token-File: token\nBuilder-Ca: /ca.pem\nClient-Certificate: m.pem\nClient-Key: m.key\n");

        Assert.That(read.SlaveKeys, Is.EqualTo(new SlaveKeys
        {
            TokenFile = _folder["token"],
            Authorities = "/ca.pem",
            Certificate = _folder["m.pem"],
            Key = _folder["m.key"],
        }));
    }

    [Test]
    public async Task Takeovers_are_lines_with_a_package_and_a_source()
    {
        var read = await ReadAsync("Takeovers:\n libfoo-dev\tfoo-ng\n linux-* linux-hwe-?.*, *  base\n");

        Assert.That(
            read.Uploads.Policy.Takeovers,
            Is.EqualTo([new PackageTakeover("libfoo-dev", "foo-ng"), new("linux-*", "linux-hwe-?.*"), new("*", "base")]));
    }

    [Test]
    public async Task An_empty_file_means_all_defaults()
    {
        var read = await ReadAsync("");

        Assert.That(
            (read.Store.Path, read.Results, $"{read.Listen}", read.PollInterval.TotalSeconds),
            Is.EqualTo(("/var/lib/buildd-farm/farm.sqlite", "/var/lib/buildd-farm/results", "127.0.0.1:8223", 15)));
        Assert.That(
            (read.Uploads.ArchiveFolder, read.Uploads.LogFolder("/srv"), read.Uploads.Mail),
            Is.EqualTo(("/var/lib/buildd-farm/archive", "/srv/upload-logs", (MailChoice?)null)));
    }

    [TestCase("smtp://mail.example")]
    [TestCase("smtp+tls://me%40home@mail.example:2525")]
    [TestCase("smtps://me@[::1]")]
    public async Task A_mail_server_is_reached_in_three_ways(string url) =>
        Assert.That((await ReadAsync($"Mail: {url}\nMail-From: a@b")).Uploads.Mail, Is.EqualTo(new MailChoice { Server = new Uri(url) }));

    [TestCase("State:", "line 1: State is \"\", and should be a folder")]
    [TestCase("Listen: 127.0.0.1", "an address and a port")]
    [TestCase("Listen: farm.example:80", "an address and a port")]
    [TestCase("Listen: [::1]", "an address and a port")]
    [TestCase("Url: farm.example", "an address such as http://")]
    [TestCase("Url: ftp://farm.example/", "an address such as http://")]
    [TestCase("Url: http://farm.example/?a=b", "an address such as http://")]
    [TestCase("Poll-Interval: 0", "a time such as")]
    [TestCase("Poll-Interval: -5", "a time such as")]
    [TestCase("Poll-Interval: soon", "a time such as")]
    [TestCase("Poll-Interval: 5 fortnights", "a time such as")]
    [TestCase("Poll-Interval: 9999999999999999999999 h", "a time such as")]
    [TestCase("Poll-Interval: 1.2.3", "a time such as")]
    [TestCase("Lease-Duration: 15 s", "Lease-Duration must be longer than Refresh-Interval")]
    [TestCase("Resume-Command:", "a program and its arguments")]
    [TestCase("Distribution: ../etc", "a name")]
    [TestCase("Series: two words", "a name")]
    [TestCase("Sources: http://deb.example/", "lines of a sources.list")]
    [TestCase("Sources: deb http://deb.example/ bookworm", "lines of a sources.list (there are no components in it)")]
    [TestCase("Archive: somewhere", "Archive is \"somewhere\", and should be 'directory FOLDER' or 'reprepro FOLDER'")]
    [TestCase("Archive: reprepro", "'directory FOLDER' or 'reprepro FOLDER'")]
    [TestCase("Client-Certificate: a.pem", "Client-Certificate and Client-Key are only of use together")]
    [TestCase("Client-Key: a.key", "Client-Certificate and Client-Key are only of use together")]
    [TestCase("Builder-Token-File:", "Builder-Token-File is \"\", and should be a file")]
    [TestCase("Takeovers: bash", "on each line a package and the source that may take it over")]
    [TestCase("Takeovers: bash my-bash, Perl perl", "on each line a package and the source")]
    [TestCase("Takeovers: bash my-bash other", "on each line a package and the source")]
    [TestCase("Suites: ,", "one or more names")]
    [TestCase("Mail: smtp://h", "Mail needs the field Mail-From")]
    [TestCase("Mail: http://h/\nMail-From: a@b", "Mail is \"http://h/\", and should be 'none', 'sendmail'")]
    [TestCase("Mail: smtp://h/path\nMail-From: a@b", "and should be 'none', 'sendmail'")]
    [TestCase("Mail: smtp+tls://u:secret@h\nMail-From: a@b", "Mail is \"smtp+tls://h\", and should be without the password")]
    [TestCase("Mail: smtp://u@h\nMail-From: a@b", "and should be without a user, whose password everybody on the way could read")]
    [TestCase("Mail-From: nobody", "'Name <address>' or an address")]
    [TestCase("Administrators: ada@example.org, bo", "\"bo\" is neither")]
    [TestCase("Notify-Owner: perhaps", "yes or no")]
    [TestCase("Colour: red", "line 1: there is no field Colour; there are State, Store, Store-Password-File, Results")]
    [TestCase("Series: a\n\nSeries: b", "line 3: a second paragraph begins")]
    [TestCase("no field", "line 1: \"no field\" is neither a field")]
    [TestCase("Series: a\nSeries: b", "a second time")]
    public void A_mistake_is_named_with_its_line_and_what_should_be_there(string text, string because) =>
        Assert.That(async () => await ReadAsync(text),
            Throws.TypeOf<FarmException>().With.Message.Contains(because).And.Property(nameof(FarmException.ExitCode))
                .EqualTo(FarmExitCode.BadConfiguration));

    [Test]
    public void All_mistakes_are_told_at_once() =>
        Assert.That(
            async () => await ReadAsync("Colour: red\nListen: x\n"), Throws.TypeOf<FarmException>().With.Message.Contains("line 1")
                .And.Message.Contains("line 2"));

    [Test]
    public void A_file_that_was_named_must_be_there() =>
        Assert.That(
            async () => await FarmConfiguration.LoadAsync(_folder["missing.conf"], default), Throws.TypeOf<FarmException>()
                .With.Message.Contains("missing.conf"));

    private async Task<FarmConfiguration> ReadAsync(string text)
    {
        await File.WriteAllTextAsync(_folder["buildd.conf"], text);
        return await FarmConfiguration.LoadAsync(_folder["buildd.conf"], default);
    }
}
