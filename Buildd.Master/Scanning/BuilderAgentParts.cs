using Buildd.Master.Choosing;
using Buildd.Master.Jobs;
using Buildd.Master.Logs;
using Buildd.Master.Results;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>What the agents of all builders share.</summary>
internal sealed record BuilderAgentParts
{
    public required MasterOptions Options { get; init; }

    public required BuildMasterParts Master { get; init; }

    public required Scheduler Scheduler { get; init; }

    public required Gatherer Gatherer { get; init; }

    public required LogStore Logs { get; init; }

    public required EventHub Events { get; init; }

    public required MasterMeters Meters { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public required IReadOnlyDictionary<string, IJobKind> Kinds { get; init; }

    /// <summary>Returns a random number from 0 to 1, by which agents that are in step are spread over the interval.</summary>
    public required Func<double> Spread { get; init; }
}
