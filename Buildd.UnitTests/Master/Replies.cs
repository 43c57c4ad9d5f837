using System.Security.Cryptography;
using System.Text;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Scanning;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.UnitTests.Master;

/// <summary>What the tests of the master say again and again.</summary>
internal static class Replies
{
    public const string Cookie = "PACKAGEBUILD-22";

    public static StatusReply Idle { get; } = new() { Status = BuilderStatus.Idle };

    public static StatusReply Aborting { get; } = new() { Status = BuilderStatus.Aborting, BuildId = Cookie };

    public static StatusReply Building(string tail = "", string id = Cookie) =>
        new() { Status = BuilderStatus.Building, BuildId = id, LogTail = Encoding.UTF8.GetBytes(tail) };

    public static StatusReply Waiting(BuildStatus status = BuildStatus.Ok, params (string Name, string Sha1)[] files) => new()
    {
        Status = BuilderStatus.Waiting,
        BuildStatus = status,
        BuildId = Cookie,
        FileMap = Map(files),
        Dependencies = "",
    };

    public static IReadOnlyDictionary<string, string> Map(params (string Name, string Sha1)[] files) =>
        new OrderedDictionary<string, string>(files.Select(file => KeyValuePair.Create(file.Name, file.Sha1)));

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

#pragma warning disable CA5350 // the protocol's sum
    public static string Sha1Of(byte[] bytes) => Convert.ToHexStringLower(SHA1.HashData(bytes));
#pragma warning restore CA5350

    public static string Sha1Of(string text) => Sha1Of(Bytes(text));

    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Bytes(text)));

    public static InputFile Input(string name, string? sha1 = null) =>
        new() { Name = name, Sha1 = Sha1.Parse(sha1 ?? Sha1Of(name)), Url = $"http://archive.example/{name}" };

    public static BuildJob Job(params string[] files) => new()
    {
        Cookie = BuildCookie.Parse(Cookie),
        BuilderTag = "binarypackage",
        Chroot = Input("chroot.tar.gz"),
        Files = [.. files.Select(name => Input(name))],
        Arguments = new XmlRpcStruct(),
    };

    public static async Task<List<BuildEvent>> ToListAsync(this IAsyncEnumerable<BuildEvent> events)
    {
        var list = new List<BuildEvent>();
        await foreach (var happened in events)
            list.Add(happened);
        return list;
    }

    /// <summary>The log that the events tell of, put together.</summary>
    public static string Log(this IEnumerable<BuildEvent> events) =>
        string.Concat(events.OfType<LogGrew>().Select(grew => Encoding.UTF8.GetString(grew.Bytes.Span)));
}
