using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs.LiveFs;

/// <summary>
/// The arguments of the manager <c>livefs</c>, which makes an image: from a branch with a configuration of live-build, with
/// mmdebstrap, or as Launchpad has it done. Defaults are the slave's own, unless a property says otherwise.
/// </summary>
public sealed record LiveFsArguments
{
    /// <summary>The series that the chroot and the image hold, such as <c>bookworm</c>.</summary>
    public required string Series { get; init; }

    /// <summary>The architecture to build for, such as <c>amd64</c>.</summary>
    public required string ArchTag { get; init; }

    /// <summary>What is built; results are called <c>livecd.PROJECT.EXT</c>.</summary>
    public required string Project { get; init; }

    /// <summary>Launchpad's pocket; only there it matters. The slave wants one, so <c>release</c> is the default.</summary>
    public string Pocket { get; init; } = "release";

    /// <summary>The image's version, beginning with its date, which its files get too; null (the default) for none.</summary>
    public string? DateStamp { get; init; }

    /// <summary>The image tool; null (the default) means live-build.</summary>
    public string? ImageTool { get; init; }

    /// <summary>The URL of the branch with live-build's configuration; null (the default) for none. It may hold credentials.</summary>
    public string? ConfigBranch { get; init; }

    /// <summary>A branch, tag or commit; null (the default) means what the repository says.</summary>
    public string? ConfigRef { get; init; }

    /// <summary>The folder in the branch; null (the default) means its top.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Options of <c>lb config</c>; none by default.</summary>
    public IReadOnlyList<string> LbOptions { get; init; } = [];

    /// <summary>Variables for live-build; none by default.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The lines of sources.list, in the order of apt's preference; empty (the default) keeps those of the chroot. They may have
    /// credentials in their URLs.
    /// </summary>
    public IReadOnlyList<string> Archives { get; init; } = [];

    /// <summary>Whether the slave must take credentials in URLs out of the log; false by default.</summary>
    public bool ArchivePrivate { get; init; }

    /// <summary>OpenPGP keys, not armoured, that apt shall trust besides those of the chroot; none by default.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> TrustedKeys { get; init; } = [];

    /// <summary>Arguments that have no property here; they win over those that have. Empty by default.</summary>
    public XmlRpcStruct Others { get; init; } = [];

    /// <summary>The arguments as they go over the wire.</summary>
    public XmlRpcStruct ToXmlRpc()
    {
        var members = new List<KeyValuePair<string, XmlRpcValue>>
        {
            new(WireNames.Arguments.Series, Series),
            new(WireNames.Arguments.ArchTag, ArchTag),
            new(WireNames.Arguments.Project, Project),
            new(WireNames.Arguments.Pocket, Pocket),
            new(WireNames.Arguments.ArchivePrivate, ArchivePrivate),
        };
        (string Name, string? Value)[] texts =
        [
            (WireNames.Arguments.DateStamp, DateStamp), (WireNames.Arguments.ImageTool, ImageTool),
            (WireNames.Arguments.ConfigBranch, ConfigBranch),
            (WireNames.Arguments.ConfigRef, ConfigRef), (WireNames.Arguments.ConfigPath, ConfigPath),
        ];
        members.AddRange(
            texts.Where(text => text.Value is not null).Select(text => new KeyValuePair<string, XmlRpcValue>(text.Name, text.Value!)));
        if (LbOptions.Count > 0)
            members.Add(new(WireNames.Arguments.LbOptions, Strings(LbOptions)));
        if (Environment.Count > 0)
            members.Add(
                new(
                    WireNames.Arguments.Environment,
                    new XmlRpcStruct(Environment.Select(variable => new KeyValuePair<string, XmlRpcValue>(variable.Key, variable.Value)))));
        if (Archives.Count > 0)
            members.Add(new(WireNames.Arguments.Archives, Strings(Archives)));
        if (TrustedKeys.Count > 0)
            members.Add(new(WireNames.Arguments.TrustedKeys, Strings(TrustedKeys.Select(key => Convert.ToBase64String(key.Span)))));
        return new XmlRpcStruct(members.Concat(Others));
    }

    /// <summary>Project, series and architecture; no secrets.</summary>
    public override string ToString() => $"{Project} ({Series}) {ArchTag}";

    private static XmlRpcArray Strings(IEnumerable<string> texts) => new(texts.Select(text => (XmlRpcValue)text));
}
