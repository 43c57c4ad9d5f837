using System.Globalization;
using System.Security.Cryptography;
using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Support;

/// <summary>A folder of packages that apt can install from over http, with the indexes that make it an archive.</summary>
internal sealed class PackageRepository(string folder)
{
    internal const string Component = "main";

    /// <summary>The version of packages that are made here.</summary>
    internal const string Version = "1.0";

    internal string Folder => Directory.CreateDirectory(folder).FullName;

    /// <summary>Makes a package of scripts, all of them executable.</summary>
    internal async Task AddAsync(string name, IReadOnlyDictionary<string, string> files, string? depends = null)
    {
        var tree = Path.Combine(Folder, "tree-" + name);
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        await File.WriteAllTextAsync(
            Path.Combine(tree, "DEBIAN", "control"),
            $"Package: {name}\nVersion: {Version}\nArchitecture: all\nMaintainer: Test Author "
                + $"<test@example.org>\n{(depends is null ? "" : $"Depends: {depends}\n")}Description: package for a test\n");
        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(tree, path))!);
            await File.WriteAllTextAsync(Path.Combine(tree, path), content);
            File.SetUnixFileMode(Path.Combine(tree, path), (UnixFileMode)0b111_101_101);
        }

        await ProcessRunner.CaptureAsync(Command.Of("dpkg-deb", "--build", "--root-owner-group", tree, folder));
        Directory.Delete(tree, recursive: true);
    }

    /// <summary>Writes the indexes of all packages that lie in the folder now.</summary>
    /// <returns>The file that a signature would be of.</returns>
    internal async Task<string> IndexAsync(string suite)
    {
        var architecture = (await BuildEnvironment.ReleaseAsync()).Architecture;
        var index = $"{Component}/binary-{architecture}/Packages";
        var suiteFolder = Path.Combine(Folder, "dists", suite);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(suiteFolder, index))!);
        var packages = System.Text.Encoding.UTF8.GetBytes(
            await ProcessRunner.CaptureAsync(
                Command.Of("sh", "-c", "dpkg-scanpackages --multiversion . 2>/dev/null") with { WorkingDirectory = Folder }));
        await File.WriteAllBytesAsync(Path.Combine(suiteFolder, index), packages);
        var release = Path.Combine(suiteFolder, "Release");
        await File.WriteAllTextAsync(
            release,
            string.Create(CultureInfo.InvariantCulture,
                $"Origin: Test\nSuite: {suite}\nCodename: {suite}\nArchitectures: {architecture}\nComponents: {Component}\nDate: "
                    + $"{DateTimeOffset.UnixEpoch.AddYears(54):R}\nSHA256:\n {Convert.ToHexStringLower(SHA256.HashData(packages))} "
                    + $"{packages.Length} {index}\n"));
        return release;
    }

    /// <summary>Writes the indexes and serves all of it, not signed.</summary>
    /// <returns>The line of a sources.list.</returns>
    internal async Task<string> ServeAsync(FileServer server, string suite)
    {
        await IndexAsync(suite);
        return $"deb [trusted=yes] {server.AddFolder(Path.GetFileName(folder), folder)} {suite} {Component}";
    }
}
