using System.IO.Compression;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Embedding;

/// <summary>The NuGet packages that <c>make pack</c> makes, as somebody outside of the repository uses them.</summary>
[NonParallelizable]
[CancelAfter(900_000)]
public sealed class PackageTests
{
    private static readonly string[] Packages =
        ["Buildd.Backends", "Buildd.Debian", "Buildd.Master", "Buildd.Linux", "Buildd.Protocol", "Buildd.Slave"];

    private static readonly string Version = File.ReadLines(Path.Combine(Repository.Root, "debian", "changelog")).First().Split('(')[1]
        .Split('-')[0];

    [Test]
    public async Task Projects_elsewhere_build_and_run_the_samples_with_the_packages_alone(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        await RunAsync(Command.Of(Path.Combine(Repository.Root, "scripts", "pack"), folder["packages"]), cancellationToken);
        RequireWholePackages(folder["packages"]);
        await RequireTheSameAgainAsync(folder, cancellationToken);

        var slaveProgram = await BuildElsewhereAsync(folder, "EmbeddedSlave", ["Buildd.Slave", "Buildd.Backends"], cancellationToken);
        var masterProgram = await BuildElsewhereAsync(folder, "CustomJob", ["Buildd.Master"], cancellationToken);
        Assert.That(
            Directory.GetDirectories(folder["cache"])
                .Select(Path.GetFileName), Is.EquivalentTo(Packages.Select(package => package.ToLowerInvariant())));

        await using var sample = new SampleProcess(slaveProgram);
        var slave = await sample.StartAsync();
        var (status, result) = await sample.BuildAsync(slave, "hello.txt", "hello", cancellationToken);
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(result, Does.EndWith("  hello.txt\n"));
        // And the one with a master in it has the other build something.
        var sums = await RunAsync(
            Command.Of(
                "dotnet", "exec", masterProgram, $"{slave.Url}", folder["farm"], "http://127.0.0.1:1/hello.txt", sample.Put("hello")),
                cancellationToken);
        Assert.That(sums.TrimEnd(), Does.EndWith("  input"));
    }

    /// <summary>Builds a sample outside of the repository, and returns its program.</summary>
    private static async Task<string> BuildElsewhereAsync(
        TemporaryDirectory folder, string name, string[] packages, CancellationToken cancellationToken)
    {
        var project = Directory.CreateDirectory(folder[$"project/{name}"]).FullName;
        File.Copy(Path.Combine(Repository.Root, "samples", name, "Program.cs"), Path.Combine(project, "Program.cs"));
        await File.WriteAllTextAsync(
            Path.Combine(project, $"{name}.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', packages.Select(package => $"""<PackageReference Include="{package}" Version="{Version}" />"""))}
              </ItemGroup>
            </Project>
            """,
            cancellationToken);
        // No other source: the packages need nothing but .NET, and a folder of its own keeps them out of the machine's.
        await File.WriteAllTextAsync(
            Path.Combine(project, "nuget.config"),
            $"""<configuration><packageSources><clear /><add key="local" value="{folder["packages"]}" /></packageSources></configuration>""",
            cancellationToken);
        await RunAsync(
            Command.Of("dotnet", "build", project, "-nologo", "-o", folder[$"built/{name}"])
                .WithEnvironment("NUGET_PACKAGES", folder["cache"]),
            cancellationToken);
        return Path.Combine(folder[$"built/{name}"], $"{name}.dll");
    }

    private static void RequireWholePackages(string folder)
    {
        Assert.That(
            Directory.GetFiles(folder).Select(Path.GetFileName),
            Is.EquivalentTo(Packages.SelectMany(package => (string[])[$"{package}.{Version}.nupkg", $"{package}.{Version}.snupkg"])));
        foreach (var package in Packages)
        {
            using var zip = ZipFile.OpenRead(Path.Combine(folder, $"{package}.{Version}.nupkg"));
            using var symbols = ZipFile.OpenRead(Path.Combine(folder, $"{package}.{Version}.snupkg"));
            using var nuspec = new StreamReader(zip.GetEntry($"{package}.nuspec")!.Open());
            var text = nuspec.ReadToEnd();
            Assert.Multiple(() =>
            {
                Assert.That(
                    zip.Entries.Select(entry => entry.FullName),
                    Is.SupersetOf(new[] { "PACKAGE.md", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml" }));
                Assert.That(symbols.Entries.Select(entry => entry.FullName), Has.Member($"lib/net10.0/{package}.pdb"));
                Assert.That(text, Does.Contain("<readme>PACKAGE.md</readme>").And.Contain(">MIT<").And.Not.Contain("Package Description"));
            });
        }
    }

    private static async Task RequireTheSameAgainAsync(TemporaryDirectory folder, CancellationToken cancellationToken)
    {
        await RunAsync(Command.Of(Path.Combine(Repository.Root, "scripts", "pack"), folder["again"]), cancellationToken);
        foreach (var file in Directory.GetFiles(folder["packages"]))
            Assert.That(
                await File.ReadAllBytesAsync(Path.Combine(folder["again"], Path.GetFileName(file)), cancellationToken), Is.EqualTo(
                    await File.ReadAllBytesAsync(file, cancellationToken)), file);
    }

    private static async Task<string> RunAsync(Command command, CancellationToken cancellationToken)
    {
        // Into a file: a compiler that outlives the command, and serves the next, would hold a pipe open.
        using var folder = new TemporaryDirectory();
        var result = await ProcessRunner.RunAsync(
            command.Behind("sh", "-c", """out=$1; shift; exec "$@" > "$out" 2>&1""", "sh", folder["output"]), _ => { },
            cancellationToken: cancellationToken);
        var output = await File.ReadAllTextAsync(folder["output"], cancellationToken);
        Assert.That(result.ExitCode, Is.Zero, output);
        return output;
    }
}
