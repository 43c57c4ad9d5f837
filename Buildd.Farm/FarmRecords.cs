using Buildd.Farm.Archives;
using Buildd.Farm.Audit;
using Buildd.Farm.Builds;
using Buildd.Farm.Distributions;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.People;
using Buildd.Farm.Settings;
using Buildd.Farm.Store;

namespace Buildd.Farm;

/// <summary>
/// What a farm knows of people and of what is theirs, over a store. Every change takes who makes it, checks the right to it, and is in the
/// audit by the same transaction. Any thread may call.
/// </summary>
internal sealed class FarmRecords
{
    /// <param name="store">The open store, which has to last as long.</param>
    internal FarmRecords(FarmStore store)
    {
        Audit = new AuditRecords(store);
        Settings = new SettingRecords(store, Audit);
        People = new PersonRecords(store, Audit);
        Teams = new TeamRecords(store, Audit, People);
        Addresses = new AddressRecords(store, Audit, People);
        Passwords = new PasswordRecords(store, Audit, People);
        Accounts = new AccountRecords(store, People, Passwords, Teams);
        Actors = new ActorRecords(store, People);
        Tokens = new TokenRecords(store, Audit, People, Actors);
        Distributions = new DistributionRecords(store, Audit);
        Series = new SeriesRecords(store, Audit, Distributions);
        Architectures = new ArchitectureRecords(store, Audit, Distributions, Series);
        var archives = new ArchiveTable(store, Audit, People, Distributions);
        var privacy = new ArchivePrivacy(store, archives, Actors);
        Archives = new ArchiveRecords(store, archives, privacy, People, Distributions);
        ArchiveDependencies = new ArchiveDependencyRecords(store, Audit, archives, privacy);
        AptLines = new AptLineRecords(store, archives, privacy, Distributions, Series);
        LiveFilesystems = new LiveFsRecords(store, Audit, People, Distributions, Series);
        LiveFsNamespace = new LiveFsNamespace(store, People, Distributions, Series, LiveFilesystems);
        Requests = new RequestRecords(store);
        BuildChanges = new BuildChanges(store, Audit, Requests);
        BuildDescriptions = new BuildDescriptions(store, archives, Requests);
        LiveFsRequests = new LiveFsRequests(
            store, Audit, People, Distributions, Series, Architectures, archives, LiveFilesystems, Requests);
    }

    /// <summary>Who changed what.</summary>
    internal AuditRecords Audit { get; }

    /// <summary>What administrators set while the farm runs.</summary>
    internal SettingRecords Settings { get; }

    /// <summary>People and teams.</summary>
    internal PersonRecords People { get; }

    /// <summary>Who is in which team.</summary>
    internal TeamRecords Teams { get; }

    /// <summary>Where people get their mail.</summary>
    internal AddressRecords Addresses { get; }

    /// <summary>What people log in with.</summary>
    internal PasswordRecords Passwords { get; }

    /// <summary>People with what belongs to their accounts.</summary>
    internal AccountRecords Accounts { get; }

    /// <summary>What programs show in people's names.</summary>
    internal TokenRecords Tokens { get; }

    /// <summary>People as those who ask for something.</summary>
    internal ActorRecords Actors { get; }

    /// <summary>The distributions.</summary>
    internal DistributionRecords Distributions { get; }

    /// <summary>Their series.</summary>
    internal SeriesRecords Series { get; }

    /// <summary>The architectures of series.</summary>
    internal ArchitectureRecords Architectures { get; }

    /// <summary>The archives.</summary>
    internal ArchiveRecords Archives { get; }

    /// <summary>What archives depend on.</summary>
    internal ArchiveDependencyRecords ArchiveDependencies { get; }

    /// <summary>The lines for apt of builds.</summary>
    internal AptLineRecords AptLines { get; }

    /// <summary>The live filesystems.</summary>
    internal LiveFsRecords LiveFilesystems { get; }

    /// <summary>Finds live filesystems by addresses.</summary>
    internal LiveFsNamespace LiveFsNamespace { get; }

    /// <summary>The builds of archives.</summary>
    internal RequestRecords Requests { get; }

    /// <summary>What people change of builds.</summary>
    internal BuildChanges BuildChanges { get; }

    /// <summary>What mail has to know of builds of archives.</summary>
    internal BuildDescriptions BuildDescriptions { get; }

    /// <summary>Takes requests of builds of live filesystems.</summary>
    internal LiveFsRequests LiveFsRequests { get; }
}
