namespace Buildd.Protocol.XmlRpc;

/// <summary>Names of a fault's members.</summary>
internal static class FaultMembers
{
    public const string Code = "faultCode";
    public const string String = "faultString";
}
