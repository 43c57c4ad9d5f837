using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;

namespace Buildd.IntegrationTests.Kills;

/// <summary>The real daemon on folders that outlive it, with one plug-in kind of build, to be killed and started again.</summary>
internal sealed class KillableSlave : IAsyncDisposable
{
    internal const string Tag = "killed";

    private const string BuildId = "KILLED-1";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly string _configuration;

    /// <summary>One for each start. What a killed one left is not ended before all of them are: that is the next one's affair.</summary>
    private readonly List<RunningProgram> _programs = [];

    private KillableSlave(string directory)
    {
        Directory = directory;
        _configuration = Path.Combine(directory, "buildd.conf");
        Client = new SlaveClient(_http, new SlaveClientOptions { Url = new Uri($"http://127.0.0.1:{Port}/") });
    }

    internal string Directory { get; }

    /// <summary>What the daemon is given at its next start.</summary>
    internal Dictionary<string, string> Environment { get; } = [];

    internal string WorkDirectory => Path.Combine(Directory, "home");

    internal string CacheDirectory => Path.Combine(Directory, "filecache");

    internal SlaveClient Client { get; }

    internal int Port { get; } = FreePort();

    /// <param name="plugIn">The program that builds what has <see cref="Tag"/>.</param>
    /// <param name="lines">What else stands in the configuration.</param>
    internal static async Task<KillableSlave> PrepareAsync(string plugIn, string lines = "")
    {
        var slave = new KillableSlave(System.IO.Directory.CreateDirectory($"/var/tmp/buildd-test-{Guid.NewGuid():N}").FullName);
        foreach (var folder in (string[])["home", "filecache", "backends.d"])
            System.IO.Directory.CreateDirectory(Path.Combine(slave.Directory, folder));
        var program = Path.Combine(slave.Directory, "plug-in");
        await Executable.WriteAsync(program, plugIn);
        await File.WriteAllTextAsync(
            Path.Combine(slave.Directory, "backends.d", "killed.conf"), $"[backend]\ntag = {Tag}\ncommand = {program}\n");
        await slave.ConfigureAsync(lines);
        return slave;
    }

    /// <summary>What holds from the next start on.</summary>
    /// <param name="lines">What else stands in the configuration.</param>
    internal Task ConfigureAsync(string lines) => File.WriteAllTextAsync(
        _configuration,
        string.Create(
            CultureInfo.InvariantCulture, $"[builder]\nfilecache = {CacheDirectory}\nworkpath = {WorkDirectory}\nbackends = "
                + $"{Directory}/backends.d\nbindhost = 127.0.0.1\nbindport = {Port}\n{lines}\n"));

    /// <summary>Starts the daemon, once more after it was killed.</summary>
    internal async Task StartAsync()
    {
        var command =
            Command.Of(Repository.Program("buildd-slave"), "--config", _configuration) with { StopGrace = TimeSpan.FromSeconds(30) };
        foreach (var (name, value) in Environment)
            command = command.WithEnvironment(name, value);
        _programs.Add(await RunningProgram.StartAsync(command, " ready at "));
    }

    /// <summary>SIGKILL to the daemon and to nothing else.</summary>
    internal Task KillAsync() => _programs[^1].KillAsync();

    /// <summary>Waits until the daemon has gone.</summary>
    internal Task EndedAsync() => _programs[^1].EndAsync();

    /// <summary>Puts the chroot that builds name into the cache.</summary>
    internal Task<string> AddChrootAsync() => AddAsync("stands for a chroot"u8.ToArray());

    /// <summary>Puts a file into the cache and returns its sum.</summary>
    internal async Task<string> AddAsync(byte[] content)
    {
        var sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, content));
        await File.WriteAllBytesAsync(Path.Combine(CacheDirectory, sha1), content);
        return sha1;
    }

    /// <summary>Ending what is left takes a moment; it must not take for ever.</summary>
    internal Task<StatusReply> SettleAsync() =>
        Until.SeenAsync(() => Client.StatusAsync(), status => status.Status is not (BuilderStatus.Building or BuilderStatus.Aborting));

    internal Task<BuildReply> BuildAsync(string chroot, CancellationToken cancellationToken) => Client.BuildAsync(
        new BuildCall
        {
            BuildId = BuildId,
            Builder = Tag,
            ChrootSha1 = chroot,
            FileMap = new Dictionary<string, string>(),
            Arguments = new XmlRpcStruct { ["series"] = "bookworm" },
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs.AsEnumerable().Reverse())
            await program.DisposeAsync();
        _http.Dispose();
        await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", Directory));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
