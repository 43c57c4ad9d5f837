using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Buildd.Processes;
using Buildd.UnitTests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// A small archive of packages on the loopback, signed with a key of its own: one that everybody may use, and below
/// <c>/private</c> the same for those with a password. Its one package is <c>fx-tool 1.0</c>, a program that prints a word.
/// </summary>
internal sealed class AptArchive : IAsyncDisposable
{
    internal const string User = "builder";

    /// <summary>With what has to be escaped in a URL.</summary>
    internal const string Password = "Hush/Pa#s9word:q7ZkX2vB";

    /// <summary>What the tool prints.</summary>
    internal const string Word = "fx-tool-was-here";

    private readonly WebApplication _application;
    private readonly TemporaryDirectory _folder = new();

    private AptArchive()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>The line of a sources.list for everybody.</summary>
    internal string Line => $"deb {_application.Urls.First()}/public test main";

    /// <summary>The line with the password.</summary>
    internal string PrivateLine => $"deb {_application.Urls.First().Replace("://", $"://{User}:{Uri.EscapeDataString(Password)}@", StringComparison.Ordinal)}/private test main";

    /// <summary>The key that it is signed with, armoured.</summary>
    internal byte[] Key { get; private set; } = [];

    /// <summary>The SHA-256 of its signed index.</summary>
    internal string IndexSha256 { get; private set; } = "";

    internal static async Task<AptArchive> StartAsync()
    {
        var archive = new AptArchive();
        await archive.MakeAsync();
        await archive._application.StartAsync();
        return archive;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await ProcessRunner.RunAsync(Command.Of("gpgconf", "--homedir", _folder["gpg"], "--kill", "all"), _ => { });
        _folder.Dispose();
    }

    private async Task MakeAsync()
    {
        var architecture = (await BuildEnvironment.ReleaseAsync()).Architecture;
        var tree = Directory.CreateDirectory(_folder["tool"]).FullName;
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        Directory.CreateDirectory(Path.Combine(tree, "usr", "bin"));
        await File.WriteAllTextAsync(
            Path.Combine(tree, "DEBIAN", "control"),
            "Package: fx-tool\nVersion: 1.0\nArchitecture: all\nMaintainer: Test Author <test@example.org>\nDescription: package for a test\n");
        var program = Path.Combine(tree, "usr", "bin", "fx-tool");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\necho {Word}\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);

        var main = Directory.CreateDirectory(_folder["archive/dists/test/main/binary-" + architecture]).FullName;
        Directory.CreateDirectory(_folder["archive/pool"]);
        await ProcessRunner.CaptureAsync(Command.Of("dpkg-deb", "--root-owner-group", "--build", tree, _folder["archive/pool/fx-tool_1.0_all.deb"]));
        var packages = await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", "dpkg-scanpackages --multiversion pool 2>/dev/null") with { WorkingDirectory = _folder["archive"] });
        await File.WriteAllTextAsync(Path.Combine(main, "Packages"), packages);
        var sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(packages)));
        await File.WriteAllTextAsync(
            _folder["Release"],
            string.Create(CultureInfo.InvariantCulture,
                $"Origin: Test\nSuite: test\nCodename: test\nArchitectures: {architecture}\nComponents: main\nDate: {DateTimeOffset.UnixEpoch.AddYears(54):R}\nSHA256:\n {sum} {Encoding.UTF8.GetByteCount(packages)} main/binary-{architecture}/Packages\n"));

        Directory.CreateDirectory(_folder["gpg"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await GpgAsync("--passphrase", "", "--quick-generate-key", "Test Archive <archive@example.org>", "ed25519", "sign", "never");
        await GpgAsync("--armor", "--output", _folder["key"], "--export");
        await GpgAsync("--clearsign", "--output", _folder["archive/dists/test/InRelease"], _folder["Release"]);
        Key = await File.ReadAllBytesAsync(_folder["key"]);
        IndexSha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_folder["archive/dists/test/InRelease"])));
    }

    private Task<string> GpgAsync(params string[] arguments) =>
        ProcessRunner.CaptureAsync(Command.Of("gpg", ["--homedir", _folder["gpg"], "--batch", "--no-tty", "--quiet", .. arguments]));

    private async Task AnswerAsync(HttpContext http)
    {
        var (path, response) = (http.Request.Path.Value!, http.Response);
        if (path.StartsWith("/private/", StringComparison.Ordinal)
            && http.Request.Headers.Authorization.ToString() != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
        {
            response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var file = _folder["archive/" + path.Split('/', 3)[^1]];
        if (path.Contains("..", StringComparison.Ordinal) || !File.Exists(file))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await response.SendFileAsync(file);
    }
}
