using Buildd.Backends.BinaryPackage;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>
/// What real runs of sbuild wrote, a file per case, with a table of what each ended with and what the reference makes of it.
/// Their bytes are never edited.
/// </summary>
internal static class SbuildLogs
{
    internal static IReadOnlyList<SbuildLog> All { get; } = [.. File
        .ReadLines(PathOf("index.tsv")).Skip(1)
        .Select(line => line.Split('\t'))
        .Select(columns => new SbuildLog(columns[0], int.Parse(columns[3]), columns[6]))];

    internal static byte[] Read(string name) => File.ReadAllBytes(PathOf(name + ".log"));

    internal static SbuildLogScan Scan(byte[] log, int pieceBytes = int.MaxValue)
    {
        var scan = new SbuildLogScan();
        for (var start = 0; start < log.Length; start += Math.Min(pieceBytes, log.Length - start))
            scan.Write(log.AsSpan(start, Math.Min(pieceBytes, log.Length - start)));
        scan.Complete();
        return scan;
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Data", "SbuildLogs", name);
}

/// <summary>One case: sbuild's exit code, and how the reference's build ends, in words.</summary>
public sealed record SbuildLog(string Name, int ExitCode, string Classic)
{
    public override string ToString() => Name;
}
