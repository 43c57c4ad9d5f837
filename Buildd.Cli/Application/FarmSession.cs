using Buildd.Farm.Builds;
using Buildd.Farm.Configuration;
using Buildd.Farm.Inputs;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Logs;
using Buildd.Master.Notification;
using Buildd.Master.Results;

namespace Buildd.Cli.Application;

/// <summary>What a command works with: the settings, the open store, and where it writes.</summary>
internal sealed class FarmSession : IAsyncDisposable
{
    internal FarmSession(FarmConfiguration configuration, FarmStore store, TextWriter output, TextWriter error)
    {
        Configuration = configuration;
        Store = store;
        Records = new FarmRecords(store);
        Kinds = FarmKinds.Of(Records);
        Output = output;
        Error = error;
        Inputs = new InputStore(configuration.InputsFolder);
        Runs = new Runs(Path.Combine(configuration.State, "runs"));
        Logs = new LogStore(Path.Combine(configuration.Results, "logs"));
    }

    internal FarmConfiguration Configuration { get; }

    internal FarmStore Store { get; }

    /// <summary>What the farm knows of people and of what is theirs.</summary>
    internal FarmRecords Records { get; }

    /// <summary>The name of the person for whom the command acts; null for the machine's administrator.</summary>
    internal string? ActsAs { get; init; }

    internal InputStore Inputs { get; }

    internal LogStore Logs { get; }

    /// <summary>The kinds of job of this farm.</summary>
    internal IReadOnlyList<IJobKind> Kinds { get; }

    /// <summary>The runs of this farm, of which a session may be one.</summary>
    internal Runs Runs { get; }

    /// <summary>The name under which a master of this session leases builders.</summary>
    internal string RunName { get; } = Runs.NewName();

    /// <summary>For what was asked for.</summary>
    internal TextWriter Output { get; }

    /// <summary>For what is said besides.</summary>
    internal TextWriter Error { get; }

    /// <summary>Whether that is a terminal, where a line may be overwritten.</summary>
    internal bool IsErrorTerminal => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Whether times in listings are those of this clock, too: ages are counted from it.</summary>
    internal TimeProvider Time => Store.Time;

    /// <summary>Whoever the command acts for. Under sudo the account is the one that asked it.</summary>
    /// <exception cref="FarmException">There is no such person.</exception>
    internal Task<Actor> ActorAsync(CancellationToken cancellationToken)
    {
        var account = Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } asked ? asked : Environment.UserName;
        return ActsAs is null
            ? Task.FromResult(Actor.Local(account))
            : Records.Actors.FindAsync(ActsAs, $"command line of {account}", cancellationToken);
    }

    /// <summary>The build that a person names by its number or cookie, for whoever the command acts for.</summary>
    /// <param name="name">The number or cookie.</param>
    /// <param name="right">What they want to do with it; null for looking at it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It isn't there for them, or they may not.</exception>
    internal async Task<Build> FindBuildAsync(BuildName name, Right<FarmBuild>? right, CancellationToken cancellationToken)
    {
        var build = await Store.Builds.FindAsync(name.Id, cancellationToken);
        if (build is null || !name.IsOf(build))
            throw NoSuchBuild(name);
        if (ActsAs is null)
            return build;
        var actor = await ActorAsync(cancellationToken);
        if (await Records.Requests.FindAsync(build.Id, cancellationToken) is not { } asked)
        {
            // It is in no archive: of those who look after the farm.
            return actor.Has(Role.BuildFarmAdministrator) ? build : throw NoSuchBuild(name);
        }

        if (!BuildRights.View.Allows(actor, asked))
            throw NoSuchBuild(name);
        right?.Demand(actor, asked, build.Cookie.ToString());
        return build;
    }

    /// <summary>Of builds, those that whoever the command acts for may see.</summary>
    internal async Task<IReadOnlyList<Build>> ThoseSeenAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken) =>
        ActsAs is null
            ? builds
            : await Records.Requests.ThoseSeenAsync(await ActorAsync(cancellationToken), builds, cancellationToken);

    private static FarmException NoSuchBuild(BuildName name) =>
        FarmException.NotFound($"there is no build {name}; 'buildd-farm queue --all' lists those that there are");

    /// <summary>The settings of a master on this store.</summary>
    internal MasterOptions MasterOptions() => new()
    {
        Root = Configuration.Results,
        Name = RunName,
        PollInterval = Configuration.PollInterval,
        FastPollInterval = Configuration.FastPollInterval,
        RefreshInterval = Configuration.RefreshInterval,
        LeaseDuration = Configuration.LeaseDuration,
        ResumeCommand = [.. Configuration.ResumeCommand],
        SlaveKeys = Configuration.SlaveKeys,
    };

    /// <summary>What a master on this store works with.</summary>
    internal BuildMasterParts MasterParts(Uri inputs, IUploadSink uploads, INotifier notifier) => new()
    {
        Builders = Store.Builders,
        Builds = Store.Builds,
        Queue = Store.Builds,
        Inputs = new FarmInputs(Store.Chroots, Inputs, inputs),
        Uploads = uploads,
        Notifier = notifier,
        Kinds = Kinds,
    };

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
