using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// The arguments of the manager <c>translation-templates</c>, which makes the templates that translators work from: protocol
/// section 12.3.
/// </summary>
public sealed record TranslationTemplatesArguments : BuildArguments
{
    /// <summary>Arguments with the defaults of each property.</summary>
    public TranslationTemplatesArguments()
    {
    }

    [SetsRequiredMembers]
    private TranslationTemplatesArguments(ArgumentReader reader, string defaultArchitecture)
        : base(reader, reader.Text(ArgumentNames.Series) ?? reader.RequiredText(ArgumentNames.Suite), defaultArchitecture)
    {
        GitRepository = reader.Text(ArgumentNames.GitRepository);
        GitPath = reader.Text(ArgumentNames.GitPath);
        var (branch, older) = (reader.Text(ArgumentNames.Branch), reader.Text(ArgumentNames.BranchUrl));
        Branch = branch ?? older;
        Others = reader.Others();
    }

    /// <summary>Where the repository of git is; null (the default) for none. It may hold credentials.</summary>
    public string? GitRepository { get; init; }

    /// <summary>The branch, tag or commit of the repository; null (the default) for its HEAD.</summary>
    public string? GitPath { get; init; }

    /// <summary>Where the branch of Bazaar is, which some masters call <c>branch_url</c>; null (the default) for none.</summary>
    public string? Branch { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.FromXmlRpc"/>
    public static TranslationTemplatesArguments FromXmlRpc(XmlRpcStruct arguments, string defaultArchitecture) =>
        new(new ArgumentReader(arguments), defaultArchitecture);

    /// <summary>Series and architecture; no secrets.</summary>
    public override string ToString() => $"{Series} {ArchTag}";

    private protected override void Write(ArgumentWriter writer) => writer
        .Text(ArgumentNames.GitRepository, GitRepository)
        .Text(ArgumentNames.GitPath, GitPath)
        .Text(ArgumentNames.Branch, Branch);
}
