using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;

namespace Buildd.IntegrationTests.Embedding;

/// <summary>The sample program with a slave in it, in a process of its own, and a master's side of one build.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly RunningProgram _program;

    internal SampleProcess(string assembly)
    {
        Directory.CreateDirectory(_folder["filecache"]);
        Directory.CreateDirectory(_folder["work"]);
        var command = Command.Of(
            "dotnet", "exec", assembly, "--urls", "http://127.0.0.1:0", "--filecache", _folder["filecache"], "--workpath", _folder["work"]);
        _program = RunningProgram.Start(command with { WorkingDirectory = _folder.Path });
    }

    internal HttpClient Http { get; } = new();

    internal async Task<SlaveClient> StartAsync()
    {
        Http.BaseAddress = new Uri(await _program.LineAfterAsync("Now listening on: "));
        return new SlaveClient(Http, new SlaveClientOptions { Url = Http.BaseAddress });
    }

    /// <summary>Builds with one input and gives what came of it.</summary>
    internal async Task<(StatusReply Status, string Result)> BuildAsync(
        SlaveClient slave, string name, string content, CancellationToken cancellationToken)
    {
        var reply = await slave.BuildAsync(
            new BuildCall
            {
                BuildId = "SAMPLE-1",
                Builder = "checksums",
                ChrootSha1 = Put("no chroot is needed"),
                FileMap = new Dictionary<string, string> { [name] = Put(content) },
                Arguments = [],
            },
            cancellationToken);
        if (reply.Answer != BuildAnswer.Building)
            throw new InvalidOperationException(reply.Text);
        var status = await Until.SeenAsync(() => slave.StatusAsync(cancellationToken), seen => seen.Status == BuilderStatus.Waiting);
        return (status, await Http.GetStringAsync($"filecache/{status.FileMap!.Values.Single()}", cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        Http.Dispose();
        _folder.Dispose();
    }

    /// <summary>Puts a file into the cache and gives its sum.</summary>
    internal string Put(string content)
    {
        var sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));
        File.WriteAllText(Path.Combine(_folder["filecache"], sha1), content);
        return sha1;
    }
}
