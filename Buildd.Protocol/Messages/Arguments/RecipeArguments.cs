using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// The arguments of the manager <c>sourcepackagerecipe</c>, which makes a source package of a recipe: protocol section 12.2.
/// </summary>
public sealed record RecipeArguments : BuildArguments
{
    /// <summary>Arguments with the defaults of each property.</summary>
    public RecipeArguments()
    {
    }

    [SetsRequiredMembers]
    private RecipeArguments(ArgumentReader reader, string defaultArchitecture)
        : base(reader, reader.Text(ArgumentNames.Series) ?? reader.RequiredText(ArgumentNames.Suite), defaultArchitecture)
    {
        Suite = reader.RequiredText(ArgumentNames.Suite);
        Component = reader.RequiredText(ArgumentNames.OgreComponent);
        ArchivePurpose = reader.RequiredText(ArgumentNames.ArchivePurpose);
        RecipeText = reader.RequiredText(ArgumentNames.RecipeText);
        AuthorName = reader.RequiredText(ArgumentNames.AuthorName);
        AuthorEmail = reader.RequiredText(ArgumentNames.AuthorEmail);
        Git = reader.Flag(ArgumentNames.Git);
        Others = reader.Others();
    }

    /// <summary>The distribution of the package that is made; null (the default) for the series.</summary>
    public string? Suite { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.Component"/>
    public string Component { get; init => field = value ?? "main"; } = "main";

    /// <summary>The purpose that the build is told of; PPA by default.</summary>
    public string ArchivePurpose { get; init => field = value ?? "PPA"; } = "PPA";

    /// <summary>The recipe itself.</summary>
    public required string RecipeText { get; init; }

    /// <summary>Who the changelog's entry is of.</summary>
    public required string AuthorName { get; init; }

    /// <summary>That person's address.</summary>
    public required string AuthorEmail { get; init; }

    /// <summary>Whether the recipe is one of git; false, the default, means Bazaar.</summary>
    public bool Git { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.FromXmlRpc"/>
    public static RecipeArguments FromXmlRpc(XmlRpcStruct arguments, string defaultArchitecture) =>
        new(new ArgumentReader(arguments), defaultArchitecture);

    /// <summary>Suite, series and architecture; no secrets.</summary>
    public override string ToString() => $"{Suite ?? Series} ({Series}) {ArchTag}";

    private protected override void Write(ArgumentWriter writer) => writer
        .Text(ArgumentNames.Suite, Suite ?? Series)
        .Text(ArgumentNames.OgreComponent, Component)
        .Text(ArgumentNames.ArchivePurpose, ArchivePurpose)
        .Text(ArgumentNames.RecipeText, RecipeText)
        .Text(ArgumentNames.AuthorName, AuthorName)
        .Text(ArgumentNames.AuthorEmail, AuthorEmail)
        .Flag(ArgumentNames.Git, Git);
}
