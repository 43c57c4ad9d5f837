using Buildd.Benchmarks.Harness;
using CliWrap;
using CliWrap.Buffered;

namespace Buildd.Benchmarks.Peers;

/// <summary>
/// A process as anybody would start it, by CliWrap. Elsewhere Buildd.Linux starts all processes; here it is what is compared, so
/// its peer may not use it.
/// </summary>
internal static class PeerProcess
{
    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    /// <exception cref="BenchmarkException">It did not exit with 0.</exception>
    internal static async Task<string> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var result = await CliWrap.Cli.Wrap(file)
            .WithArguments(arguments)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken);
        return result.IsSuccess
            ? result.StandardOutput
            : throw new BenchmarkException($"{file} ended with exit code {result.ExitCode}: {result.StandardError}");
    }

    /// <summary>The programs of these that are not on PATH, for a sentence; null when all are there.</summary>
    internal static string? FindMissing(params IEnumerable<string> programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var missing = programs.Where(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))).ToList();
        return missing.Count == 0 ? null : string.Join(", ", missing);
    }
}
