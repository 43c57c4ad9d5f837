using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>A master's order of translation templates, checked.</summary>
internal sealed record TemplatesRequest
{
    /// <summary>The longest address or name of a branch, in characters.</summary>
    internal const int MaxAddressLength = 2000;

    /// <summary>What every kind of build has.</summary>
    internal required DebianArguments System { get; init; }

    /// <summary>Where the source is: a git repository if <see cref="IsGit"/>, else a Bazaar branch.</summary>
    internal required RepositoryUrl Repository { get; init; }

    /// <summary>Its address without a password.</summary>
    internal string Address => Repository.Public;

    /// <summary>The branch, tag or commit of the repository; null for its HEAD.</summary>
    internal string? GitPath { get; init; }

    /// <summary>Whether it is in git.</summary>
    internal required bool IsGit { get; init; }

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    /// <remarks>
    /// Differs: with a git repository, a branch that is named besides is left out of account; the reference accepts the build and
    /// then fails.
    /// </remarks>
    internal static TemplatesRequest Parse(BuildRequest request)
    {
        var arguments = ArgumentCheck.Read(request, TranslationTemplatesArguments.FromXmlRpc);
        var repository = arguments.GitRepository;
        if (repository is null && arguments.Branch is null)
            throw new RefusedException(
                $"one of the arguments '{ArgumentNames.GitRepository}', '{ArgumentNames.Branch}' and '{ArgumentNames.BranchUrl}' "
                    + "has to be there");
        return new TemplatesRequest
        {
            System = DebianArguments.Check(request, arguments),
            Repository = RepositoryUrl.Parse(repository is null
                ? CheckAddress(ArgumentNames.Branch, arguments.Branch!)
                : CheckAddress(ArgumentNames.GitRepository, repository)),
            GitPath = repository is not null && arguments.GitPath is { } path ? CheckAddress(ArgumentNames.GitPath, path) : null,
            IsGit = repository is not null,
        };
    }

    /// <summary>It becomes an argument of git or bzr; the message does not repeat it, since it may hold a password.</summary>
    private static string CheckAddress(string name, string value) =>
        value.Length is > 0 and <= MaxAddressLength && value[0] != '-' && !value.Any(c => char.IsControl(c) || c == ' ')
            ? value
            : throw new RefusedException(
                $"the argument '{name}' is no address or name of a branch: it is empty, longer than {MaxAddressLength} characters, "
                    + "begins with '-' or has a blank or a control character in it");
}
