using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Embedding;

/// <summary>The sample program with a slave in it, in a process of its own, and a master's side of one build.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _output = new();
    private readonly Task<ProcessResult> _run;

    internal SampleProcess(string assembly)
    {
        Directory.CreateDirectory(_folder["filecache"]);
        Directory.CreateDirectory(_folder["work"]);
        _run = ProcessRunner.RunAsync(
            Command.Of("dotnet", "exec", assembly, "--urls", "http://127.0.0.1:0", "--filecache", _folder["filecache"], "--workpath", _folder["work"])
                with
            { WorkingDirectory = _folder.Path },
            bytes =>
            {
                lock (_output)
                    _output.Append(Encoding.UTF8.GetString(bytes));
            },
            cancellationToken: _stop.Token);
    }

    internal HttpClient Http { get; } = new();

    internal async Task<SlaveClient> StartAsync(CancellationToken cancellationToken)
    {
        const string Sign = "Now listening on: ";
        string text;
        while (!(text = Output).Contains(Sign, StringComparison.Ordinal) || !text[text.IndexOf(Sign, StringComparison.Ordinal)..].Contains('\n', StringComparison.Ordinal))
        {
            if (_run.IsCompleted)
                throw new InvalidOperationException(text);
            await Task.Delay(10, cancellationToken);
        }

        Http.BaseAddress = new Uri(text.Split(Sign)[1].Split('\n')[0].Trim());
        return new SlaveClient(Http, new SlaveClientOptions { Url = Http.BaseAddress });
    }

    /// <summary>Builds with one input and gives what came of it.</summary>
    internal async Task<(StatusReply Status, string Result)> BuildAsync(SlaveClient slave, string name, string content, CancellationToken cancellationToken)
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
        StatusReply status;
        while ((status = await slave.StatusAsync(cancellationToken)).Status != BuilderStatus.Waiting)
            await Task.Delay(10, cancellationToken);
        return (status, await Http.GetStringAsync($"filecache/{status.FileMap!.Values.Single()}", cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // as wanted
        }

        Http.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    private string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Puts a file into the cache and gives its sum.</summary>
    internal string Put(string content)
    {
        var sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));
        File.WriteAllText(Path.Combine(_folder["filecache"], sha1), content);
        return sha1;
    }
}
