using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>How a slave is brought to where the reference was: the builds of all other kinds.</summary>
internal static class OtherScenarios
{
    private const string RevocationEndpoint = "http://127.0.0.1:8000/tokens/user";

    /// <summary>By the name of the exchange.</summary>
    internal static readonly Dictionary<string, Func<Scene, Task>> Table = new()
    {
        ["proxy-info-snap"] = scene => SnapAsync(scene, new ProxyInfoReply(null, RevocationEndpoint), waits: false),
        ["proxy-info-waiting"] = scene => SnapAsync(scene, new ProxyInfoReply(true, RevocationEndpoint), waits: true),
        ["proxy-info-snap-no-revocation"] = scene => SnapAsync(scene, new ProxyInfoReply(null, null), waits: false),
        ["status-building-snap"] = scene => SnapAsync(scene, new ProxyInfoReply(null, RevocationEndpoint), waits: false),
        ["status-waiting-snap"] = scene => SnapAsync(scene, new ProxyInfoReply(null, RevocationEndpoint), waits: true),
        ["status-waiting-charm-nothing"] = scene => EndAsync(scene, Managers.Charm, "CHARMBUILD-1", BuildStatus.Ok),
        ["status-waiting-charm-exit1"] = scene => EndAsync(scene, Managers.Charm, "CHARM-1", BuildStatus.BuilderFail),
        ["status-waiting-livefs-exit200"] = scene => EndAsync(scene, Managers.LiveFs, "LIVEFS-1", BuildStatus.PackageFail),
        ["status-waiting-livefs-exit201"] = scene => EndAsync(scene, Managers.LiveFs, "LIVEFS-1", BuildStatus.PackageFail),
        ["status-waiting-livefs-exit1"] = scene => EndAsync(scene, Managers.LiveFs, "LIVEFS-1", BuildStatus.BuilderFail),
        ["status-waiting-translation-templates-exit200"] = scene =>
            EndAsync(scene, Managers.TranslationTemplates, "TRANSLATION-TEMPLATES-1", BuildStatus.ChrootFail),
        ["status-waiting-sourcepackagerecipe-exit202"] = scene =>
            EndAsync(scene, Managers.SourcePackageRecipe, "SOURCEPACKAGERECIPE-1", BuildStatus.DepFail, "libx-dev (>= 2)"),
        ["status-waiting-livefs"] = async scene =>
        {
            await scene.BuildAsync(Managers.LiveFs, "LIVEFSBUILD-1", async (build, _, _) =>
            {
                await build.AddAsync("livecd.ubuntu.manifest", StandIns.LiveManifest);
                await build.AddAsync("livecd.ubuntu.squashfs", "squash\n");
                return new BuildOutcome(BuildStatus.Ok);
            });
            await scene.Slave.WaitingAsync();
        },
        ["status-building-ci-first-job"] = async scene =>
        {
            var (first, _) = await CiAsync(scene, "CIBUILD-1", Members.JobSucceeded);
            await first.Reached;
        },
        ["status-building-ci-second-job"] = async scene =>
        {
            var (first, second) = await CiAsync(scene, "CIBUILD-1", Members.JobSucceeded);
            await first.Reached;
            first.LetGo();
            await second.Reached;
        },
        ["status-waiting-ci"] = scene => CiEndAsync(scene, "CIBUILD-1", Members.JobSucceeded),
        ["status-waiting-ci-failed"] = scene => CiEndAsync(scene, "CIBUILD-2", Members.JobFailed),
    };

    private static async Task EndAsync(Scene scene, string tag, string buildId, BuildStatus status, string dependencies = "")
    {
        await scene.BuildAsync(tag, buildId, (_, _, _) => Task.FromResult(new BuildOutcome(status, dependencies)));
        await scene.Slave.WaitingAsync();
    }

