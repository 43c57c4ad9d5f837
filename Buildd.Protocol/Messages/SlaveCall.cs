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
    public static SlaveCall FromXmlRpc(XmlRpcCall call) => throw new NotImplementedException();
}
