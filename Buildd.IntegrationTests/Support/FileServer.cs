using System.Net;
using System.Security.Cryptography;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Buildd.IntegrationTests.Support;

/// <summary>Serves files to a slave, as a master's archive would.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    /// <summary>A client that is asked for a password sends some requests: together they take a second or two.</summary>
    private static readonly TimeSpan ClosedDelay = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, string> _files = [];
    private readonly Dictionary<string, string> _closed = [];
    private readonly WebApplication _application;

    private FileServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    internal Uri Url => new(_application.Urls.First());

    internal static async Task<FileServer> StartAsync()
    {
        var server = new FileServer();
        await server._application.StartAsync();
        return server;
    }

    internal async Task<InputFile> AddAsync(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1); // the protocol's sum, not a safeguard of ours
        hash.AppendData(await File.ReadAllBytesAsync(path));
        var name = Path.GetFileName(path);
        _files["/" + name] = path;
        return new InputFile
        {
            Name = name,
            Sha1 = new Sha1(hash.GetHashAndReset()),
            Url = $"{_application.Urls.First()}/{name}",
        };
    }

    /// <summary>Serves all that is in a folder now, and returns its address.</summary>
    internal string AddFolder(string name, string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            _files[$"/{name}/{Path.GetRelativePath(directory, path)}"] = path;
        return $"{_application.Urls.First()}/{name}";
    }

    /// <summary>Has a folder that is served asked for by whoever has a password, and nobody else.</summary>
    /// <param name="address">The folder's address.</param>
    /// <param name="user">The user.</param>
    /// <param name="password">The password.</param>
    /// <returns>The address with both.</returns>
    /// <remarks>Each answer below it takes its time, so that whoever looks at the programs that fetch sees them.</remarks>
    internal string Close(string address, string user, string password)
    {
        _closed[new Uri(address).AbsolutePath] =
            $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"))}";
        return new UriBuilder(address) { UserName = user, Password = Uri.EscapeDataString(password) }.Uri.AbsoluteUri;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var (path, headers) = (http.Request.Path, http.Request.Headers);
        if (_closed.Keys.Any(folder => path.StartsWithSegments(folder)))
            await Task.Delay(ClosedDelay);
        if (_closed.Any(folder => path.StartsWithSegments(folder.Key) && headers.Authorization != folder.Value))
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else if (_files.TryGetValue(path.Value!, out var file))
        {
            await http.Response.SendFileAsync(file);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
