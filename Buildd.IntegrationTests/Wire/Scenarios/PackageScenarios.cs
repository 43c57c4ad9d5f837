using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Testing.Wire;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>How a slave is brought to where the reference was: the builds of binary packages.</summary>
internal static class PackageScenarios
{
    /// <summary>By the name of the exchange.</summary>
    internal static readonly Dictionary<string, Func<Scene, Task>> Table = new()
    {
        // idle
        ["build-unknown-manager"] = Idle,
        ["build-unknown-chroot"] = Idle,
        ["build-unknown-file"] = Idle,
        ["build-empty-id"] = Idle,
        ["build-nil-id"] = Idle,
        ["build-int-id"] = Idle,
        ["build-empty-id-unknown-chroot"] = Idle,
        ["build-filemap-array"] = Idle,
        ["build-args-array"] = Idle,
        ["build-no-dsc"] = Idle,
        ["build-directory-exists"] = scene =>
        {
            Directory.CreateDirectory(Path.Combine(scene.Slave.WorkDirectory, "build-PACKAGEBUILD-1"));
            return Task.CompletedTask;
        },
        ["build-ok"] = scene =>
        {
            scene.Slave.Backend(Managers.BinaryPackage).Script = (_, _) => Task.FromResult(new BuildOutcome(BuildStatus.Ok));
            return Task.CompletedTask;
        },
        ["status-after-bad-args"] = RefusedAsync,
        ["abort-stuck"] = RefusedAsync,
        ["status-stuck-aborting"] = async scene =>
        {
            await RefusedAsync(scene);
            await scene.SendAsync("abort-stuck");
        },

        // building
        ["status-building-short-log"] = ShortLogAsync,
        ["filecache-buildlog-building"] = ShortLogAsync,
        ["filecache-buildlog-range-building"] = ShortLogAsync,
        ["build-while-building"] = ShortLogAsync,
        ["status-building-long-log"] = scene => HeldAsync(scene, string.Concat(
            Enumerable.Range(0, 100).Select(n => $"line {n:d4} of a log that is long enough to be cut\n"))),
        ["status-building-binary-log"] = scene => HeldAsync(scene, "caf\xe9 \x00 \xff \x1b[1mbold\n"),
        ["status-building-extra"] = scene => ExtraAsync(scene, waits: false),
        ["status-building-extra-overflow"] = async scene =>
        {
            var hold = scene.NewHold();
            await scene.BuildHelloAsync(async (build, context, abort) =>
            {
                context.SetStatusMember("huge", 1L << 40);
                await hold.StopAsync(abort);
                return await build.AddHelloAsync();
            });
            await hold.Reached;
        },
        ["status-after-signal-death"] = async scene =>
        {
            // The reference breaks there with an error of its own.
            await scene.BuildHelloAsync((_, _, _) => throw new InvalidOperationException("the main step was killed"));
            await scene.Slave.WaitingAsync();
        },

        // waiting
        ["status-waiting-ok"] = WaitingAsync,
        ["status-waiting-ok-fast-cleanup"] = WaitingAsync,
        ["filecache-result"] = WaitingAsync,
        ["filecache-buildlog-waiting"] = WaitingAsync,
        ["build-while-waiting"] = WaitingAsync,
        ["status-after-build-while-waiting"] = async scene =>
        {
            await WaitingAsync(scene);
            await scene.SendAsync("build-while-waiting");
        },
        ["clean-waiting"] = WaitingAsync,
        ["filecache-result-after-clean"] = CleanedAsync,
        ["filecache-buildlog-after-clean"] = CleanedAsync,
        ["filecache-input-shared-with-result"] = async scene =>
        {
            await scene.BuildHelloAsync(async (build, _, _) =>
            {
                await build.AddAsync("copy-of-the-input", StandIns.Orig);
                return new BuildOutcome(BuildStatus.Ok);
            });
            await scene.Slave.WaitingAsync();
            await scene.Slave.Client.CleanAsync();
        },
        ["status-after-clean-file-gone"] = async scene =>
        {
            await WaitingAsync(scene);
            File.Delete(Path.Combine(scene.Slave.CacheDirectory, StandIns.Sha1Of("deb bytes\n")));
            await scene.SendAsync("fault-clean-file-gone");
        },
        ["filecache-buildlog-after-restart"] = async scene =>
        {
            await WaitingAsync(scene);
            await scene.Slave.RestartAsync();
        },
        ["status-waiting-extra"] = scene => ExtraAsync(scene, waits: true),

        // how builds fail
        ["status-waiting-packagefail"] = scene => EndAsync(scene, BuildStatus.PackageFail),
        ["status-waiting-packagefail-attempted"] = scene => EndAsync(scene, BuildStatus.PackageFail),
        ["status-waiting-packagefail-exit3"] = scene => EndAsync(scene, BuildStatus.PackageFail),
        ["status-waiting-packagefail-no-changes"] = scene => EndAsync(scene, BuildStatus.PackageFail),
        ["status-waiting-packagefail-depwait-satisfied"] = scene => EndAsync(scene, BuildStatus.PackageFail),
        ["status-waiting-packagefail-partial-gather"] = async scene =>
        {
            await scene.BuildHelloAsync(async (build, _, _) =>
            {
                await build.AddAsync("hello_1.0-1_amd64.changes", StandIns.Changes);
                await build.AddAsync("hello_1.0-1_amd64.deb", "deb bytes\n");
                return new BuildOutcome(BuildStatus.PackageFail);
            });
            await scene.Slave.WaitingAsync();
        },
        ["status-waiting-depfail"] = scene => EndAsync(scene, BuildStatus.DepFail, "libfoo-dev (>= 1.2)"),
        ["status-waiting-depfail-wrong-version"] = scene => EndAsync(scene, BuildStatus.DepFail, "libfoo-dev (>= 9)"),
        ["status-waiting-depfail-analysed"] = scene => EndAsync(scene, BuildStatus.DepFail, "libfoo-dev (>= 1.2), libbar-dev"),
        ["status-waiting-givenback"] = scene => EndWithAResultAsync(scene, BuildStatus.GivenBack),
        ["status-waiting-builderfail"] = scene => EndWithAResultAsync(scene, BuildStatus.BuilderFail),
        ["status-waiting-builderfail-prep"] = scene => EndAsync(scene, BuildStatus.BuilderFail),
        ["status-waiting-builderfail-remove"] = scene => EndWithAResultAsync(scene, BuildStatus.BuilderFail),
        ["status-waiting-chrootfail-unpack"] = scene => EndAsync(scene, BuildStatus.ChrootFail),
        ["status-waiting-chrootfail-mount"] = scene => EndAsync(scene, BuildStatus.ChrootFail),
        ["status-waiting-chrootfail-sources"] = scene => EndAsync(scene, BuildStatus.ChrootFail),
        ["status-waiting-chrootfail-keys"] = scene => EndAsync(scene, BuildStatus.ChrootFail),
        ["status-waiting-chrootfail-update"] = scene => EndAsync(scene, BuildStatus.ChrootFail),

        // aborts
        ["abort-building"] = ShortLogAsync,
        ["status-aborting"] = AbortingAsync,
        ["abort-twice"] = AbortingAsync,
        ["build-while-aborting"] = AbortingAsync,
        ["status-aborting-reaper-hangs"] = AbortingAsync,
        ["filecache-buildlog-aborting"] = AbortedTwiceAsync,
        ["filecache-buildlog-aborted"] = AbortedAsync,
        ["status-waiting-aborted"] = AbortedAsync,
        ["filecache-buildlog-aborted-early"] = AbortedEarlyAsync,
        ["status-waiting-aborted-early"] = AbortedEarlyAsync,
        ["status-waiting-builderfail-abort-timeout"] = async scene =>
        {
            // Whoever can't end what it started says BUILDERFAIL; that counts for more than the abort.
            var (_, end) = await AbortAsync(scene, BuildStatus.BuilderFail);
            end.LetGo();
            await scene.Slave.WaitingAsync();
        },

        // private archives
        ["status-building-private-short"] = PrivateBuildingAsync,
        ["filecache-buildlog-private-building"] = PrivateBuildingAsync,
        ["status-building-private-long"] = async scene => await PrivateAsync(scene, string.Concat(
            Enumerable.Range(0, 60).Select(n => $"line {n:d4} http://user:secret@private.example/ubuntu/pool\n"))),
        ["filecache-buildlog-private-waiting"] = PrivateWaitingAsync,
        ["filecache-buildlog-unsanitized-waiting"] = PrivateWaitingAsync,
        ["status-waiting-private"] = PrivateWaitingAsync,
        ["filecache-buildlog-unsanitized-after-clean"] = async scene =>
        {
            await PrivateWaitingAsync(scene);
            await scene.Slave.Client.CleanAsync();
        },
    };

