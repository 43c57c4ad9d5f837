using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>
/// A call that a master makes on a slave: one of <see cref="EchoCall"/>, <see cref="InfoCall"/>,
/// <see cref="StatusCall"/>, <see cref="EnsurePresentCall"/>, <see cref="BuildCall"/>, <see cref="AbortCall"/>,
/// <see cref="CleanCall"/> and <see cref="ProxyInfoCall"/>.
/// </summary>
public abstract record SlaveCall
{
    private protected SlaveCall()
    {
    }

    /// <summary>The call as the codec writes it.</summary>
    /// <returns>Method name and parameters.</returns>
    public abstract XmlRpcCall ToXmlRpc();

    /// <summary>Finds out which call it is and checks its arguments.</summary>
    /// <param name="call">The call as the codec read it.</param>
    /// <returns>The typed call.</returns>
    /// <exception cref="UnknownMethodException">There is no such method.</exception>
    /// <exception cref="MessageFormatException">The number or types of arguments are wrong.</exception>
    public static SlaveCall FromXmlRpc(XmlRpcCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return call.MethodName switch
        {
            WireNames.Methods.Echo => new EchoCall(call.Parameters),
            WireNames.Methods.Info => WithoutArguments(call, new InfoCall()),
            // Masters of 2014 ask for the struct by a name of its own; theirs knew an array under the other.
            WireNames.Methods.Status => WithoutArguments(call, new StatusCall()),
            WireNames.Methods.StatusDict => WithoutArguments(call, new StatusCall { WantsStruct = true }),
            WireNames.Methods.EnsurePresent => EnsurePresentCall.FromParameters(call.Parameters),
            WireNames.Methods.Build => BuildCall.FromParameters(WithArguments(call, 5)),
            WireNames.Methods.Abort => WithoutArguments(call, new AbortCall()),
            WireNames.Methods.Clean => WithoutArguments(call, new CleanCall()),
            WireNames.Methods.ProxyInfo => WithoutArguments(call, new ProxyInfoCall()),
            _ => throw new UnknownMethodException(call.MethodName),
        };
    }

    private static SlaveCall WithoutArguments(XmlRpcCall call, SlaveCall result)
    {
        WithArguments(call, 0);
        return result;
    }

    private static IReadOnlyList<XmlRpcValue> WithArguments(XmlRpcCall call, int count) =>
        call.Parameters.Count == count
            ? call.Parameters
            : throw new MessageFormatException(
                $"{call.MethodName} takes {count} arguments and was given {call.Parameters.Count}.");
}
