using System.Net;
using System.Net.Sockets;
using Buildd.Daemon;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Daemon.Security;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Microsoft.AspNetCore.Builder;

namespace Buildd.IntegrationTests.Wire;

/// <summary>A slave as the reference was set up when its answers were recorded: the whole application on a real socket.</summary>
internal sealed class SlaveInProcess : IAsyncDisposable
{
    /// <summary>The reference's kinds of build, in its order.</summary>
    private static readonly string[] Tags =
    [
        WireNames.Managers.BinaryPackage, WireNames.Managers.SourcePackageRecipe, WireNames.Managers.TranslationTemplates,
        WireNames.Managers.LiveFs, WireNames.Managers.Snap, WireNames.Managers.Oci, WireNames.Managers.Charm,
        WireNames.Managers.Ci, WireNames.Managers.Rock, WireNames.Managers.Craft,
    ];

    private readonly TemporaryDirectory _folder = new();
    private readonly HttpClient _http = new();
    private readonly SlaveOptions _options;
    private readonly ScriptedBackend[] _backends = [.. Tags.Select(tag => new ScriptedBackend(tag))];
    private readonly SecurityOptions _security;
    private readonly IPAddress _address;
    private readonly string? _log;
    private WebApplication _application;
    private SlaveClient? _client;

    private SlaveInProcess(string? version, Action<SlaveOptions>? configure, SecurityOptions security, IPAddress address, bool logsToFile)
    {
        (_security, _address, _log) = (security, address, logsToFile ? _folder["slave.log"] : null);
        Directory.CreateDirectory(_folder["filecache"]);
        Directory.CreateDirectory(_folder["home"]);
        _options = new SlaveOptions
        {
            ArchitectureTag = "amd64",
            FileCacheDirectory = _folder["filecache"],
            WorkDirectory = _folder["home"],
            Version = version,
            Backends = [.. _backends],
        };
        configure?.Invoke(_options);
        _application = CreateApplication();
    }

    internal string CacheDirectory => _options.FileCacheDirectory;

    /// <summary>Where the folders of builds are made.</summary>
    internal string WorkDirectory => _options.WorkDirectory;

    /// <summary>The folder that holds all that the slave may write.</summary>
    internal string RootDirectory => _folder.Path;

    internal IServiceProvider Services => _application.Services;

    internal Uri Url => new(_application.Urls.First());

    internal SlaveClient Client => _client ?? new(_http, new SlaveClientOptions { Url = Url });

    internal static async Task<SlaveInProcess> StartAsync(string? version = "254", Action<SlaveOptions>? configure = null)
    {
        var slave = new SlaveInProcess(version, configure, new SecurityOptions(), IPAddress.Loopback, logsToFile: false);
        await slave._application.StartAsync();
        return slave;
    }

    /// <summary>
    /// One that is protected, or that has other limits than the usual. It logs where tests do, or to <c>slave.log</c> in its folder.
    /// </summary>
    internal static async Task<SlaveInProcess> StartAsync(
        SecurityOptions security, IPAddress? address = null, Action<SlaveOptions>? configure = null, bool logsToFile = false)
    {
        var slave = new SlaveInProcess("254", configure, security, address ?? IPAddress.Loopback, logsToFile);
        await slave._application.StartAsync();
        return slave;
    }

    /// <summary>Has the calls made by a client that the slave lets in.</summary>
    internal void UseClient(SlaveClient client) => _client = client;

    /// <summary>Ends the slave as a service manager would, and starts another on the same folders.</summary>
    internal async Task RestartAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _application = CreateApplication();
        await _application.StartAsync();
    }

    /// <summary>The stand-in for a kind of build.</summary>
    internal ScriptedBackend Backend(string tag) => _backends.Single(backend => backend.Tag == tag);

    /// <summary>Starts a build of some kind; it waits for <see cref="FinishAsync"/>.</summary>
    internal async Task BuildAsync(string tag)
    {
        const string Sum = "c1d80674d731fd6af61ded171202b8424147b17b";
        await File.WriteAllTextAsync(Path.Combine(CacheDirectory, Sum), "stands for a chroot");
        var reply = await Client.BuildAsync(new BuildCall
        {
            BuildId = "PACKAGEBUILD-1",
            Builder = tag,
            ChrootSha1 = Sum,
            FileMap = new Dictionary<string, string>(),
            Arguments = [],
        });
        if (reply.Answer != BuildAnswer.Building)
            throw new InvalidOperationException(reply.Text);
        await Until.TrueAsync(async () => (await Client.StatusAsync()).LogTail is { Length: > 0 });
    }

    /// <summary>Lets the build end and waits until the slave is waiting.</summary>
    internal async Task FinishAsync()
    {
        foreach (var backend in _backends)
            backend.LetGo();
        await WaitingAsync();
    }

    /// <summary>Waits until the slave is waiting.</summary>
    internal Task WaitingAsync() => Until.TrueAsync(async () => (await Client.StatusAsync()).Status == BuilderStatus.Waiting);

    /// <summary>Sends bytes as they are and returns what comes back: one answer, of the length that it says it has.</summary>
    internal async Task<byte[]> SendAsync(byte[] request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Url.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(request);
        var answer = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (!IsWhole(answer.ToArray()) && await stream.ReadAsync(buffer) is var count and > 0)
            answer.Write(buffer, 0, count);
        return answer.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private WebApplication CreateApplication() =>
        SlaveApplication.Create(new DaemonConfiguration
        {
            Slave = _options,
            BindAddress = _address,
            BindPort = 0,
            Security = _security,
            Log = new DaemonLogOptions { Path = _log },
        });

    private static bool IsWhole(byte[] answer)
    {
        const string Length = "\r\nContent-Length: ";
        var text = System.Text.Encoding.Latin1.GetString(answer);
        var (head, length) = (text.IndexOf("\r\n\r\n", StringComparison.Ordinal), text.IndexOf(Length, StringComparison.Ordinal));
        if (head < 0 || length < 0)
            return false;
        var digits = text[(length + Length.Length)..text.IndexOf("\r\n", length + 2, StringComparison.Ordinal)];
        return answer.Length >= head + 4 + int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }
}