    private static Task Idle(Scene scene) => Task.CompletedTask;

    /// <summary>A build was asked for whose arguments the backend refuses.</summary>
    private static async Task RefusedAsync(Scene scene) => await scene.SendAsync("build-no-dsc");

    private static Task ShortLogAsync(Scene scene) => HeldAsync(scene, "a short log\n");

    /// <summary>Building, and sbuild has said something: each character stands for a byte.</summary>
    private static async Task HeldAsync(Scene scene, string says)
    {
        var hold = scene.NewHold();
        await scene.BuildHelloAsync(async (build, _, abort) =>
        {
            build.Prepare();
            build.Sbuild();
            build.Say(Encoding.Latin1.GetBytes(says));
            await hold.StopAsync(abort);
            return new BuildOutcome(BuildStatus.Ok);
        });
        await hold.Reached;
    }

    private static async Task WaitingAsync(Scene scene)
    {
        await scene.BuildHelloAsync((build, _, _) =>
        {
            build.Prepare();
            build.Sbuild();
            build.CleanUp();
            return build.AddHelloAsync();
        });
        await scene.Slave.WaitingAsync();
    }

    private static async Task CleanedAsync(Scene scene)
    {
        await WaitingAsync(scene);
        await scene.SendAsync("clean-waiting");
    }

