using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;

namespace Buildd.Master.Dispatch;

/// <summary>
/// The slave was asked, and did not take the build. Nothing runs there on our behalf; files that it fetched stay in its
/// cache.
/// </summary>
internal abstract class DispatchException : MasterException
{
    private protected DispatchException(string message) : base(message)
    {
    }
}

/// <summary>The slave is not idle: it builds, or keeps the results of, something else. It was not asked to do anything.</summary>
public sealed class SlaveBusyException(Uri slave, StatusReply status)
    : MasterException($"{slave} can't take a build: it is {status.Status}"
        + (status.BuildId is null ? "." : $" with the build {Secrets.Quote(status.BuildId)}."))
{
    /// <summary>What the slave said.</summary>
    public StatusReply Status { get; } = status;
}

/// <summary>
/// The slave could not fetch a file that the build needs. The file's address is at fault, or the network between.
/// </summary>
internal sealed class InputNotPresentException(Uri slave, InputFile file, string info)
    : DispatchException($"{slave} could not fetch {file}: {Secrets.Quote(info, file.Password)}")
{
    /// <summary>The file's name in the job.</summary>
    public string Name { get; } = file.Name;

    /// <summary>Where the slave was to fetch it, without user information; null if it had to have it already.</summary>
    public string? Url { get; } = file.Url is null ? null : UrlCredentials.Without(file.Url);

    /// <summary>The slave's reason, for people; secrets are taken out of it.</summary>
    public string Info { get; } = Secrets.Quote(info, file.Password);
}

/// <summary>
/// The slave lost a file between saying that it has it and the build: sending it again can help, and a slave that does
/// so again is at fault.
/// </summary>
internal sealed class UnknownSumException(Uri slave, string text)
    : DispatchException($"{slave} misses a file that it had a moment ago: {Secrets.Quote(text)}")
{
    /// <summary>The slave's words.</summary>
    public string Text { get; } = Secrets.Quote(text);
}

/// <summary>The slave has no manager for this kind of build. Another slave may have; this one will not.</summary>
internal sealed class UnknownBuilderException(Uri slave, string builderTag, string text)
    : DispatchException($"{slave} can't build a {builderTag}: {Secrets.Quote(text)}")
{
    /// <summary>The manager that the job asked for.</summary>
    public string BuilderTag { get; } = builderTag;

    /// <summary>The slave's words.</summary>
    public string Text { get; } = Secrets.Quote(text);
}

/// <summary>
/// The slave was told to build, its answer was lost, and it can't be asked: perhaps it builds. Look at it later, and don't tell another one
/// meanwhile.
/// </summary>
internal sealed class BuildUncertainException(Uri slave, BuildCookie cookie, Exception lost)
    : MasterException($"Nobody knows whether {slave} has taken {cookie}: {lost.Message}")
{
    /// <summary>The build.</summary>
    public BuildCookie Cookie { get; } = cookie;
}
