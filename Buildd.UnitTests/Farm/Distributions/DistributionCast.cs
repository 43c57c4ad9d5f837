using Buildd.Farm;
using Buildd.Farm.Distributions;
using Buildd.UnitTests.Farm.Store;

namespace Buildd.UnitTests.Farm.Distributions;

/// <summary>Distributions for tests, made by the machine's administrator.</summary>
internal static class DistributionCast
{
    internal static Distribution New(string name, params string[] aliases) => new()
    {
        Name = name,
        Title = name,
        Aliases = aliases,
        Created = DateTimeOffset.UnixEpoch,
    };

    internal static Series NewSeries(string name, params string[] aliases) => new()
    {
        Name = name,
        Title = name,
        Aliases = aliases,
        Created = DateTimeOffset.UnixEpoch,
    };

    internal static SeriesArchitecture NewArchitecture(string tag) => new()
    {
        Tag = tag,
        Processor = tag,
        Created = DateTimeOffset.UnixEpoch,
    };

    /// <summary>The distribution debian with the series bookworm for amd64.</summary>
    internal static async Task<Distribution> AddDebianAsync(this FarmRecords records)
    {
        var debian = await records.Distributions.AddAsync(EngineBench.Local, New("debian", "deb"), default);
        await records.Series.AddAsync(EngineBench.Local, "debian", NewSeries("bookworm", "stable") with { Version = "12" }, default);
        await records.Architectures.AddAsync(EngineBench.Local, "debian", "bookworm", NewArchitecture("amd64"), default);
        return debian;
    }
}
