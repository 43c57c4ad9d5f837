using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Farm.Chroots;

/// <summary>A chroot of this machine's release as a tarball, in the shape that <see cref="ChrootCheck"/> looks for.</summary>
internal sealed class ChrootTarball(HostRelease release, string cacheDirectory, TextWriter output)
{
    /// <summary>
    /// What goes into the chroot; a change here makes a new tarball, because it is part of the cached one's name. Farms'
    /// chroots have the account buildd (2001).
    /// </summary>
    private static readonly string[] Recipe =
    [
        "--variant=buildd",
        "--components=main",
        "--include=fakeroot",
        "--format=directory",
        "--skip=cleanup/apt/lists",
        """--customize-hook=mkdir -p "$1/build"; rm -f "$1/etc/resolv.conf" "$1/etc/hostname" """,
        """--customize-hook=chroot "$1" groupadd -g 2001 buildd; chroot "$1" useradd -u 2001 -g 2001 -m buildd""",
    ];

    /// <summary>
    /// mmdebstrap passes a SIGTERM over while its own children run. It works in a mount namespace of its own, so what it
    /// has mounted is gone with its last process, and being killed does no harm.
    /// </summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);

    /// <summary>Where the tarball of this recipe, release and mirror is kept.</summary>
    internal string Path
    {
        get
        {
            var recipe = string.Join('\n', [.. Recipe, .. release.AptOptions, release.SourcesLine]);
            var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(recipe)))[..12];
            return System.IO.Path.Combine(cacheDirectory, $"chroot-{release.Suite}-{release.Architecture}-{key}.tar.gz");
        }
    }

    /// <summary>Makes the tarball.</summary>
    /// <param name="work">A folder to make it in, on a file system that allows devices.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="FarmException">mmdebstrap or tar failed; their words are in the message.</exception>
    internal async Task MakeAsync(string work, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cacheDirectory);
        var tree = System.IO.Path.Combine(work, ChrootCheck.TopFolder);
        var temporary = $"{Path}.{Environment.ProcessId}.tmp";
        try
        {
            // A proxy and a mirror may have a password in them, and every account of the machine can read the words of a command.
            var options = System.IO.Path.Combine(work, "apt.conf");
            await WriteClosedAsync(options, string.Concat(release.AptOptions.Select(option => option + "\n")), cancellationToken);
            var isOpen = release.PublicMirror == release.Mirror;
            await RunAsync(
                Command.Of(
                    "mmdebstrap", [.. Recipe, $"--aptopt={options}", release.Suite, tree, isOpen ? release.Mirror : "-"])
                    .WithEnvironment("TMPDIR", work)
                    .Behind("unshare", "--mount", "--propagation", "private", "--") with
                {
                    StopGrace = StopGrace,
                    StandardInput = isOpen ? default : Encoding.UTF8.GetBytes(release.LocalLine("deb") + "\n"),
                },
                cancellationToken);
            await RunAsync(
                Command.Of("tar", "-C", work, "--numeric-owner", "--use-compress-program=gzip -1", "-cf", temporary, ChrootCheck.TopFolder),
                cancellationToken);
            File.Move(temporary, Path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
            await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", "--", tree), CancellationToken.None);
        }
    }

    /// <summary>Writes a file that nobody but this user reads.</summary>
    private static async Task WriteClosedAsync(string path, string text, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    private async Task RunAsync(Command command, CancellationToken cancellationToken)
    {
        // The last lines are what matters when it fails; while it works a line now and then shows that it does.
        var tail = new TailBuffer(4096);
        var last = 0L;
        var result = await ProcessRunner.RunAsync(
            command,
            bytes =>
            {
                tail.Write(bytes);
                if (Environment.TickCount64 - last < 2000)
                    return;
                last = Environment.TickCount64;
                output.WriteLine("    " + tail.LastLine());
            },
            cancellationToken: cancellationToken);
        if (!result.Succeeded)
            throw new FarmException(
                string.Create(CultureInfo.InvariantCulture, $"'{command.File}' ended with {result.Describe()}:\n{tail.Text()}"));
    }
}
