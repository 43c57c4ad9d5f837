using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// Of this machine's archive the packages that most test builds install, and what those need beside the chroot. A build runs apt eight
/// times, and in the list of a whole release it reads 63,000 packages each time: that would be a fourth of all that a test run computes.
/// </summary>
internal static class SmallArchive
{
    private const string Parent = "/var/cache/buildd/test-packages";

    private static readonly string[] Packages =
        ["make", "hello", "lsb-release", "git", "ca-certificates", "intltool", "live-build", "squashfs-tools", "dctrl-tools",
            "systemd-sysv", "dbus"];

    /// <summary>Fetches what would be installed in a chroot, as its own list of packages and the archive's own apt have it.</summary>
    private static readonly string FetchScript = Scripts.Text(typeof(SmallArchive), "Support/fetch-packages.sh");

    private static readonly Lazy<Task<string>> Folder = new(MakeAsync);

    /// <summary>Serves it.</summary>
    /// <returns>The line of a sources.list.</returns>
    internal static async Task<string> ServeAsync(FileServer server)
    {
        var (suite, _) = await BuildEnvironment.ReleaseAsync();
        return $"deb [trusted=yes] {server.AddFolder("small", await Folder.Value)} {suite} {PackageRepository.Component}";
    }

    /// <summary>Makes it for the chroot that there is, unless it was made before; one process makes it where several want it.</summary>
    private static async Task<string> MakeAsync()
    {
        var chroot = await BuildEnvironment.ChrootAsync();
        var (suite, _) = await BuildEnvironment.ReleaseAsync();
        var made = File.GetLastWriteTimeUtc(chroot).Ticks.ToString(CultureInfo.InvariantCulture);
        var key = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', [chroot, made, FetchScript, .. Packages]))))[..12];
        var folder = $"{Directory.CreateDirectory(Parent).FullName}/{key}";
        using var only = await BuildEnvironment.LockAsync(folder + ".lock");
        if (!Directory.Exists(folder))
        {
            // Under another name until it is whole.
            var part = new DirectoryInfo(folder + ".part");
            if (part.Exists)
                part.Delete(recursive: true);
            await ProcessRunner.CaptureAsync(Command.Of(
                "sh", ["-c", FetchScript, "sh", chroot, await BuildEnvironment.ArchiveAsync(), part.FullName, .. Packages]));
            await new PackageRepository(part.FullName).IndexAsync(suite);
            part.MoveTo(folder);
        }

        return folder;
    }
}
