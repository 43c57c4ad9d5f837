using System.Runtime.InteropServices;
using Buildd.Benchmarks.Peers;
using Buildd.Testing.Files;

namespace Buildd.Benchmarks.Harness;

/// <summary>
/// The slave and the bare Kestrel program, published as <c>make build</c> publishes the slave: in the form that <c>Publish.props</c>
/// chooses for this machine, native code on most. Each is published when it is first asked for, once in a run.
/// </summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class PublishedPrograms
{
    private Task<string>? _slave;
    private Task<string>? _bare;

    /// <summary>The path of <c>buildd-slave</c>.</summary>
    internal Task<string> SlaveAsync(CancellationToken cancellationToken) =>
        _slave ??= PublishAsync("Buildd.Daemon", "buildd-slave", cancellationToken);

    /// <summary>The path of <c>bare-kestrel</c>, which takes a port and, optionally, a file with the body of its answers.</summary>
    internal Task<string> BareAsync(CancellationToken cancellationToken) =>
        _bare ??= PublishAsync("Buildd.Benchmarks/Peers/BareKestrel", "bare-kestrel", cancellationToken);

    private static async Task<string> PublishAsync(string project, string program, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"publishing {program}; this takes a minute or two");
        var repository = Repository.Root;
        var output = Path.Combine(repository, "out", "bench", program);
        await PeerProcess.RunAsync(
            "dotnet",
            [
                "publish", Path.Combine(repository, project), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
                "--artifacts-path", Path.Combine(repository, "out", "artifacts"), "-v", "quiet", "-nologo", "-o", output,
            ],
            cancellationToken);
        return Path.Combine(output, program);
    }
}
