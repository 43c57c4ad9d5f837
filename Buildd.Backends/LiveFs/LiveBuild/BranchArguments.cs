using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>The arguments of an image whose configuration is in a branch, checked.</summary>
internal sealed record BranchArguments
{
    /// <summary>The longest value of a variable or option; a kernel's command line has room for half of it.</summary>
    internal const int MaxValueCharacters = 4096;

    /// <summary>
    /// How long all options are together; they are words of one command, which has to stay below the limit of a command inside.
    /// </summary>
    internal const int MaxOptionsCharacters = 32 * 1024;

    /// <summary>What would change how our own programs work, or which the build itself sets.</summary>
    private static readonly string[] KeptNames =
        ["PATH", "HOME", "SHELL", "LANG", "IFS", "ENV", "PWD", "OLDPWD", "SOURCE_DATE_EPOCH", "BUILDD_SCOPE", "DEBIAN_FRONTEND"];

    private static readonly string[] KeptBeginnings = ["LD_", "BASH_", "GIT_"];

    /// <summary>Where the branch is.</summary>
    internal required BranchUrl Branch { get; init; }

    /// <summary>A branch, tag or commit; the repository's own default where it is null.</summary>
    internal string? Ref { get; init; }

    /// <summary>The folder in the branch that has <c>auto/</c> and <c>config/</c>; empty for the top.</summary>
    internal string Path { get; init; } = "";

    /// <summary>Options of <c>lb config</c>.</summary>
    internal IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Variables for live-build.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <exception cref="RefusedException">Something can't be what it says.</exception>
    internal static BranchArguments Check(LiveFsArguments arguments, LiveFsOptions options)
    {
        ArgumentCheck.Count(ArgumentNames.Environment, arguments.Environment.Count, "members");
        return new BranchArguments
        {
            Branch = BranchUrl.Parse(arguments.ConfigBranch!, options),
            Ref = arguments.ConfigRef is { } name ? ParseRef(name) : null,
            Path = arguments.ConfigPath is { } path ? ParsePath(path) : "",
            Options = ParseOptions(ArgumentCheck.Lines(ArgumentNames.LbOptions, arguments.LbOptions)),
            Environment = [.. arguments.Environment.Select(variable => ParseVariable(variable, options))],
        };
    }

    private static string ParseRef(string name) =>
        BranchNames.IsRef(name)
            ? name
            : throw new RefusedException(
                $"the argument '{ArgumentNames.ConfigRef}' is '{ArgumentCheck.Shown(name)}', which is no name of a branch, a tag or a "
                    + "commit");

    private static string ParsePath(string path) =>
        BranchNames.IsFolder(path)
            ? path.Trim('/')
            : throw new RefusedException(
                $"the argument '{ArgumentNames.ConfigPath}' is '{ArgumentCheck.Shown(path)}', which is no path of a folder in the branch");

    private static IReadOnlyList<string> ParseOptions(IReadOnlyList<string> options)
    {
        if (options.Sum(option => option.Length) > MaxOptionsCharacters || options.Any(option => option.Length > MaxValueCharacters))
            throw new RefusedException(
                $"the argument '{ArgumentNames.LbOptions}' has an entry of more than {MaxValueCharacters} characters, or more than "
                    + $"{MaxOptionsCharacters} in all");
        return options;
    }

    private static KeyValuePair<string, string> ParseVariable(KeyValuePair<string, string> variable, LiveFsOptions options)
    {
        var (name, value) = variable;
        if (!BranchNames.IsVariable(name) || KeptNames.Contains(name)
            || KeptBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal))
            || !options.EnvironmentNames.Any(pattern => pattern.Matches(name)))
        {
            throw new RefusedException(
                $"the argument '{ArgumentNames.Environment}' has the variable '{ArgumentCheck.Shown(name)}', which may not be set here");
        }

        return value.Length <= MaxValueCharacters
            ? KeyValuePair.Create(name, ArgumentCheck.Line(ArgumentNames.Environment, value))
            : throw new RefusedException(
                $"the argument '{ArgumentNames.Environment}' has a value of {value.Length} characters for '{name}'; {MaxValueCharacters} "
                    + "are the most");
    }
}
