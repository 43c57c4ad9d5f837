using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;
using Buildd.UnitTests.Farm.Archives;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.Store;

namespace Buildd.UnitTests.Farm.LiveFilesystems;

/// <summary>The cast of archives with live filesystems, for which the feature is switched on.</summary>
internal static class LiveFsCast
{
    internal static async Task<ArchiveCast> CreateAsync(FarmRecords records)
    {
        var cast = await ArchiveCast.CreateAsync(records);
        await records.Settings.SetAsync(EngineBench.Local, KnownSettings.AllowNewLiveFilesystems, "yes", default);
        cast.People["admins"] = await records.People.GetAsync(EngineBench.Local, "admins", default);
        await cast.AddAsync("admins", Archive.PrimaryName, ArchivePurpose.Primary);
        await cast.AddAsync("open", "tools");
        await cast.AddAsync("secret", "own");
        await records.Architectures.AddAsync(EngineBench.Local, "debian", "bookworm", DistributionCast.NewArchitecture("arm64"), default);
        return cast;
    }

    internal static Task<LiveFs> AddLiveFsAsync(
        this FarmRecords records, string owner, string name = "desktop", string metadata = "{}", Actor? actor = null) =>
        records.LiveFilesystems.AddAsync(actor ?? EngineBench.Local, owner, "debian", "bookworm", name, metadata, default);

    internal static Task<FarmBuild> RequestAsync(
        this FarmRecords records, LiveFs livefs, Func<LiveFsRequest, LiveFsRequest>? change = null, Actor? actor = null)
    {
        var request = new LiveFsRequest { Archive = "debian", Architecture = "amd64" };
        return records.LiveFsRequests.AddAsync(actor ?? EngineBench.Local, livefs.Id, change?.Invoke(request) ?? request, default);
    }
}
