using Buildd.Linux.Processes;

namespace Buildd.Demo;

/// <summary>The demo's own configuration of live-build, as a branch: the least that is a root file system, in the quickest way.</summary>
internal static class ImageConfiguration
{
    /// <summary>Makes the branch.</summary>
    /// <param name="folder">Where; it need not be there.</param>
    /// <param name="release">Whose mirror is used.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ProcessException">git is not there, or failed.</exception>
    internal static async Task CommitAsync(string folder, HostRelease release, CancellationToken cancellationToken)
    {
        var auto = Directory.CreateDirectory(Path.Combine(folder, "auto")).FullName;
        await WriteAsync(Path.Combine(auto, "config"), await ReadScriptAsync(cancellationToken), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(auto, "mirror"), release.Mirror + "\n", cancellationToken);
        // Without a boot loader the last stages have nothing to do, so that these are called one by one.
        await WriteAsync(
            Path.Combine(auto, "build"),
            """
            #!/bin/sh
            set -e
            lb bootstrap; lb chroot
            touch .build/binary_chroot
            lb binary_rootfs; lb binary_manifest

            """,
            cancellationToken);
        await ProcessRunner.CaptureAsync(
            Command.Of(
                "sh", "-e", "-c", "git init -q; git add -A; git -c user.name=demo -c user.email=demo@localhost commit -q -m "
                    + "'Configuration of the demo'; chmod -R a+rX .") with
            { WorkingDirectory = folder },
            cancellationToken);
    }

    private static async Task<string> ReadScriptAsync(CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(typeof(ImageConfiguration).Assembly.GetManifestResourceStream("configure-image.sh")!);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(path, text, cancellationToken);
        File.SetUnixFileMode(
            path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }
}
