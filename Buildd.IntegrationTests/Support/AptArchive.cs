using System.Net;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
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

    private const string Suite = "test";

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
    internal string Line => $"deb {_application.Urls.First()}/public {Suite} {PackageRepository.Component}";

    /// <summary>The line with the password.</summary>
    internal string PrivateLine => $"deb {PrivateUrl}/private {Suite} {PackageRepository.Component}";

    private string PrivateUrl =>
        _application.Urls.First().Replace("://", $"://{User}:{Uri.EscapeDataString(Password)}@", StringComparison.Ordinal);

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
        var repository = new PackageRepository(_folder["archive"]);
        await repository.AddAsync("fx-tool", new Dictionary<string, string> { ["usr/bin/fx-tool"] = $"#!/bin/sh\necho {Word}\n" });
        var release = await repository.IndexAsync(Suite);
        var index = Path.Combine(Path.GetDirectoryName(release)!, "InRelease");

        Directory.CreateDirectory(_folder["gpg"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await GpgAsync("--passphrase", "", "--quick-generate-key", "Test Archive <archive@example.org>", "ed25519", "sign", "never");
        await GpgAsync("--armor", "--output", _folder["key"], "--export");
        await GpgAsync("--clearsign", "--output", index, release);
        Key = await File.ReadAllBytesAsync(_folder["key"]);
        IndexSha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(index)));
    }

    private Task<string> GpgAsync(params string[] arguments) =>
        ProcessRunner.CaptureAsync(Command.Of("gpg", ["--homedir", _folder["gpg"], "--batch", "--no-tty", "--quiet", .. arguments]));

    private async Task AnswerAsync(HttpContext http)
    {
        var (path, response) = (http.Request.Path.Value!, http.Response);
        if (path.StartsWith("/private/", StringComparison.Ordinal)
            && http.Request.Headers.Authorization.ToString() != "Basic "
            + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
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