    private static async Task SnapAsync(Scene scene, ProxyInfoReply proxy, bool waits)
    {
        const string BuildUrl = "https://launchpad.example/build";
        var hold = scene.NewHold();
        scene.Slave.Backend(Managers.Snap).ProxyInfo = proxy;
        await scene.BuildAsync(Managers.Snap, "SNAPBUILD-1", async (build, context, abort) =>
        {
            build.Prepare(BuildUrl);
            build.InTarget(
                "buildsnap",
                "--channel core22=stable --channel snapcraft=latest/edge --build-request-id 13 --build-url " + BuildUrl
                + $" --proxy-url http://10.10.10.1:8222/ --revocation-endpoint {RevocationEndpoint}"
                + " --git-repository https://git.example/r --git-path HEAD test-snap");
            build.Say("snapping http://user:password@host/\n");
            context.SetStatusMember(Members.RevisionId, "deadbeef");
            await hold.StopAsync(abort);
            await build.AddAsync("test-snap_1_amd64.manifest", "manifest\n");
            await build.AddAsync("test-snap_1_amd64.snap", "snap bytes\n");
            return new BuildOutcome(BuildStatus.Ok);
        });
        await hold.Reached;
        if (!waits)
            return;
        hold.LetGo();
        await scene.Slave.WaitingAsync();
    }

    private static async Task CiEndAsync(Scene scene, string buildId, string result)
    {
        var (first, second) = await CiAsync(scene, buildId, result);
        first.LetGo();
        second.LetGo();
        await second.Reached;
        await scene.Slave.WaitingAsync();
    }

    /// <summary>Two jobs; the build is held in each of them.</summary>
    private static async Task<(Hold First, Hold Second)> CiAsync(Scene scene, string buildId, string result)
    {
        var (first, second) = (scene.NewHold(), scene.NewHold());
        await scene.BuildAsync(Managers.Ci, buildId, async (build, context, abort) =>
        {
            var jobs = new Dictionary<string, XmlRpcValue>();
            build.Prepare(buildUrl: null);
            build.InTarget("run-ci-prepare", "--git-repository https://git.example/r");
            Publish();

            RunJob(build, "build 0");
            await first.StopAsync(abort);
            await build.AddAsync("build:0.log", "job log\n");
            await build.AddAsync("build:0.properties", "{}");
            await build.AddAsync("build:0/one.txt", "one\n");
            await build.AddAsync("build:0/two.txt", "two\n");
            jobs["build:0"] = new XmlRpcStruct
            {
                [Members.JobLog] = StandIns.Sha1Of("job log\n"),
                [Members.JobProperties] = StandIns.Sha1Of("{}"),
                [Members.JobOutput] = new XmlRpcStruct
                {
                    ["one.txt"] = StandIns.Sha1Of("one\n"),
                    ["two.txt"] = StandIns.Sha1Of("two\n"),
                },
                [Members.JobResult] = result,
            };
            Publish();

            RunJob(build, "test 0");
            await second.StopAsync(abort);
            await build.AddAsync("test:0.log", "test log\n");
            jobs["test:0"] = new XmlRpcStruct { [Members.JobLog] = StandIns.Sha1Of("test log\n"), [Members.JobResult] = result };
            Publish();
            return new BuildOutcome(result == Members.JobSucceeded ? BuildStatus.Ok : BuildStatus.PackageFail);

            void Publish() => context.SetStatusMember(Members.Jobs, new XmlRpcStruct(jobs));
        });
        return (first, second);
    }

    private static void RunJob(StubBuild build, string job)
    {
        // The log has what the program was given, the program then said what it got: without the shell's quotes.
        const string Quoted = "--package-repository 'deb http://x.example/ y z' --environment-variable K=v --plugin-setting p=q"
            + " --secrets /build/.launchpad-secrets.yaml ";
        build.InTarget("run-ci", Quoted + job);
        build.Say($"job run-ci {Quoted.Replace("'", "", StringComparison.Ordinal)}{job}\n");
    }
}
