using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Notification;
using Buildd.Master.Results;
using Buildd.Protocol.Client;

namespace Buildd.Master;

/// <summary>What a master works on and with: all that belongs to the tool that it is part of.</summary>
public sealed record BuildMasterParts
{
    /// <summary>The builders.</summary>
    public required IBuilderRecords Builders { get; init; }

    /// <summary>The builds.</summary>
    public required IBuildRecords Builds { get; init; }

    /// <summary>The queue of these builds; most stores are both.</summary>
    public required IQueuedBuilds Queue { get; init; }

    /// <summary>Where slaves get files.</summary>
    public required IInputSource Inputs { get; init; }

    /// <summary>Who processes uploads.</summary>
    public required IUploadSink Uploads { get; init; }

    /// <summary>Who tells people; by default nobody does.</summary>
    public INotifier? Notifier { get; init; }

    /// <summary>The kinds of jobs; by default only <see cref="PackageJobKind"/>.</summary>
    public IReadOnlyList<IJobKind> Kinds { get; init; } = [new PackageJobKind()];

    /// <summary>Makes the client of a builder's slave; by default one over HTTP, see <see cref="MasterOptions.CallTimeout"/>.</summary>
    public Func<Builder, ISlaveClient>? Connect { get; init; }
}
