using System.Security.Cryptography;
using Buildd.IntegrationTests.Support;
using Buildd.Processes;

namespace Buildd.IntegrationTests.Images;

/// <summary>A folder of packages that apt can install from over http, with the indexes that make it one.</summary>
internal sealed class PackageRepository(string folder)
{
    internal string Folder => Directory.CreateDirectory(folder).FullName;

    /// <summary>Makes a package of files and scripts, all of them executable.</summary>
    internal async Task AddAsync(string name, string depends, IReadOnlyDictionary<string, string> files)
    {
        var tree = Path.Combine(folder, "tree-" + name);
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        await File.WriteAllTextAsync(
            Path.Combine(tree, "DEBIAN", "control"),
            $"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@localhost>\nDepends: {depends}\nDescription: made by a test\n");
        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(tree, path))!);
            await File.WriteAllTextAsync(Path.Combine(tree, path), content);
            File.SetUnixFileMode(Path.Combine(tree, path), (UnixFileMode)0b111_101_101);
        }

        await ProcessRunner.CaptureAsync(Command.Of("dpkg-deb", "--build", "--root-owner-group", tree, folder));
        Directory.Delete(tree, recursive: true);
    }

    /// <summary>Writes the indexes and serves all of it.</summary>
    /// <returns>The line of a sources.list.</returns>
    internal async Task<string> ServeAsync(FileServer server, string suite)
    {
        var packages = await ProcessRunner.CaptureAsync(Command.Of("dpkg-scanpackages", "--multiversion", ".") with { WorkingDirectory = Folder });
        await File.WriteAllTextAsync(Path.Combine(folder, "Packages"), packages);
        var sum = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "Packages"))));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Release"),
            $"Codename: {suite}\nSuite: {suite}\nDate: Mon, 01 Jan 2024 00:00:00 UTC\nSHA256:\n {sum} {new FileInfo(Path.Combine(folder, "Packages")).Length} Packages\n");
        var below = Path.GetFileName(folder);
        server.AddFolder(below, folder);
        return $"deb [trusted=yes] {server.Url}{below}/ ./";
    }
}
