using System.Text;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>
/// <c>ensurepresent</c>: has the slave fetch a file into its cache, unless it is there. Answered with an
/// <see cref="EnsurePresentReply"/>, and only once the file is there, which can take minutes.
/// </summary>
public sealed record EnsurePresentCall : SlaveCall
{
    /// <summary>
    /// The SHA-1 of the file, which is also its name in the cache: 40 lower-case hexadecimal digits. Not checked here:
    /// the slave has an answer of its own for what is not a sum.
    /// </summary>
    public required string Sha1 { get; init; }

    /// <summary>Where to fetch it from; null (nil on the wire) only asks whether it is there.</summary>
    public string? Url { get; init; }

    /// <summary>User name for Basic authentication; empty by default. Nil on the wire counts as empty.</summary>
    public string UserName { get; init; } = "";

    /// <summary>
    /// Password for Basic authentication; empty by default. It counts without a user name too, as Launchpad's macaroons
    /// need.
    /// </summary>
    public string Password { get; init; } = "";

    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() =>
        new(WireNames.Methods.EnsurePresent, [Sha1, Shape.OrNil(Url), UserName, Password]);

    /// <summary>Reads the four arguments, or the two that masters sent before there were user names.</summary>
    /// <exception cref="MessageFormatException">There are more or fewer, or one has the wrong type.</exception>
    internal static EnsurePresentCall FromParameters(IReadOnlyList<XmlRpcValue> parameters)
    {
        // Differs: the reference takes four only. Its older versions took two, and so do their masters' calls.
        if (parameters.Count is not (2 or 4))
            throw new MessageFormatException($"ensurepresent takes 4 arguments, or 2, and was given {parameters.Count}.");
        var isNamed = parameters.Count == 4;
        return new EnsurePresentCall
        {
            Sha1 = Shape.Text(parameters[0], "the sum"),
            // Differs: the reference looks at the type of the URL only when it fetches, and then answers that this failed.
            Url = Shape.TextOrNil(parameters[1], "the URL"),
            UserName = (isNamed ? Shape.TextOrNil(parameters[2], "the user name") : null) ?? "",
            Password = (isNamed ? Shape.TextOrNil(parameters[3], "the password") : null) ?? "",
        };
    }

    /// <summary>For <see cref="object.ToString"/>: without the URL and the password, which may be secrets.</summary>
    /// <param name="builder">Where to.</param>
    /// <returns>True.</returns>
    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Sha1 = ").Append(Sha1);
        return true;
    }
}
