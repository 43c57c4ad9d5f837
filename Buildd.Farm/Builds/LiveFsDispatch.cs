using System.Text.Json;
using Buildd.Farm.Archives;
using Buildd.Farm.LiveFilesystems;
using Buildd.Master.Jobs;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Farm.Builds;

/// <summary>What the arguments of a live filesystem's build are made of.</summary>
internal sealed record LiveFsDispatch
{
    /// <summary>The arguments that are of the builder and of the farm, whatever somebody has written into metadata.</summary>
    private static readonly string[] OfTheFarm =
    [
        ArgumentNames.Series, ArgumentNames.Suite, ArgumentNames.Pocket, ArgumentNames.ArchTag, ArgumentNames.DateStamp,
        ArgumentNames.Archives, ArgumentNames.ArchivePrivate, ArgumentNames.TrustedKeys, ArgumentNames.FastCleanup,
        ArgumentNames.BuilderConstraints, ArgumentNames.BuildUrl,
    ];

    /// <summary>The live filesystem, with its metadata.</summary>
    internal required LiveFs LiveFs { get; init; }

    /// <summary>The request's own arguments, which win over the live filesystem's: a JSON object.</summary>
    internal required string Override { get; init; }

    /// <summary>The series' name.</summary>
    internal required string Series { get; init; }

    /// <summary>The architecture's tag.</summary>
    internal required string ArchTag { get; init; }

    /// <summary>The pocket.</summary>
    internal required Pocket Pocket { get; init; }

    /// <summary>The version that files get.</summary>
    internal required string Version { get; init; }

    /// <summary>The lines of sources.list, with the credentials that the build has; none by default.</summary>
    internal IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Whether the archive is private.</summary>
    internal required bool IsPrivate { get; init; }

    /// <summary>The arguments for a slave of today: metadata, then the override, then what is the farm's to say.</summary>
    /// <exception cref="FarmException">Something of metadata can't go over the wire, or is of another kind than slaves want.</exception>
    internal static LiveFsArguments Arguments(LiveFsDispatch dispatch)
    {
        var all = dispatch.Merge();
        all[ArgumentNames.Series] = dispatch.Series;
        all[ArgumentNames.Pocket] = dispatch.Pocket.ToName().ToLowerInvariant();
        dispatch.AddFixed(all);
        try
        {
            return LiveFsArguments.FromXmlRpc(new XmlRpcStruct(all), dispatch.ArchTag);
        }
        catch (MessageFormatException e)
        {
            throw FarmException.Invalid($"the metadata can't be a slave's arguments: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// The arguments for a slave of 2014, which knows a suite in place of series and pocket, and nothing that came later.
    /// </summary>
    /// <exception cref="FarmException">Something of metadata can't go over the wire.</exception>
    internal static XmlRpcStruct ArgumentsOf2014(LiveFsDispatch dispatch)
    {
        var all = dispatch.Merge();
        all[ArgumentNames.Suite] = dispatch.Pocket.SuiteOf(dispatch.Series);
        dispatch.AddFixed(all);
        return new XmlRpcStruct(all);
    }

    private Dictionary<string, XmlRpcValue> Merge()
    {
        var all = new Dictionary<string, XmlRpcValue>(StringComparer.Ordinal) { [ArgumentNames.Project] = LiveFs.Name };
        foreach (var text in (string[])[LiveFs.Metadata, Override])
        {
            using var document = JsonDocument.Parse(text);
            foreach (var member in document.RootElement.EnumerateObject().Where(member => !OfTheFarm.Contains(member.Name)))
                all[member.Name] = Read(member);
        }

        return all;
    }

    private void AddFixed(Dictionary<string, XmlRpcValue> all)
    {
        all[ArgumentNames.ArchTag] = ArchTag;
        all[ArgumentNames.DateStamp] = Version;
        all[ArgumentNames.Archives] = new XmlRpcArray(Lines.Select(line => (XmlRpcValue)line));
        all[ArgumentNames.ArchivePrivate] = IsPrivate;
    }

    private static XmlRpcValue Read(JsonProperty member)
    {
        try
        {
            return OthersConverter.ReadValue(member.Value);
        }
        catch (JsonException e)
        {
            throw FarmException.Invalid($"the metadata has {member.Name}, which can't go to a slave: {e.Message}");
        }
    }
}
