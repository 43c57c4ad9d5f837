namespace Buildd.Demo;

/// <summary>The chroot that a demo builds in.</summary>
internal static class DemoChroot
{
    /// <summary>Makes the tarball unless there is one, and says which it is.</summary>
    /// <exception cref="FarmException">mmdebstrap or tar failed.</exception>
    internal static async Task EnsureAsync(
        this ChrootTarball tarball, DemoReport report, string work, bool fresh, CancellationToken cancellationToken)
    {
        if (fresh || !File.Exists(tarball.Path))
            await report.TimeAsync($"chroot: making {tarball.Path}", "chroot", () => tarball.MakeAsync(work, cancellationToken));
        else
            report.Say($"chroot: {tarball.Path} (made earlier)");
    }
}
