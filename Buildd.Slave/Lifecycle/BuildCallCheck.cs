using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;

namespace Buildd.Slave.Lifecycle;

/// <summary>What a call of <c>build</c> asks for, once all of it is there.</summary>
/// <param name="Backend">Who builds.</param>
/// <param name="Request">What is built.</param>
/// <param name="Secrets">What no log may show.</param>
/// <param name="HasPrivateLog">Whether the log is for the master only.</param>
internal sealed record BuildOrder(
    IBuildBackend Backend, BuildRequest Request, IReadOnlyList<ReadOnlyMemory<byte>> Secrets, bool HasPrivateLog);

/// <summary>
/// Looks at a call of <c>build</c> whatever the builder's status is: the reference's checks in its order. Changes nothing.
/// </summary>
internal sealed class BuildCallCheck(IReadOnlyDictionary<string, IBuildBackend> backends, FileCache cache, string architectureTag)
{
    /// <param name="call">The call. Its files have to be held.</param>
    /// <param name="order">What it asks for.</param>
    /// <param name="refusal">The answer that says what is not there.</param>
    /// <returns>Whether all is there.</returns>
    /// <exception cref="RefusedException">
    /// The id or a file's name can't be used, there is no room, or there are too many secrets.
    /// </exception>
    internal bool TryAccept(BuildCall call, [NotNullWhen(true)] out BuildOrder? order, [NotNullWhen(false)] out BuildReply? refusal)
    {
        order = null;
        if (!backends.TryGetValue(call.Builder, out var backend))
        {
            var tags = string.Join(", ", backends.Keys.Select(tag => $"'{tag}'"));
            refusal = new BuildReply(BuildAnswer.UnknownBuilder, $"{call.Builder} not in [{tags}]");
            return false;
        }

        if (Find(call.ChrootSha1) is not { } chroot)
        {
            refusal = UnknownSum("CHROOTSUM", call.ChrootSha1, indent: 12);
            return false;
        }

        var files = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, sum) in call.FileMap)
        {
            if (Find(sum) is not { } path)
            {
                refusal = UnknownSum("FILESUM", sum, indent: 16);
                return false;
            }

            files[name] = path;
        }

        if (call.BuildId.Length == 0)
            throw new RefusedException("a build without an id can't be started");
        PathPart.Check("the build id", call.BuildId);
        foreach (var name in files.Keys)
            PathPart.Check("the file name", name);

        cache.RequireRoom();
        var request = new BuildRequest
        {
            BuildId = call.BuildId,
            ChrootPath = chroot,
            Files = files,
            Arguments = call.Arguments,
            DefaultArchitecture = architectureTag,
        };
        order = new BuildOrder(backend, request, FindSecrets(call), backend.HasPrivateLog || IsOfPrivateArchive(call.Arguments));
        refusal = null;
        return true;
    }

    private string? Find(string sum) => Sha1.TryParse(sum, out var sha1) ? cache.Find(sha1) : null;

    private static IReadOnlyList<ReadOnlyMemory<byte>> FindSecrets(BuildCall call)
    {
        try
        {
            return BuildSecrets.FromArguments(call.Arguments);
        }
        catch (TooManySecretsException exception)
        {
            throw new RefusedException(exception.Message, exception) { IsOfTheBuild = true };
        }
    }

    /// <summary>A value of another type counts as true, so that a mistake shows less of a log and not more.</summary>
    private static bool IsOfPrivateArchive(XmlRpcStruct arguments) =>
        arguments.TryGetValue(WireNames.ArgumentNames.ArchivePrivate, out var value)
        && value is not (XmlRpcNil or XmlRpcBoolean { Value: false } or XmlRpcInteger { Value.IsZero: true });

    private static BuildReply UnknownSum(string kind, string sum, int indent)
    {
        // The reference's text, line for line: some people's scripts look at it.
        var margin = "\n" + new string(' ', indent);
        return new BuildReply(
            BuildAnswer.UnknownSum, $"{kind} -> {sum}{margin}***** INFO *****{margin}No URL{margin}****************{margin}");
    }
}
