using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A builder is restarted now and then and mostly waits: what do a start and an idle slave cost?</summary>
/// <remarks>Both programs are published just before, in the form that <c>Publish.props</c> chooses for this machine.</remarks>
internal sealed class StartAndMemory : IBenchmark
{
    private const double AgreedStartAim = 1 / 1.3;

    private const double AgreedMemoryAim = 1 / 1.2;

    /// <summary>After this long, whatever starting needed and was given back is gone.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    public string Question => "How long until the daemon answers, and how large is it idle, against a bare Kestrel program published the same way?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var repository = FindRepository();
        var slave = await PublishAsync(Path.Combine(repository, "Buildd.Daemon"), "buildd-slave", folder, cancellationToken);
        var bare = await PublishAsync(Path.Combine(repository, "Buildd.Benchmarks", "Peers", "BareKestrel"), "bare-kestrel", folder, cancellationToken);
        var configuration = Path.Combine(folder, "buildd.conf");
        Directory.CreateDirectory(Path.Combine(folder, "filecache"));
        Directory.CreateDirectory(Path.Combine(folder, "work"));

        return await Rounds.MeasureAsync(
            [
                new Quantity("start of the process to the first answer", "ms") { IsCost = true, Aim = AgreedStartAim },
                new Quantity("resident when idle", "MiB") { IsCost = true, Aim = AgreedMemoryAim },
            ],
            async () =>
            {
                var port = Nginx.FreePort();
                await File.WriteAllTextAsync(
                    configuration,
                    string.Create(CultureInfo.InvariantCulture, $"[builder]\nfilecache = {folder}/filecache\nworkpath = {folder}/work\nbindhost = 127.0.0.1\nbindport = {port}\n"),
                    cancellationToken);
                return await StartAsync(slave, ["--config", configuration], port, cancellationToken);
            },
            () =>
            {
                var port = Nginx.FreePort();
                return StartAsync(bare, [port.ToString(CultureInfo.InvariantCulture)], port, cancellationToken);
            });
    }

    private static async Task<string> PublishAsync(string project, string program, string folder, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"publishing {program}; this takes a minute or two");
        var output = Path.Combine(folder, program);
        await PeerProcess.RunAsync(
            "dotnet",
            ["publish", project, "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--artifacts-path", Path.Combine(folder, "artifacts"), "-v", "quiet", "-nologo", "-o", output],
            cancellationToken);
        return Path.Combine(output, program);
    }

    private static async Task<double[]> StartAsync(string program, IEnumerable<string> arguments, int port, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var server = new Uri($"http://127.0.0.1:{port}/");
            var request = KeptConnection.Request("POST", server, "/rpc", StatusLoad.Call.Span);
            while (!await TryAskAsync(server, request, cancellationToken))
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(start) > StartDeadline)
                    throw new BenchmarkException($"{Path.GetFileName(program)} did not answer");
                await Task.Delay(1, cancellationToken);
            }

            var elapsed = Stopwatch.GetElapsedTime(start);
            await Task.Delay(Settle, cancellationToken);
            process.Refresh();
            return [elapsed.TotalMilliseconds, process.WorkingSet64 / 1024.0 / 1024];
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> TryAskAsync(Uri server, byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = await KeptConnection.OpenAsync(server, cancellationToken);
            await connection.SendAsync(request, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false; // does not listen yet
        }
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Buildd.sln")))
                return folder.FullName;
        }

        throw new BenchmarkException("the sources are not above this program: run it from the repository (make bench)");
    }
}
