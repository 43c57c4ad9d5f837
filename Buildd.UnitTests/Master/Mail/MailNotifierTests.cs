using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Mail;
using Buildd.Master.Uploads.Checks;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Mail;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MailNotifierTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    private static readonly BuildDescription Package = new()
    {
        Name = "hello",
        Version = "2.10-3",
        Architecture = "amd64",
        Series = "bookworm",
        Component = "main",
        ArchiveReference = "debian",
        Creators = ["Cory Creator <cory@example.org>"],
        Signer = "Sid Signer <sid@example.org>",
        BuildUrl = "http://farm/builds/22",
        LogUrl = "http://farm/builds/22/log",
        BuilderUrl = "http://farm/builders/anna",
        SourceUrl = "http://farm/sources/hello",
    };

    private readonly RecordingTransport _mail = new();
    private readonly RecordingLogger<MailNotifier> _logger = new();

    [Test]
    public async Task A_failed_build_of_a_package_is_told_to_all_who_are_concerned_in_order_of_their_addresses()
    {
        await Notifier(Package).BuildFailedAsync(Build(BuildState.FailedToBuild));

        Assert.That(_mail.Sent.Select(mail => mail.To.ToString()), Is.EqualTo(new[]
        {
            "Ada Admin <admin@example.org>", "Cory Creator <cory@example.org>", "Sid Signer <sid@example.org>",
        }));
        var mail = _mail.Sent[1];
        Assert.That(mail.From.ToString(), Is.EqualTo("Buildd <buildd@example.org>"));
        Assert.That(mail.Subject, Is.EqualTo("[Build #22] amd64 build of hello 2.10-3 in debian bookworm RELEASE"));
        Assert.That(mail.Headers, Is.EqualTo(new[]
        {
            ("X-Launchpad-Build-State", "FAILEDTOBUILD"),
            ("X-Creator-Recipient", "cory@example.org"),
            ("X-Launchpad-Build-Component", "main"),
            ("X-Launchpad-Build-Arch", "amd64"),
            ("X-Launchpad-Archive", "debian"),
            ("X-Launchpad-Notification-Type", "package-build-status"),
            ("X-Launchpad-Message-Rationale", "Creator"),
            ("X-Launchpad-Message-For", "Cory Creator"),
        }));
        Assert.That(mail.Body, Is.EqualTo(
            """

             * Source Package: hello
             * Version: 2.10-3
             * Architecture: amd64
             * Archive: debian primary archive
             * Component: main
             * State: Failed to build
             * Duration: 10 minutes
             * Build Log: http://farm/builds/22/log
             * Builder: http://farm/builders/anna
             * Source: http://farm/sources/hello


            If this is not clear to you, please ask those who look after the build farm.

            --{blank}
            amd64 build of hello 2.10-3 in debian bookworm RELEASE
            http://farm/builds/22
            You get this because you made the source package.

            """.Replace("{blank}", " ", StringComparison.Ordinal)));
        Assert.That(_mail.Sent.Select(one => one.Id).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public async Task An_upload_that_failed_is_told_with_its_log()
    {
        await Notifier(Package).UploadFailedAsync(Build(BuildState.FailedToUpload), "it was bad\nThe leaf is rejected/x.\n");

        Assert.That(
            _mail.Sent[0].Body, Does.Contain(" * State: Failed to upload\n")
                .And.Contain("\n\nUpload log:\nit was bad\nThe leaf is rejected/x.\n\nIf this"));
        Assert.That(_mail.Sent[0].Headers, Has.Some.EqualTo(("X-Launchpad-Build-State", "FAILEDTOUPLOAD")));
        Assert.That(
            _mail.Sent[0].Headers, Has.Some.EqualTo(("X-Launchpad-Message-Rationale", "Buildd-Admin @buildd-admins"))
                .And.Some.EqualTo(("X-Launchpad-Message-For", "buildd-admins")));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" \n")]
    public void An_upload_that_failed_without_a_word_on_why_is_a_mistake_of_ours(string? extra) =>
        Assert.That(async () => await Notifier(Package).UploadFailedAsync(Build(BuildState.FailedToUpload), extra!),
            Throws.InvalidOperationException.With.Message.EqualTo("Extra information is required for FAILEDTOUPLOAD notifications."));

    [Test]
    public async Task Nobody_is_told_of_what_went_well()
    {
        await Notifier(Package).BuildFailedAsync(Build(BuildState.FullyBuilt));

        Assert.That(_mail.Sent, Is.Empty);
    }

    [Test]
    public async Task Nobody_is_told_when_notification_is_off()
    {
        var notifier = Notifier(Package, MailBench.Options with { SendsBuildNotification = false });

        await notifier.BuildFailedAsync(Build(BuildState.FailedToBuild));
        await notifier.BuilderFailedAsync(Broken);
        await notifier.UploadRejectedAsync(
            Build(BuildState.FailedToUpload), new UploadRejection("Jane <jane@example.org>", "hello", "1", "sid", ["bad"]), default);

        Assert.That(_mail.Sent, Is.Empty);
    }

    [Test]
    public async Task The_owner_is_not_told_when_that_is_off_nor_of_a_source_that_came_from_elsewhere()
    {
        await Notifier(Package, MailBench.Options with { NotifiesOwner = false }).BuildFailedAsync(Build(BuildState.FailedToBuild));
        await Notifier(Package with { IsCopied = true }).BuildFailedAsync(Build(BuildState.FailedToBuild));

        Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.All.EqualTo("admin@example.org").And.Exactly(2).Items);
    }

    [Test]
    public async Task Of_a_personal_archive_its_owner_is_told_and_the_creator_only_as_a_member()
    {
        var ppa = Package with
        {
            Purpose = ArchivePurpose.Ppa,
            ArchiveReference = "~olga/debian/ppa",
            PpaName = "olga",
            ArchiveOwners = ["Olga Owner <olga@example.org>"],
        };
        await Notifier(ppa).BuildFailedAsync(Build(BuildState.ChrootWait));
        Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(new[] { "olga@example.org", "sid@example.org" }));
        Assert.That(_mail.Sent[0].Subject, Does.EndWith("RELEASE [~olga/debian/ppa]"));
        Assert.That(
            _mail.Sent[0].Headers, Has.Some.EqualTo(("X-Launchpad-PPA", "olga"))
                .And.Some.EqualTo(("X-Launchpad-Message-Rationale", "Owner")));
        Assert.That(
            _mail.Sent[0].Body, Does.Contain(" * Archive: ~olga/debian/ppa PPA\n").And.Contain(" * Source: not available\n")
                .And.Contain("State: Chroot problem"));
        _mail.Clear();

        await Notifier(ppa with { CreatorIsMember = true }).BuildFailedAsync(Build(BuildState.ChrootWait));
        Assert.That(
            _mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(new[] { "cory@example.org", "olga@example.org", "sid@example.org" }));
    }

    [Test]
    public async Task A_team_s_members_get_a_mail_each_and_a_person_with_two_reasons_one()
    {
        await Notifier(Package with
        {
            Creators = ["B <b@example.org>", "Ada Admin <ADMIN@example.org>", "no address at all"],
            Signer = "B again <b@example.org>",
        }).BuildFailedAsync(Build(BuildState.FailedToBuild));

        Assert.That(_mail.Sent.Select(mail => mail.To.Name), Is.EqualTo(new[] { "Ada Admin", "B" }));
        Assert.That(_mail.Sent[1].Headers, Has.Some.EqualTo(("X-Creator-Recipient", "b@example.org,ADMIN@example.org")));
    }

    [TestCase(BuildState.NeedsBuild, "not available", "not available", "not available")]
    [TestCase(BuildState.Uploading, "uploading", "see builder page", "not available")]
    [TestCase(BuildState.Building, "not finished", "see builder page", "http://farm/builders/anna")]
    [TestCase(BuildState.ManualDepWait, "10 minutes", "http://farm/builds/22/log", "http://farm/builders/anna")]
    public async Task A_build_can_describe_itself_in_any_state(BuildState state, string duration, string log, string builder)
    {
        await Notifier(Package).BuildFailedAsync(Build(state));

        Assert.That(_mail.Sent[0].Body, Does.Contain($" * Duration: {duration}\n * Build Log: {log}\n * Builder: {builder}\n"));
    }

    [Test]
    public async Task A_live_filesystem_s_requester_is_told()
    {
        var build =
            Build(BuildState.FailedToBuild) with { JobType = "LIVEFSBUILD", Title = "amd64 build of server in debian bookworm RELEASE" };
        await Notifier(new BuildDescription
        {
            Name = "server",
            Version = "20260314-120000",
            Architecture = "amd64",
            Series = "bookworm",
            Requester = "Rita Requester <rita@example.org>",
            BuildUrl = "http://farm/builds/22",
        }).BuildFailedAsync(build);

        var mail = _mail.Sent.Single();
        Assert.That(mail.To.ToString(), Is.EqualTo("Rita Requester <rita@example.org>"));
        Assert.That(mail.Subject, Is.EqualTo("[LiveFS build #22] amd64 build of server in debian bookworm RELEASE"));
        Assert.That(mail.Headers, Is.EqualTo(new[]
        {
            ("X-Launchpad-Message-Rationale", "Requester"),
            ("X-Launchpad-Notification-Type", "livefs-build-status"),
            ("X-Launchpad-Build-State", "FAILEDTOBUILD"),
        }));
        Assert.That(mail.Body, Is.EqualTo(
            """
             * Live Filesystem: server
             * Version: 20260314-120000
             * Archive: debian primary archive
             * Distroseries: debian bookworm
             * Architecture: amd64
             * Pocket: RELEASE
             * State: Failed to build
             * Duration: 10 minutes
             * Build Log:{blank}
             * Upload Log:{blank}
             * Builder: anna

            --{blank}
            http://farm/builds/22
            You are the requester of the build.

            """.Replace("{blank}", " ", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_team_that_asked_for_a_live_filesystem_is_named()
    {
        await Notifier(new BuildDescription { Requester = "rita@example.org", RequesterTeam = "images" })
            .BuildFailedAsync(Build(BuildState.FailedToBuild) with { JobType = "LIVEFSBUILD" });

        Assert.That(_mail.Sent.Single().Headers[0], Is.EqualTo(("X-Launchpad-Message-Rationale", "Requester @images")));
        Assert.That(_mail.Sent.Single().Body, Does.EndWith("Your team images is the requester of the build.\n"));
    }

    [TestCase("PACKAGEBUILD")]
    [TestCase("SNAPBUILD")]
    public async Task Of_a_build_that_nobody_describes_the_administrators_are_told_what_its_record_says(string jobType)
    {
        var build = Build(BuildState.FailedToBuild) with { JobType = jobType, Subject = "hello", Processor = "arm64" };

        await Notifier(null).BuildFailedAsync(build with { Title = "amd64 build of x 1 in a b c" });

        var mail = _mail.Sent.Single();
        Assert.That(mail.To.Address, Is.EqualTo("admin@example.org"));
        Assert.That(mail.Body, Does.Contain(" * Source Package: hello\n * Version: not available\n * Architecture: arm64\n"));
    }

    [Test]
    public async Task Administrators_are_told_of_a_builder_that_was_taken_out_of_service()
    {
        await Notifier(Package).BuilderFailedAsync(Broken);

        var mail = _mail.Sent.Single();
        Assert.That((mail.To.Address, mail.Subject), Is.EqualTo(("admin@example.org", "Builder anna was taken out of service")));
        Assert.That(mail.Body, Does.Contain("(http://anna:8221/)").And.Contain("\nit smells of smoke\n"));
    }

    [Test]
    public async Task A_mail_that_can_not_be_sent_is_logged_and_no_error_for_the_build()
    {
        _mail.Fails = true;

        await Notifier(Package).BuildFailedAsync(Build(BuildState.FailedToBuild));

        Assert.That(
            _logger.Entries.Where(entry => entry.Level == LogLevel.Error).Select(entry => entry.Message), Has.Exactly(3)
                .StartsWith("Not sent to "));
    }

    [Test]
    public async Task The_same_mail_has_the_same_identification_and_another_attempt_s_has_another()
    {
        var notifier = Notifier(Package);
        await notifier.BuildFailedAsync(Build(BuildState.FailedToBuild));
        await notifier.BuildFailedAsync(Build(BuildState.FailedToBuild));
        await notifier.BuildFailedAsync(Build(BuildState.FailedToBuild) with { Attempt = 2 });

        var ids = _mail.Sent.Where(mail => mail.To.Address == "cory@example.org").Select(mail => mail.Id).ToList();
        Assert.That(ids[0], Is.EqualTo(ids[1]).And.Not.EqualTo(ids[2]));
    }

    private static Builder Broken =>
        new Builder { Name = "anna", Url = new Uri("http://user:secret@anna:8221/") }.OutOfService("it smells of smoke");

    private static Build Build(BuildState state) => new()
    {
        Id = 22,
        Revision = 1,
        JobType = "PACKAGEBUILD",
        Manager = "binarypackage",
        Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE",
        Archive = "1",
        Distribution = "debian",
        State = state,
        Attempt = 1,
        Builder = "anna",
        Created = Noon,
        Queued = Noon,
        Started = Noon,
        Finished = Noon.AddMinutes(10),
    };

    private MailNotifier Notifier(BuildDescription? description, MailOptions? options = null) => new(
        options ?? MailBench.Options,
        _mail,
        new InMemoryBuilds(),
        [
            new DescribedKind("PACKAGEBUILD", LeafContent.Packages, description),
            new DescribedKind("LIVEFSBUILD", LeafContent.Files, description),
        ],
        _logger);
}