    private static async Task ExtraAsync(Scene scene, bool waits)
    {
        var hold = scene.NewHold();
        await scene.BuildHelloAsync(async (build, context, abort) =>
        {
            build.Prepare();
            build.Sbuild("ready\n");
            context.SetStatusMember(Members.RevisionId, "0123abcd");
            context.SetStatusMember("extra", new XmlRpcStruct
            {
                ["n"] = 1,
                ["none"] = XmlRpcNil.Instance,
                ["list"] = new XmlRpcArray([1, 2.5, true]),
            });
            await hold.StopAsync(abort);
            return await build.AddHelloAsync();
        });
        await hold.Reached;
        if (!waits)
            return;
        hold.LetGo();
        await scene.Slave.WaitingAsync();
    }

    private static async Task EndAsync(Scene scene, BuildStatus status, string dependencies = "")
    {
        await scene.BuildHelloAsync((_, _, _) => Task.FromResult(new BuildOutcome(status, dependencies)));
        await scene.Slave.WaitingAsync();
    }

    /// <summary>Failed after a result was there, which must not be told.</summary>
    private static async Task EndWithAResultAsync(Scene scene, BuildStatus status)
    {
        await scene.BuildHelloAsync(async (build, _, _) => await build.AddHelloAsync() with { Status = status });
        await scene.Slave.WaitingAsync();
    }

    private static async Task AbortingAsync(Scene scene) => await AbortAsync(scene, BuildStatus.Ok);

    private static async Task AbortedTwiceAsync(Scene scene)
    {
        await AbortAsync(scene, BuildStatus.Ok);
        await scene.SendAsync("abort-twice");
    }

    private static async Task AbortedAsync(Scene scene)
    {
        var (_, end) = await AbortAsync(scene, BuildStatus.Ok);
        await scene.SendAsync("abort-twice");
        end.LetGo();
        await scene.Slave.WaitingAsync();
    }

    /// <summary>A build that was aborted and is unmounting.</summary>
    private static async Task<(StubBuild Build, Hold End)> AbortAsync(Scene scene, BuildStatus outcome)
    {
        var (main, end) = (scene.NewHold(), scene.NewHold());
        StubBuild? stub = null;
        await scene.BuildHelloAsync(async (build, _, abort) =>
        {
            stub = build;
            build.Prepare();
            build.Sbuild("started\n");
            try
            {
                await main.StopAsync(abort);
            }
            catch (OperationCanceledException)
            {
                build.InTarget("scan-for-processes");
                build.Say("Already reaped from state SBUILD...\n");
                build.InTarget("umount-chroot");
                await end.StopAsync(CancellationToken.None);
                build.InTarget("remove-build");
            }

            return new BuildOutcome(outcome);
        });
        await main.Reached;
        await scene.SendAsync("abort-building");
        await end.Reached;
        return (stub!, end);
    }

    private static async Task AbortedEarlyAsync(Scene scene)
    {
        var hold = scene.NewHold();
        await scene.BuildHelloAsync(async (build, _, abort) =>
        {
            build.PrepareToUnpack();
            build.Say("unpacking\n");
            try
            {
                await hold.StopAsync(abort);
            }
            catch (OperationCanceledException)
            {
                build.InTarget("scan-for-processes");
                build.InTarget("remove-build");
            }

            return new BuildOutcome(BuildStatus.Ok);
        });
        await hold.Reached;
        await scene.SendAsync("abort-building");
        await scene.Slave.WaitingAsync();
    }

    private static async Task PrivateBuildingAsync(Scene scene) => await PrivateAsync(scene, WhatSbuildSaid());

    private static async Task PrivateWaitingAsync(Scene scene)
    {
        var hold = await PrivateAsync(scene, WhatSbuildSaid());
        hold.LetGo();
        await scene.Slave.WaitingAsync();
    }

    /// <summary>The build of a private archive, held in its main step.</summary>
    private static async Task<Hold> PrivateAsync(Scene scene, string says)
    {
        var hold = scene.NewHold();
        await scene.BuildAsync(
            Managers.BinaryPackage,
            "PACKAGEBUILD-1",
            async (build, _, abort) =>
            {
                build.Prepare();
                build.Sbuild();
                build.Say(Encoding.Latin1.GetBytes(says));
                await hold.StopAsync(abort);
                build.CleanUp();
                return await build.AddHelloAsync();
            },
            new XmlRpcStruct
            {
                [ArgumentNames.Series] = "noble",
                [ArgumentNames.Suite] = "noble",
                [ArgumentNames.OgreComponent] = "main",
                [ArgumentNames.ArchivePrivate] = true,
            },
            target: "chroot");
        await hold.Reached;
        return hold;
    }

    /// <summary>What the recorded build said before anything was removed from it.</summary>
    private static string WhatSbuildSaid()
    {
        const string Before = "stub: building\n";
        var log = Encoding.Latin1.GetString(WireCase.Get("filecache-buildlog-private-building").ResponseBody);
        return log[(log.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..];
    }
}
