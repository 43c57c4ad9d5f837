using System.Diagnostics;
using Buildd.Benchmarks.Harness;

namespace Buildd.Benchmarks.Peers;

/// <summary>
/// A process as anybody would start it. Elsewhere Buildd.Linux starts all processes; here it is what is compared, so
/// its peer may not use it.
/// </summary>
internal static class PeerProcess
{
    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    /// <exception cref="BenchmarkException">It did not exit with 0.</exception>
    internal static async Task<string> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new BenchmarkException($"{file} ended with exit code {process.ExitCode}");
    }

    /// <summary>The programs of these that are not on PATH, for a sentence; null when all are there.</summary>
    internal static string? FindMissing(params IEnumerable<string> programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var missing = programs.Where(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))).ToList();
        return missing.Count == 0 ? null : string.Join(", ", missing);
    }
}
