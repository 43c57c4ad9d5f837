using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.People;
using Buildd.UnitTests.Farm.Store;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>
/// Whoever may have something to do with archives: two teams of ada's, one of them private, with members; those who look after the farm;
/// strangers. The distribution is debian.
/// </summary>
internal sealed class ArchiveCast
{
    private ArchiveCast(FarmRecords records, Distribution debian)
    {
        Records = records;
        Debian = debian;
    }

    internal FarmRecords Records { get; }

    internal Distribution Debian { get; }

    /// <summary>Everybody by what they are.</summary>
    internal Dictionary<string, Actor> Actors { get; } = [];

    /// <summary>The teams and people by name.</summary>
    internal Dictionary<string, Person> People { get; } = [];

    internal static async Task<ArchiveCast> CreateAsync(FarmRecords records)
    {
        var cast = new ArchiveCast(records, await records.AddDebianAsync());
        foreach (var name in (string[])["owner", "member", "team-admin", "builds", "archives", "farm", "stranger"])
            cast.People[name] = await records.AddPersonAsync(name);
        cast.People["open"] = await records.AddTeamAsync("open", cast.People["owner"]);
        cast.People["secret"] = await records.AddTeamAsync("secret", cast.People["owner"], isPrivate: true);
        foreach (var team in (string[])["open", "secret"])
        {
            await records.JoinAsync(team, "member");
            await records.JoinAsync(team, "team-admin", MembershipState.Administrator);
        }

        await records.JoinAsync(Role.BuildFarmAdministrator.ToName(), "builds");
        await records.JoinAsync(Role.ArchiveAdministrator.ToName(), "archives");
        await records.JoinAsync(Role.Administrator.ToName(), "farm");
        foreach (var (what, name) in ((string, string)[])
            [("owner", "owner"), ("member", "member"), ("team administrator", "team-admin"), ("buildd-admin", "builds"),
                ("ppa-admin", "archives"), ("admin", "farm"), ("stranger", "stranger")])
            cast.Actors[what] = await records.Actors.FindAsync(name, "test", default);
        cast.Actors["anonymous"] = Actor.Anonymous("test");
        cast.Actors["member's reading token"] = cast.Actors["member"] with { Level = AccessLevel.ReadPrivate };
        cast.Actors["member's public token"] = cast.Actors["member"] with { Level = AccessLevel.ReadPublic };
        cast.Actors["machine"] = EngineBench.Local;
        return cast;
    }

    internal Archive New(string owner, string name, ArchivePurpose purpose = ArchivePurpose.Ppa) => new()
    {
        Owner = People[owner].Id,
        Distribution = Debian.Id,
        Name = name,
        Purpose = purpose,
        DisplayName = name,
        Created = DateTimeOffset.UnixEpoch,
    };

    /// <summary>Adds an archive for the machine's administrator.</summary>
    internal async Task<NamedArchive> AddAsync(
        string owner, string name, ArchivePurpose purpose = ArchivePurpose.Ppa, Func<Archive, Archive>? change = null) =>
        await Records.Archives.AddAsync(EngineBench.Local, (change ?? (archive => archive))(New(owner, name, purpose)), default);
}
