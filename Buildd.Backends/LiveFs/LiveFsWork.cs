using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.LiveFs;

/// <summary>The making of one image, whichever tool does it: protocol section 12.4.</summary>
internal sealed class LiveFsWork(ImageArguments image, IImageBuild build, LiveFsOptions options) : IDebianWork
{
    /// <summary>
    /// What loop devices are made of, where this machine has them: the tarballs of farms have none, and images of disks are
    /// made with them. Numbers are those of Documentation/admin-guide/devices.txt; more than 16 no tool asks for.
    /// </summary>
    private const string DevicesScript =
        """
        [ -e /dev/loop-control ] || mknod -m 660 /dev/loop-control c 10 237
        for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
            [ -e "/dev/loop$number" ] || mknod -m 660 "/dev/loop$number" b 7 "$number"
        done
        """;

    /// <inheritdoc/>
    public Task InspectAsync(BuildSite site, CancellationToken abort) => options.FindMistake() is { } mistake
        ? throw new PhaseFailedException(BuildStatus.BuilderFail, mistake)
        : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task RunAsync(BuildSite site, CancellationToken abort)
    {
        var images = new ImageSite(site, image);
        if (image is { DateStamp: { } stamp, SourceDateEpoch: null })
            site.Context.Log.WriteLine($"The datestamp '{ArgumentCheck.Shown(stamp)}' begins with no date: SOURCE_DATE_EPOCH is not set");

        images.Enter(Phase.Install);
        await images.RunScriptAsync($"make {ImageSite.Folder} in the chroot", "mkdir -p /build", [], abort).ConfigureAwait(false);
        if (File.Exists("/dev/loop-control"))
            await images.RunScriptAsync("make loop devices in the chroot", DevicesScript, [], abort).ConfigureAwait(false);
        await build.RunAsync(images, abort).ConfigureAwait(false);
        images.Progress.Complete();

        site.Phases.Enter(Phase.Gather);
        var made = await build.FindResultsAsync(images, abort).ConfigureAwait(false);
        foreach (var (path, name) in await ImageFacts.CompleteAsync(images, made, abort).ConfigureAwait(false))
            await GatherAsync(site, path, name, abort).ConfigureAwait(false);
    }

    private static async Task GatherAsync(BuildSite site, string path, string name, CancellationToken abort)
    {
        var taken = await site.Environment.TakeAsync($"{ImageSite.Folder}/{path}", abort).ConfigureAwait(false);
        try
        {
            await site.Context.AddResultAsync(taken, name, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {name}: {e.Message}", e)
            {
                Cause = e is NoRoomException ? BuildWatch.DiskUsedUp : null,
            };
        }
    }
}
