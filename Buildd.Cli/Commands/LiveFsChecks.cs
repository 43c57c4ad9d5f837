using Buildd.Linux.Files;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Cli.Commands;

/// <summary>Checks the arguments of a live filesystem as slaves do, so that mistakes are said when it is asked for.</summary>
/// <remarks>
/// Which hosts and folders branches may come from, and which variables may be set, stands in a slave's configuration and is not known here.
/// </remarks>
internal static class LiveFsChecks
{
    /// <summary>The image tools; the first is the slaves' default.</summary>
    internal static readonly string[] Tools = ["live-build", "mmdebstrap"];

    private const int MaxProjectCharacters = 100;
    private const int MaxUrlCharacters = 2000;

    /// <summary>The arguments that have options of their own, by which they are known here.</summary>
    private static readonly string[] OwnNames =
    [
        ArgumentNames.Series, ArgumentNames.Suite, ArgumentNames.ArchTag, ArgumentNames.Project, ArgumentNames.Pocket,
        ArgumentNames.DateStamp, ArgumentNames.ImageTool, ArgumentNames.ConfigBranch, ArgumentNames.ConfigRef, ArgumentNames.ConfigPath,
        ArgumentNames.LbOptions, ArgumentNames.Environment, ArgumentNames.Archives,
    ];

    /// <summary>The arguments that tell of the builder.</summary>
    private static readonly string[] FarmNames = [ArgumentNames.FastCleanup, ArgumentNames.BuilderConstraints];

    /// <summary>Checks the arguments of an image. No message has a URL in it, which may hold a password.</summary>
    /// <exception cref="FarmException">An argument can't be what it says.</exception>
    internal static void Require(LiveFsSpecification image)
    {
        if (image.Project.Length > MaxProjectCharacters || !char.IsAsciiLetterOrDigit(image.Project[0])
            || !image.Project.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_' or '@'))
        {
            throw BuildChecks.Wrong(
                $"--livefs is {FileName.Display(image.Project)}; a name of letters, digits and - + . _ @ is expected, at most "
                    + $"{MaxProjectCharacters} characters long");
        }

        if (image.Others.Select(argument => argument.Key).FirstOrDefault(name => OwnNames.Contains(name)) is { } own)
            throw BuildChecks.Wrong($"--arg gives {own}, which has an option of its own");
        if (image.Others.Select(argument => argument.Key).FirstOrDefault(name => FarmNames.Contains(name)) is { } farm)
            throw BuildChecks.Wrong($"--arg gives {farm}, which the farm says of the builder that it chooses");
        if (image.ConfigBranch is null && (image.ImageTool ?? Tools[0]) == Tools[0] && image.FindStrayOfBranch() is { } stray)
            throw BuildChecks.Wrong($"{OptionOf(stray)} goes with --config-branch, which is missing");
        if (image.ConfigBranch is { } branch && !IsUrl(branch))
            throw BuildChecks.Wrong("--config-branch is no URL that begins with http://, https:// or file://");
        if (image.ConfigPath is { } path && !BranchNames.IsFolder(path))
            throw BuildChecks.Wrong($"--config-path is {FileName.Display(path)}, which is no path of a folder in the branch");
        if (image.ConfigRef is { } name && !BranchNames.IsRef(name))
            throw BuildChecks.Wrong($"--config-ref is {FileName.Display(name)}, which is no name of a branch, a tag or a commit");
        if (image.Environment.Keys.FirstOrDefault(variable => !BranchNames.IsVariable(variable)) is { } bad)
            throw BuildChecks.Wrong($"--env sets {FileName.Display(bad)}, which is no name of a variable");
        RequireTypes(image);
    }

    private static string OptionOf(string argument) => argument switch
    {
        ArgumentNames.LbOptions => "--lb-option",
        ArgumentNames.Environment => "--env",
        _ => "--" + argument.Replace('_', '-'),
    };

    private static bool IsUrl(string text)
    {
        if (text.Length > MaxUrlCharacters || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            return false;
        return text.StartsWith("file:///", StringComparison.Ordinal)
            || ((text.StartsWith("https://", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal))
                && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0 && url.Fragment.Length == 0);
    }

    /// <summary>Reads the arguments as a slave does.</summary>
    private static void RequireTypes(LiveFsSpecification image)
    {
        try
        {
            LiveFsArguments.FromXmlRpc(image.ToXmlRpc(), image.ArchTag);
        }
        catch (MessageFormatException e)
        {
            throw BuildChecks.Wrong(e.Message.TrimEnd('.'));
        }
    }
}
