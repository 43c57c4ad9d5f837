using System.Xml;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// The reference knows nothing of namespaces, it drops prefixes; so one that nobody declared (<c>ex:nil</c>) is fine.
/// </summary>
internal sealed class LenientNamespaces(XmlNameTable names) : XmlNamespaceManager(names)
{
    /// <inheritdoc/>
    public override string? LookupNamespace(string prefix) =>
        base.LookupNamespace(prefix) ?? NameTable!.Add($"urn:undeclared:{prefix}");
}
