using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// A small source package made on the spot: it needs nothing but build-essential, no registry, and does in its build what
/// the test wants.
/// </summary>
internal static class SourcePackage
{
    /// <summary>Makes it and returns its files, the <c>.dsc</c> first.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="name">The package's name.</param>
    /// <param name="command">A line of shell that makes the file <c>out</c>.</param>
    /// <param name="buildDepends">What it needs beside build-essential.</param>
    /// <param name="architecture"><c>any</c> or <c>all</c>.</param>
    internal static async Task<IReadOnlyList<string>> MakeAsync(
        string directory, string name, string command, string buildDepends = "make", string architecture = "any")
    {
        var tree = Path.Combine(directory, $"{name}-1.0");
        Directory.CreateDirectory(Path.Combine(tree, "debian", "source"));
        await File.WriteAllTextAsync(Path.Combine(tree, "debian", "source", "format"), "3.0 (native)\n");
        await File.WriteAllTextAsync(
            Path.Combine(tree, "debian", "changelog"),
            $"""
            {name} (1.0) unstable; urgency=medium

              * A package for a test.

             -- Test Author <test@example.org>  Mon, 01 Jan 2024 00:00:00 +0000

            """);
        await File.WriteAllTextAsync(
            Path.Combine(tree, "debian", "control"),
            $"""
            Source: {name}
            Section: misc
            Priority: optional
            Maintainer: Test Author <test@example.org>
            Standards-Version: 4.6.2
            Build-Depends: {buildDepends}
            Rules-Requires-Root: no

            Package: {name}
            Architecture: {architecture}
            Description: package for a test
             Nothing useful is in it.

            """);
        var rules = Path.Combine(tree, "debian", "rules");
        await File.WriteAllTextAsync(rules,
            $"""
            #!/usr/bin/make -f
            clean:
            	rm -rf debian/{name} debian/files out
            build build-arch build-indep: out
            out:
            	{command.Replace("$", "$$", StringComparison.Ordinal)}
            binary: binary-arch binary-indep
            {(architecture == "all" ? "binary-arch" : "binary-indep")}:
            {(architecture == "all" ? "binary-indep" : "binary-arch")}: out
            	install -D -m755 out debian/{name}/usr/bin/{name}
            	mkdir -p debian/{name}/DEBIAN
            	dpkg-gencontrol -p{name} -Pdebian/{name}
            	dpkg-deb --root-owner-group --build debian/{name} ..

            """);
        File.SetUnixFileMode(rules, (UnixFileMode)0b111_101_101);
        await ProcessRunner.CaptureAsync(Command.Of("dpkg-source", "-b", tree) with { WorkingDirectory = directory });
        return [Path.Combine(directory, $"{name}_1.0.dsc"), Path.Combine(directory, $"{name}_1.0.tar.xz")];
    }
}
