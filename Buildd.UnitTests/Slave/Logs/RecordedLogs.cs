using System.Buffers;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;

namespace Buildd.UnitTests.Slave.Logs;

/// <summary>What the reference answered about logs of private builds.</summary>
internal static class RecordedLogs
{
    /// <summary>The body of that answer, as Latin-1.</summary>
    internal static string Body(string name) => Encoding.Latin1.GetString(WireCase.Get(name).ResponseBody);

    /// <summary>The log tail in that answer to <c>status</c>, as Latin-1.</summary>
    internal static string Tail(string name)
    {
        var answer = XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(WireCase.Get(name).ResponseBody));
        return Encoding.Latin1.GetString(StatusReply.FromXmlRpc(answer).LogTail!.Value.Span);
    }
}
